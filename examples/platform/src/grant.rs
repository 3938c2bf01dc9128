//! `platform grant`: the first administrator cannot be made by another one.

use std::io::Write;

use anyhow::{Context as _, Result};
use ovasabi_core::Context;
use ovasabi_core::repository::Db;
use ovasabi_core::time::WallClock;

use crate::accounts;
use crate::config::Config;

/// Gives the role to who has registered with this address.
pub(crate) async fn run(config: Config, email: &str, role: &str) -> Result<()> {
    let path = config.data_dir.join("accounts.db");
    let db = Db::builder(&path).must_exist().open().await;
    let db = db.with_context(|| format!("cannot open {}", path.display()))?;
    let cx = Context::background();
    let granted = accounts::grant(db.clone(), WallClock::system(), &cx, email, role).await;
    db.close().await;
    granted?;
    writeln!(
        std::io::stdout().lock(),
        "{email} is {role} from the next login on"
    )?;
    Ok(())
}
