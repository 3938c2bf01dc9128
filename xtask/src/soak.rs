//! `cargo xtask soak`: runs a crate's soak for as long as it is told.

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// Runs the soak of one crate (`resilience`); what follows its name (`--minutes`, `--seed`) is the soak's to read.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let options = match arguments.split_first() {
        Some((name, options)) if name == "resilience" => options,
        _ => bail!(
            "`soak` takes `resilience` and then `--minutes N` or `--seed N`, got {arguments:?}"
        ),
    };
    let soak = "run --release -p ovasabi-resilience --example soak --features full,testkit --";
    let options = options.iter().map(String::as_str);
    workspace.cargo(soak.split(' ').chain(options)).succeed()
}
