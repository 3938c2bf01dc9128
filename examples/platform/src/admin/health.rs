//! What the process needs to answer anything at all.

use ovasabi_core::health::{Check, check_fn};
use ovasabi_core::repository::Db;
use ovasabi_core::{Context, Result};

/// Whether this database can be read. It asks for a table, for `SELECT 1` begins no transaction, and so touches no file.
pub(crate) fn database_check(db: &Db) -> impl Check + use<> {
    let name = format!("database {}", db.name());
    let db = db.clone();
    check_fn(name, move |cx| read(db.clone(), cx))
}

async fn read(db: Db, cx: Context) -> Result<i64> {
    let mut conn = db.read(&cx).await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema");
    Ok(cx.run(count.fetch_one(conn.connection())).await??)
}

#[cfg(test)]
mod tests {
    use ovasabi_core::health::Level;

    use super::*;

    #[tokio::test]
    async fn a_database_is_up_until_it_cannot_be_read() {
        let db = Db::temporary().unwrap().name("shop").open().await.unwrap();
        let check = database_check(&db);
        assert_eq!(check.name(), "database shop");
        let cx = Context::background();
        assert_eq!(check.check(&cx).await.level(), Level::Up);
        db.close().await;
        assert_eq!(check.check(&cx).await.level(), Level::Down);
    }
}
