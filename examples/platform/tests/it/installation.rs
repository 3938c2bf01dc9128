//! The platform as it is installed: one process, or one for each role; killed when it is dropped.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::http::Http;
use crate::program::{Running, command};

pub(crate) const ROLES: [&str; 5] = ["accounts", "rewards", "notify", "worker", "gateway"];

/// An installation in a folder of its own.
pub(crate) struct Installation {
    pub(crate) folder: tempfile::TempDir,
    settings: Vec<String>,
    processes: Vec<Process>,
}

struct Process {
    role: &'static str,
    running: Option<Running>,
    place: Option<SocketAddr>,
    admin: SocketAddr,
}

impl Installation {
    /// Everything in one process.
    pub(crate) fn whole(settings: &[&str]) -> Self {
        let mut it = Self::new(settings);
        it.launch("serve");
        it
    }

    /// Each role a process of its own.
    pub(crate) fn split(settings: &[&str]) -> Self {
        let mut it = Self::new(settings);
        for role in ROLES {
            it.launch(role);
        }
        it
    }

    fn new(settings: &[&str]) -> Self {
        let fixed = ["--log.format=json", "--drain.delay=50ms"];
        // Tests come from one address, and are in a hurry.
        let limits = [
            "--limits.auth_per_minute=100000",
            "--limits.api_per_second=100000",
            "--limits.caller_per_second=100000",
        ];
        let settings = fixed.iter().chain(&limits).chain(settings);
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings: settings.map(|it| (*it).to_owned()).collect(),
            processes: Vec::new(),
        }
    }

    /// Nothing runs yet, but where the services will be is known.
    pub(crate) fn planned(settings: &[&str]) -> Self {
        let mut it = Self::new(settings);
        let free = || {
            std::net::TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
        };
        for role in ["accounts", "rewards", "notify"] {
            it.processes.push(Process {
                role,
                running: None,
                place: Some(free().unwrap()),
                admin: SocketAddr::from(([127, 0, 0, 1], 0)),
            });
        }
        it
    }

    fn launch(&mut self, role: &'static str) {
        let known = self
            .processes
            .iter()
            .rposition(|process| process.role == role);
        self.launch_as(role, known);
    }

    /// One more of a role; those that are launched later know the last of each.
    pub(crate) fn twin(&mut self, role: &'static str) {
        self.launch_as(role, None);
    }

    fn launch_as(&mut self, role: &'static str, known: Option<usize>) {
        let mut command = command(&[role]);
        command.args(&self.settings).current_dir(self.folder.path());
        let log = self.folder.path().join(format!("{role}.log"));
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(log);
        let place =
            |port: Option<SocketAddr>| port.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let before = known.map(|at| &self.processes[at]);
        let listen = place(before.and_then(|process| process.place));
        let admin = place(before.map(|process| process.admin));
        match role {
            "serve" | "gateway" => {
                command.arg(format!("--public={listen}"));
                command.arg(format!("--admin={admin}"));
            }
            "worker" => {
                command.arg(format!("--worker.admin={admin}"));
            }
            service => {
                command.arg(format!("--{service}.admin={admin}"));
                command.arg(format!("--{service}.listen={listen}"));
            }
        }
        for name in ["accounts", "rewards", "notify"] {
            let mut all = self.processes.iter().rev();
            let last = all.find(|process| process.role == name && name != role);
            if let Some(place) = last.and_then(|process| process.place) {
                command.arg(format!("--{name}.listen={place}"));
            }
        }
        let mut running = Running::start_logging(command, log.unwrap());
        let name = if role == "serve" { "platform" } else { role };
        let line = running.line(name);
        let addresses: Vec<SocketAddr> = line
            .split([' ', ';'])
            .filter_map(|word| {
                word.strip_prefix("http://")?
                    .trim_end_matches(',')
                    .parse()
                    .ok()
            })
            .collect();
        let (place, admin) = match addresses[..] {
            [place, admin] => (Some(place), admin),
            [admin] => (None, admin),
            _ => panic!("no addresses in `{line}`"),
        };
        let process = Process {
            role,
            running: Some(running),
            place,
            admin,
        };
        match known {
            Some(at) => self.processes[at] = process,
            None => self.processes.push(process),
        }
    }

    fn process(&self, role: &str) -> &Process {
        let found = self.processes.iter().find(|process| process.role == role);
        found.unwrap_or_else(|| panic!("no process {role}"))
    }

    /// What the world reaches.
    pub(crate) fn public(&self) -> Http {
        self.gateways().remove(0)
    }

    /// Where that is.
    pub(crate) fn public_address(&self) -> SocketAddr {
        let mut outside = self.processes.iter().filter_map(|process| {
            matches!(process.role, "serve" | "gateway").then_some(process.place?)
        });
        outside.next().unwrap()
    }

    /// All that the world reaches.
    pub(crate) fn gateways(&self) -> Vec<Http> {
        let outside = |process: &&Process| matches!(process.role, "serve" | "gateway");
        let gateways = self.processes.iter().filter(outside);
        gateways
            .map(|process| Http::new(process.place.unwrap()))
            .collect()
    }

    /// A service itself, past the gateway.
    pub(crate) fn service(&self, role: &str) -> Http {
        Http::new(self.process(role).place.unwrap())
    }

    pub(crate) fn admin(&self, role: &str) -> Http {
        Http::new(self.process(role).admin)
    }

    /// `kill -9`, without a word.
    pub(crate) fn kill(&mut self, role: &str) {
        let process = self
            .processes
            .iter_mut()
            .find(|process| process.role == role);
        drop(process.unwrap().running.take());
    }

    /// Asks it to stop with `SIGTERM`.
    pub(crate) fn terminate(&self, role: &str) {
        self.process(role).running.as_ref().unwrap().terminate();
    }

    /// Waits until it has ended: the exit code, and what it says of its requests.
    pub(crate) fn ended(&mut self, role: &str) -> (Option<i32>, String) {
        let mut all = self.processes.iter_mut();
        let process = all.find(|process| process.role == role).unwrap();
        let mut running = process.running.take().unwrap();
        let drained = running.line("drained:");
        (running.code(), drained)
    }

    /// Starts a role again where it was.
    pub(crate) fn restart(&mut self, role: &'static str) {
        self.launch(role);
    }

    /// What a role has written to its log so far.
    pub(crate) fn log(&self, role: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(format!("{role}.log"))).unwrap()
    }

    /// Makes a user something, on the machine.
    pub(crate) fn grant(&self, email: &str, role: &str) {
        let mut grant: Command = command(&["grant", email, role]);
        let output = grant.current_dir(self.folder.path()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
    }

    pub(crate) fn data(&self) -> std::path::PathBuf {
        Path::join(self.folder.path(), "platform-data")
    }
}
