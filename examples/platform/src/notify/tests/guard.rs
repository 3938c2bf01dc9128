use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Hook, World, referral};
use crate::notify::{Resolver, Settings};

/// A name whose address is changed, as whoever owns it can.
#[derive(Clone, Default)]
struct Name(Arc<Mutex<Vec<IpAddr>>>);

impl Name {
    fn set(&self, addresses: &[&str]) {
        *self.0.lock().unwrap() = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
    }

    fn resolver(&self) -> Resolver {
        let name = self.clone();
        Resolver::new(move |_| {
            let found = name.0.lock().unwrap().clone();
            async move { Ok(found) }
        })
    }
}

#[tokio::test]
async fn a_name_that_has_moved_inside_is_not_called() {
    let name = Name::default();
    let settings = Settings {
        allow: vec!["127.0.0.1/32".parse().unwrap()],
        pauses: (Duration::from_secs(1), Duration::from_secs(1)),
        ..Settings::default()
    };
    let world = World::with(settings, name.resolver()).await;
    // Somebody else listens on the same port of another address of this machine.
    let hook = Hook::start([]).await;
    let inside = Hook::at(([127, 0, 0, 2], hook.address.port()).into(), []).await;
    name.set(&["127.0.0.1"]);
    let url = format!("http://hooks.example:{}/in", hook.address.port());
    let (webhook, _) = world.webhook(&url).await;
    world.post(&referral("e-1", "claimed")).await;
    let runner = world.runner();
    for moved in [
        &["127.0.0.2"][..],
        &["127.0.0.1", "127.0.0.2"],
        &["::ffff:127.0.0.2"],
        &[],
    ] {
        name.set(moved);
        assert_eq!(runner.run_due(&world.cx).await.unwrap(), 1);
        let delivery = world.delivery(&webhook).await;
        assert_eq!(delivery["state"], "pending", "{moved:?}");
        assert!(
            delivery["last_error"]
                .as_str()
                .unwrap()
                .starts_with("the URL has a host"),
            "{delivery}"
        );
        world.date.advance(Duration::from_secs(60));
    }
    // Its refusals did not count against the target: its breaker would be open by now.
    name.set(&["127.0.0.1"]);
    runner.run_due(&world.cx).await.unwrap();
    assert_eq!(world.delivery(&webhook).await["state"], "delivered");
    assert_eq!((hook.got().len(), inside.got().len()), (1, 0));
    assert_eq!(
        hook.got()[0].headers["host"],
        format!("hooks.example:{}", hook.address.port())
    );
}
