//! `cargo xtask contract`: does the platform answer as its document says, whatever it is sent?
//!
//! Schemathesis, from PyPI, makes requests of the OpenAPI document. It lives in `testkit/contract/venv`.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::apt;
use crate::process::{Run, Stopwatch, find_on_path, is_set};
use crate::workspace::Workspace;

/// How long requests are made where nothing else is said.
const SECONDS: &str = "60";

/// Written when everything is there: the requirements that were installed.
const STAMP: &str = "installed.txt";

/// Installs what the requirements say, unless that is there.
pub(crate) fn install(workspace: &Workspace) -> Result<()> {
    if is_installed(workspace) {
        println!("contract: there (schemathesis)");
        return Ok(());
    }
    let can_make_venv = || {
        let probe = Run::new("python3", ["-c", "import ensurepip"]).capture();
        probe.is_ok_and(|probe| probe.success)
    };
    if !can_make_venv() && !apt::install("contract", &["python3-venv"])? {
        return Ok(());
    }
    let started = Stopwatch::start();
    let (folder, venv) = (folder(workspace), venv(workspace));
    let arguments = ["-m", "venv", "--clear", "venv"];
    Run::new("python3", arguments)
        .in_folder(&folder)
        .succeed()?;
    let pip = "install --quiet --disable-pip-version-check -r requirements.txt";
    Run::new(venv.join("bin/pip"), pip.split(' '))
        .in_folder(&folder)
        .succeed()?;
    std::fs::copy(folder.join("requirements.txt"), venv.join(STAMP))
        .context("could not note what is installed")?;
    println!("contract: installed schemathesis in {}", started.shown());
    Ok(())
}

fn is_installed(workspace: &Workspace) -> bool {
    let installed = std::fs::read(venv(workspace).join(STAMP)).ok();
    let wanted = std::fs::read(folder(workspace).join("requirements.txt")).ok();
    installed.is_some() && installed == wanted
}

/// Starts the platform in a folder that goes away, and sends it what the document allows and what it does not.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let seconds = match arguments {
        [] => SECONDS,
        [option, seconds] if option == "--seconds" => seconds.as_str(),
        _ => bail!("`contract` takes nothing or `--seconds N`, got {arguments:?}"),
    };
    if !is_installed(workspace) {
        if is_set("OVASABI_REQUIRE_SERVICES") || find_on_path("python3").is_some() {
            bail!("schemathesis is not installed; `cargo xtask setup` does it");
        }
        println!("SKIPPED: there is no python3");
        return Ok(());
    }
    let build = "build --release --quiet -p platform";
    workspace.cargo(build.split(' ')).succeed()?;
    let program = workspace.target().join("release/platform");
    let serving = Serving::start(&program)?;
    let folder = folder(workspace);
    let document = workspace.root().join("examples/platform/api/openapi.json");
    let (script, document) = (folder.join("check.py"), document.display().to_string());
    let script = script.display().to_string();
    let (program, data) = (program.display(), serving.data.path().display());
    let (program, data) = (program.to_string(), data.to_string());
    Run::new(
        venv(workspace).join("bin/python"),
        [&script, &serving.url, &document, seconds, &program, &data],
    )
    .succeed()
}

fn folder(workspace: &Workspace) -> PathBuf {
    workspace.root().join("testkit/contract")
}

fn venv(workspace: &Workspace) -> PathBuf {
    folder(workspace).join("venv")
}

/// A platform of its own, killed when this is dropped.
struct Serving {
    child: Child,
    url: String,
    data: tempfile::TempDir,
}

impl Serving {
    fn start(program: &std::path::Path) -> Result<Self> {
        let data = tempfile::tempdir().context("could not make a temporary folder")?;
        let settings = [
            "serve",
            "--public=127.0.0.1:0",
            "--admin=127.0.0.1:0",
            // The limits are another test's.
            "--limits.auth_per_minute=1000000",
            "--limits.api_per_second=1000000",
            "--limits.caller_per_second=1000000",
            "--log.filter=warn",
        ];
        let child = Command::new(program)
            .args(settings)
            .current_dir(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("could not start {}", program.display()))?;
        let mut serving = Self {
            child,
            url: String::new(),
            data,
        };
        let mut lines = BufReader::new(serving.child.stdout.take().context("no output")?).lines();
        let line = lines.next().context("it ended before it served")??;
        let url = line
            .split([' ', ','])
            .find(|word| word.starts_with("http://"));
        serving.url = url
            .with_context(|| format!("no address in `{line}`"))?
            .to_owned();
        Ok(serving)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
