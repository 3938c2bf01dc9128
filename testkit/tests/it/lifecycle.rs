//! Start, kill, stop, restart.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use ovasabi_testkit::{Error, Ready, Server, StopSignal, find_program};

use crate::support::{Client, SOON, fake, fake_program};

const SHORT: Duration = Duration::from_millis(100);
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const SIGINT: i32 = 2;

#[test]
fn a_server_answers_on_its_own_port_as_soon_as_it_is_started() {
    let server = fake(&[]).start().expect("it starts");
    assert!(server.is_running());
    assert_eq!(
        Client::connect(server.addr()).ask("put hello"),
        "data=hello"
    );
}

#[test]
fn two_servers_share_neither_port_nor_folder() {
    let (first, second) = (
        fake(&[]).start().expect("it starts"),
        fake(&[]).start().expect("it starts"),
    );
    assert_ne!(first.port(), second.port());
    assert_ne!(first.dir(), second.dir());
    assert_eq!(Client::connect(first.addr()).ask("put one"), "data=one");
    assert_eq!(Client::connect(second.addr()).ask("get"), "data=");
}

#[test]
fn many_servers_started_at_once_all_get_a_port() {
    let threads: Vec<_> = (0..8)
        .map(|_| thread::spawn(|| fake(&[]).start().expect("it starts")))
        .collect();
    let servers: Vec<Server> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .collect();
    let mut ports: Vec<u16> = servers.iter().map(Server::port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 8);
}

#[test]
fn a_port_that_somebody_takes_in_the_last_moment_is_changed_for_another() {
    let thief = Arc::new(OnceLock::new());
    let stolen = Arc::clone(&thief);
    let server = Server::builder(fake_program()).args(move |port, dir| {
        stolen.get_or_init(|| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free"));
        [
            "--port".to_owned(),
            port.to_string(),
            "--dir".to_owned(),
            dir.display().to_string(),
        ]
    });
    let server = server.start().expect("it starts elsewhere");
    let taken = thief
        .get()
        .and_then(|thief| thief.local_addr().ok())
        .expect("it listens");
    assert_ne!(server.addr(), taken);
    assert_eq!(Client::connect(server.addr()).ask("put mine"), "data=mine");
}

#[test]
fn a_port_that_is_taken_while_the_server_is_down_is_reported() {
    let server = fake(&[]).start().expect("it starts");
    server.kill().expect("it runs");
    let thief = TcpListener::bind(server.addr()).expect("it is free");
    assert!(matches!(server.restart(), Err(Error::PortTaken { port }) if port == server.port()));
    drop(thief);
    server.restart().expect("it is free again");
}

#[test]
fn a_killed_server_comes_back_on_the_same_port_with_its_folder() {
    let server = fake(&[]).start().expect("it starts");
    let (addr, pid) = (server.addr(), server.pid());
    let mut client = Client::connect(addr);
    assert_eq!(client.ask("put kept"), "data=kept");

    let status = server.kill().expect("it runs");
    assert_eq!(status.signal(), Some(SIGKILL));
    assert!(!server.is_running());
    client.wait_until_gone();
    assert!(matches!(server.kill(), Err(Error::NotRunning)));

    server.restart().expect("it starts again");
    assert_eq!(server.addr(), addr);
    assert_ne!(server.pid(), pid);
    assert_eq!(Client::connect(addr).ask("get"), "data=kept");
}

#[test]
fn restarting_a_running_server_stops_it_first() {
    let server = fake(&[]).start().expect("it starts");
    server.wait_for_line("listening", SOON).expect("it says so");
    let client = Client::connect(server.addr());
    server.restart().expect("it stops and starts");
    client.wait_until_gone();
    assert!(server.is_running());
    server
        .wait_for_line("listening", SOON)
        .expect("it says so again");
    assert_eq!(
        server.log().matches("listening").count(),
        2,
        "the log spans both runs"
    );
}

#[test]
fn the_stop_signal_can_be_chosen() {
    for (chosen, expected) in [
        (StopSignal::Terminate, SIGTERM),
        (StopSignal::Interrupt, SIGINT),
    ] {
        let server = fake(&[]).stop_signal(chosen).start().expect("it starts");
        assert_eq!(server.stop().expect("it stops").signal(), Some(expected));
    }
}

#[test]
fn stop_waits_for_a_server_that_takes_its_time() {
    let server = fake(&["--linger"]).start().expect("it starts");
    let mut client = Client::connect(server.addr());
    thread::scope(|scope| {
        let stopping = scope.spawn(|| server.stop());
        server
            .wait_for_line("stopping", SOON)
            .expect("it was asked to stop");
        assert!(server.is_running());
        client.ask("release");
        let status = stopping.join().expect("no panic").expect("it stops");
        assert_eq!(status.code(), Some(0));
    });
}

#[test]
fn a_server_that_ignores_the_signal_is_killed_and_reported() {
    let server = fake(&["--ignore-term"])
        .stop_within(SHORT)
        .start()
        .expect("it starts");
    assert!(matches!(
        server.stop(),
        Err(Error::TimedOut { within: SHORT, .. })
    ));
    assert!(!server.is_running());
}

#[test]
fn a_crash_is_seen_with_its_status() {
    let server = fake(&[]).start().expect("it starts");
    Client::connect(server.addr()).ask("crash");
    assert_eq!(server.wait_for_exit(SOON).expect("it ends").code(), Some(3));
    server.restart().expect("it starts again");
}

#[test]
fn a_line_of_output_can_mean_ready() {
    let server = fake(&["--mute"])
        .ready(Ready::Line("not listening".to_owned()))
        .start()
        .expect("it starts");
    assert!(server.is_running());
}

#[test]
fn a_line_of_an_earlier_run_means_nothing() {
    let script = "[ -e started ] || { touch started; echo ready; }; exec sleep 600";
    let shell = Server::builder("sh")
        .args(move |_, _| ["-c", script])
        .ready_within(Duration::from_secs(1));
    let server = shell
        .ready(Ready::Line("ready".to_owned()))
        .start()
        .expect("it says so");
    assert!(matches!(server.restart(), Err(Error::TimedOut { .. })));
}

#[test]
fn a_server_that_does_not_get_ready_is_reported_with_its_output() {
    let error = fake(&["--mute"])
        .ready_within(Duration::from_secs(1))
        .start()
        .expect_err("it never listens");
    let text = error.to_string();
    assert!(matches!(error, Error::TimedOut { .. }), "{text}");
    assert!(text.contains("not listening"), "{text}");
}

#[test]
fn a_server_that_ends_before_it_is_ready_is_reported_with_its_output() {
    for ready in [Ready::Tcp, Ready::Line("listening".to_owned())] {
        let error = fake(&["--fail"])
            .ready(ready)
            .start()
            .expect_err("it fails");
        let Error::Exited { status, log } = error else {
            panic!("{error}")
        };
        assert_eq!(status.code(), Some(7));
        assert_eq!(log, "cannot open the data file");
    }
}

#[test]
fn a_line_that_never_comes_is_reported() {
    let server = fake(&[]).start().expect("it starts");
    assert!(matches!(
        server.wait_for_line("nonsense", SHORT),
        Err(Error::TimedOut { .. })
    ));
}

#[test]
fn the_folder_is_prepared_once_before_the_first_start() {
    let script = |_: &std::path::Path| ["-c", "printf prepared >> data"];
    let server = fake(&[]).prepare("sh", script).start().expect("it starts");
    server.restart().expect("it starts again");
    assert_eq!(Client::connect(server.addr()).ask("get"), "data=prepared");
}

#[test]
fn a_folder_that_cannot_be_prepared_is_reported_with_the_output() {
    let error = fake(&[])
        .prepare("sh", |_| ["-c", "echo no space >&2; exit 4"])
        .start()
        .expect_err("it fails");
    assert!(error.to_string().contains("no space"), "{error}");
}

#[test]
fn the_environment_reaches_the_server() {
    let script = "echo \"colour is $COLOUR\"; exec sleep 600";
    let shell = Server::builder("sh")
        .args(move |_, _| ["-c", script])
        .env("COLOUR", "green");
    shell
        .ready(Ready::Line("colour is green".to_owned()))
        .start()
        .expect("it sees the variable");
}

#[test]
fn a_server_that_refuses_root_runs_as_nobody_in_a_folder_of_its_own() {
    if !rustix::process::geteuid().is_root() || find_program("setpriv").is_none() {
        return;
    }
    let script = "touch mine && echo ready; exec sleep 600";
    let shell = Server::builder("sh")
        .args(move |_, _| ["-c", script])
        .unprivileged();
    let server = shell
        .ready(Ready::Line("ready".to_owned()))
        .start()
        .expect("it may write");
    let mine = server.dir().join("mine").metadata().expect("it wrote");
    assert_eq!((mine.uid(), mine.gid()), (65_534, 65_534));
}
