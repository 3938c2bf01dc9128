//! The command line.

use std::ffi::{OsStr, OsString};
use std::io::Write;

use anyhow::{Context as _, Result, bail};

use crate::config::Config;
use crate::platform::Role;

/// What was asked for.
pub(crate) enum Command {
    Help,
    /// Everything in this process, driven; a step may be made to fail.
    Demo(Option<String>),
    /// These roles, until a signal comes.
    Run(Vec<Role>, Settings),
    /// The OpenAPI document.
    OpenApi,
    /// The table of policies.
    Policies,
    /// A role for a user.
    Grant {
        email: String,
        role: String,
        settings: Settings,
    },
}

/// Where the configuration comes from.
pub(crate) struct Settings {
    pub(crate) file: Option<OsString>,
    pub(crate) values: Vec<OsString>,
}

const USAGE: &str = "\
usage: platform demo
       platform serve [--config FILE] [--KEY=VALUE ...]
       platform gateway|accounts|rewards|notify|worker [--config FILE] [--KEY=VALUE ...]
       platform grant EMAIL ROLE [--config FILE] [--KEY=VALUE ...]
       platform openapi
       platform policies

demo      runs the whole platform in this process and drives it: needs nothing but this program
serve     keeps all of it running in one process
gateway, accounts, rewards, notify, worker
          keeps one role running; all of them on one machine, with one file, are the platform
grant     makes a user member, partner, moderator or admin, in the database of this machine
openapi   prints the document of the API
policies  prints who may call what, one route a line

configured by FILE (default platform.toml, if it is there), by variables such as
PLATFORM__LIMITS__API_PER_SECOND, and by arguments such as --drain.delay=2s, each over the last;
what is in force, and where it comes from, is at /config of the admin port

exit codes: 0 done, or drained after a signal; 78 a bad configuration, with a line for each mistake;
1 anything else

keys, what they take, and their defaults:
";

/// What still fits behind a key.
const LONGEST_DEFAULT: usize = 40;

impl Command {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// When they make no sense.
    pub(crate) fn parse(arguments: &[OsString]) -> Result<Self> {
        // `None` is a word that is not UTF-8: it may be a path, and is no command.
        let words: Vec<_> = arguments.iter().map(|word| word.to_str()).collect();
        let rest = |from| Settings::split(arguments.get(from..).unwrap_or_default());
        match words.as_slice() {
            [] | [Some("help")] | [.., Some("--help" | "-h")] => Ok(Self::Help),
            [Some("demo")] => Ok(Self::Demo(None)),
            [Some("demo"), Some("--fail-at"), Some(step)] => {
                Ok(Self::Demo(Some((*step).to_owned())))
            }
            [Some("openapi")] => Ok(Self::OpenApi),
            [Some("policies")] => Ok(Self::Policies),
            [Some("grant"), Some(email), Some(role), ..] => Ok(Self::Grant {
                email: (*email).to_owned(),
                role: (*role).to_owned(),
                settings: rest(3)?,
            }),
            [Some("serve"), ..] => Ok(Self::Run(Role::ALL.to_vec(), rest(1)?)),
            [Some(name), ..] if name.parse::<Role>().is_ok() => {
                let role = name.parse().ok().into_iter().collect();
                Ok(Self::Run(role, rest(1)?))
            }
            _ => {
                let given = arguments.join(OsStr::new(" "));
                bail!(
                    "unknown arguments: {}; `platform --help` says what there is",
                    given.display()
                )
            }
        }
    }
}

impl Settings {
    /// Takes `--config FILE` or `--config=FILE` out, wherever it stands; the rest are values.
    fn split(arguments: &[OsString]) -> Result<Self> {
        let mut file = None;
        let mut values = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let named = if argument == "--config" {
                let next = arguments.next().map(OsString::as_os_str);
                Some(next.context("--config: expected a file after it")?)
            } else {
                let text = argument.to_str();
                text.and_then(|text| text.strip_prefix("--config="))
                    .map(OsStr::new)
            };
            match named {
                Some(_) if file.is_some() => bail!("--config: expected once"),
                Some(named) => file = Some(named.to_owned()),
                None => values.push(argument.clone()),
            }
        }
        Ok(Self { file, values })
    }
}

/// Says what there is.
pub(crate) fn help(out: &mut impl Write) -> Result<()> {
    out.write_all(USAGE.as_bytes())?;
    let (keys, defaults) = (Config::keys(), Config::defaults()?);
    let longest = keys.iter().map(|key| key.path().len()).max();
    let width = longest.unwrap_or_default();
    for key in keys {
        let or_file = if key.is_secret() {
            ", or --KEY_file=FILE"
        } else {
            ""
        };
        write!(
            out,
            "  --{:<width$}  {}{or_file}",
            key.path(),
            key.expected()
        )?;
        match defaults.get(key.path()).map(String::as_str) {
            // The routes of the gateway fill a screen.
            Some(value) if value.len() <= LONGEST_DEFAULT => {
                writeln!(out, "; default {}", value.trim_matches('"'))?;
            }
            _ => writeln!(out)?,
        }
    }
    Ok(())
}
