//! Nothing outlives its test.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use ovasabi_testkit::{Server, find_program};
use rustix::process::{Pid, test_kill_process};

use crate::support::{Client, fake, fake_program};

fn process_exists(pid: u32) -> bool {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process id");
    test_kill_process(pid).is_ok()
}

#[test]
fn a_dropped_server_leaves_no_process_and_no_folder() {
    let server = fake(&["--ignore-term"]).start().expect("it starts");
    let (client, dir) = (Client::connect(server.addr()), server.dir().to_owned());
    let pid = server.pid().expect("it runs");
    assert!(process_exists(pid) && dir.is_dir());
    drop(server);
    client.wait_until_gone();
    assert!(!process_exists(pid));
    assert!(!dir.exists());
}

#[test]
fn a_panic_leaves_no_process_and_no_folder() {
    let seen = Mutex::new(None);
    thread::scope(|scope| {
        let test = scope.spawn(|| {
            let server = fake(&[]).start().expect("it starts");
            *seen.lock().expect("not poisoned") =
                Some((server.pid().expect("it runs"), server.dir().to_owned()));
            panic!("a test that fails, with {server:?}");
        });
        test.join().expect_err("it panics");
    });
    let (pid, dir) = seen
        .into_inner()
        .expect("not poisoned")
        .expect("the server ran");
    assert!(!process_exists(pid));
    assert!(!dir.exists());
}

#[test]
fn what_a_server_has_started_ends_with_it() {
    let program = fake_program();
    let shell = Server::builder("sh").args(move |port, dir| {
        let script = format!(
            "{} --port {port} --dir {} & wait",
            program.display(),
            dir.display()
        );
        ["-c".to_owned(), script]
    });
    let server = shell.start().expect("the grandchild listens");
    let client = Client::connect(server.addr());
    server.kill().expect("it runs");
    client.wait_until_gone();
}

#[test]
fn a_server_survives_the_thread_that_started_it() {
    let server = thread::spawn(|| fake(&[]).start().expect("it starts"))
        .join()
        .expect("no panic");
    assert_eq!(Client::connect(server.addr()).ask("put x"), "data=x");
}

#[test]
fn a_test_that_is_killed_takes_its_server_with_it() {
    if find_program("setpriv").is_none() {
        return;
    }
    // A killed test cannot remove its server's folder, so it gets a place that this one removes.
    let place = tempfile::tempdir().expect("a folder");
    let mut host = Command::new(fake_program());
    host.arg("--host")
        .env("TMPDIR", place.path())
        .stdout(Stdio::piped());
    let mut test = host.spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(test.stdout.take().expect("it is piped"))
        .read_line(&mut line)
        .expect("it prints");
    let port = line
        .trim()
        .strip_prefix("hosting ")
        .and_then(|port| port.parse::<u16>().ok())
        .expect("a port");
    let client = Client::connect(([127, 0, 0, 1], port).into());
    test.kill().expect("it runs");
    test.wait().expect("it was killed");
    client.wait_until_gone();
}

#[test]
fn a_server_can_be_shared_between_threads() {
    fn check<T: Send + Sync>(_: &T) {}
    let server = fake(&[]).start().expect("it starts");
    check(&server);
    assert!(Path::new(server.dir()).is_absolute());
}
