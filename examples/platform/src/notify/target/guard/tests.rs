use super::*;

/// Names of a made-up world, and nothing of the real one.
fn guard(allow: &[&str]) -> Guard {
    let resolver = Resolver::new(|name: String| async move {
        let found: &[&str] = match name.as_str() {
            "hooks.example" => &["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
            "inside.example" => &["10.0.0.7"],
            "half.example" => &["93.184.215.14", "127.0.0.1"],
            "disguised.example" => &["::ffff:169.254.169.254"],
            "local.example" => &["127.0.0.1"],
            _ => &[],
        };
        Ok(found.iter().map(|ip| ip.parse().unwrap()).collect())
    });
    Guard::new(
        allow.iter().map(|range| range.parse().unwrap()).collect(),
        resolver,
    )
}

async fn refused(guard: &Guard, url: &str) -> Refused {
    match guard.check(url).await {
        Ok(target) => panic!("{url} was let through: {target:?}"),
        Err(refused) => refused,
    }
}

#[tokio::test]
async fn a_name_on_the_open_internet_is_let_through_with_the_addresses_that_were_checked() {
    let Target { url, addresses } = guard(&[])
        .check("https://hooks.example/in?a=1")
        .await
        .unwrap();
    assert_eq!(url.as_str(), "https://hooks.example/in?a=1");
    let expected = [
        "93.184.215.14:443",
        "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443",
    ];
    assert_eq!(addresses, expected.map(|address| address.parse().unwrap()));
    for url in [
        "https://hooks.example:8443/",
        "https://hooks.example:80/",
        "https://93.184.215.14:8080/",
        "https://HOOKS.example/",
    ] {
        assert!(guard(&[]).check(url).await.is_ok(), "{url}");
    }
}

#[tokio::test]
async fn what_is_not_a_plain_url_of_the_web_is_refused() {
    let guard = guard(&[]);
    let long = format!("https://hooks.example/{}", "a".repeat(MAX_URL));
    for url in [
        "",
        "hooks.example",
        "https://",
        "//hooks.example",
        "https://a b/",
        "https://[::1",
        "https://1.2.3.256/",
        &long,
    ] {
        assert_eq!(refused(&guard, url).await, Refused::Malformed, "{url}");
    }
    for url in [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://hooks.example:443/",
        "unix:/run/x",
    ] {
        assert_eq!(refused(&guard, url).await, Refused::Scheme, "{url}");
    }
    for url in [
        "https://ann@hooks.example/",
        "https://:pw@hooks.example/",
        "https://127.0.0.1:pw@hooks.example/",
    ] {
        assert_eq!(refused(&guard, url).await, Refused::Credentials, "{url}");
    }
    for url in [
        "https://hooks.example:22/",
        "https://hooks.example:0/",
        "https://hooks.example:6379/",
    ] {
        assert_eq!(refused(&guard, url).await, Refused::Port, "{url}");
    }
    assert_eq!(
        refused(&guard, "https://nobody.example/").await,
        Refused::Unknown
    );
}

#[tokio::test]
async fn no_way_of_writing_an_inside_address_passes() {
    let guard = guard(&[]);
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "0",
        "0x0",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001::1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "10.1.2.3",
        "192.168.1.1",
        "255.255.255.255",
        "inside.example",
        "half.example",
        "disguised.example",
        "local.example",
        "INSIDE.example",
    ] {
        let url = format!("https://{host}/");
        assert_eq!(refused(&guard, &url).await, Refused::Address, "{url}");
    }
}

#[tokio::test]
async fn what_is_listed_may_do_without_tls_and_have_any_port() {
    let guard = guard(&["127.0.0.1/32"]);
    for url in [
        "http://127.0.0.1:40123/",
        "http://local.example:9/",
        "http://[::ffff:127.0.0.1]:9/",
        "http://2130706433:9/",
    ] {
        assert!(guard.check(url).await.is_ok(), "{url}");
    }
    // Not by being next to it, and not by half.
    for url in [
        "http://127.0.0.2:40123/",
        "https://inside.example/",
        "http://[::1]/",
    ] {
        assert_eq!(refused(&guard, url).await, Refused::Address, "{url}");
    }
    assert_eq!(
        refused(&guard, "http://half.example/").await,
        Refused::Scheme
    );
    assert_eq!(
        refused(&guard, "https://half.example:22/").await,
        Refused::Port
    );
}

#[test]
fn a_server_is_its_host_and_its_port() {
    assert_eq!(
        Target::server("https://Hooks.example/a"),
        "hooks.example:443"
    );
    assert_eq!(
        Target::server("https://hooks.example:8443/b"),
        "hooks.example:8443"
    );
}
