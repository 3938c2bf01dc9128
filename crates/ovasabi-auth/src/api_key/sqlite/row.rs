//! A record as a row.

use std::time::SystemTime;

use ovasabi_core::context::{Subject, SubjectKind, Tenant};
use ovasabi_core::repository::Lent;
use ovasabi_core::{Code, Context, Error};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::api_key::record::{date, millis};
use crate::api_key::{ApiKeyRecord, KeyId, SecretDigest};

const INSERT: &str = "INSERT INTO api_keys (id, digest, owner, owner_kind, tenant, scopes, label, created_at, \
    not_before, expires_at, revoked_at, last_used_at, replaced_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

pub(super) async fn insert(
    cx: &Context,
    uow: &mut Lent,
    record: &ApiKeyRecord,
) -> Result<(), Error> {
    let query = sqlx::query(INSERT)
        .bind(record.id.as_str())
        .bind(record.digest.as_bytes().as_slice())
        .bind(record.owner.id())
        .bind(kind_to_sql(record.owner.kind())?)
        .bind(record.owner.tenant().map(Tenant::as_str))
        .bind(record.scopes.join(" "))
        .bind(record.label.as_str())
        .bind(to_sql(record.created_at))
        .bind(record.not_before.map(to_sql))
        .bind(record.expires_at.map(to_sql))
        .bind(record.revoked_at.map(to_sql))
        .bind(record.last_used_at.map(to_sql))
        .bind(record.replaced_by.as_ref().map(KeyId::as_str));
    cx.run(query.execute(uow.connection())).await??;
    Ok(())
}

pub(super) fn read(row: &SqliteRow) -> Result<ApiKeyRecord, Error> {
    let key = |text: &str| KeyId::parse(text).ok_or_else(|| damaged("id"));
    let kind: &str = row.try_get(3)?;
    let owner = Subject::new(kind_of_sql(kind)?, row.try_get::<&str, _>(2)?);
    let tenant: Option<&str> = row.try_get(4)?;
    let digest: &[u8] = row.try_get(1)?;
    let scopes: &str = row.try_get(5)?;
    let replaced_by: Option<&str> = row.try_get(12)?;
    let date_at =
        |column: usize| Ok::<_, Error>(row.try_get::<Option<i64>, _>(column)?.map(of_sql));
    Ok(ApiKeyRecord {
        id: key(row.try_get(0)?)?,
        digest: SecretDigest::from_bytes(digest.try_into().map_err(|_| damaged("digest"))?),
        owner: match tenant {
            Some(tenant) => owner.with_tenant(Tenant::new(tenant)),
            None => owner,
        },
        scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
        label: row.try_get(6)?,
        created_at: of_sql(row.try_get(7)?),
        not_before: date_at(8)?,
        expires_at: date_at(9)?,
        revoked_at: date_at(10)?,
        last_used_at: date_at(11)?,
        replaced_by: replaced_by.map(key).transpose()?,
    })
}

pub(super) fn to_sql(date: SystemTime) -> i64 {
    i64::try_from(millis(date)).unwrap_or(i64::MAX)
}

fn of_sql(millis: i64) -> SystemTime {
    date(u64::try_from(millis).unwrap_or_default())
}

pub(super) fn kind_to_sql(kind: SubjectKind) -> Result<&'static str, Error> {
    match kind {
        SubjectKind::User => Ok("user"),
        SubjectKind::Service => Ok("service"),
        SubjectKind::System => Ok("system"),
        _ => Err(Error::internal(
            "a kind of subject that the table api_keys does not know",
        )),
    }
}

fn kind_of_sql(text: &str) -> Result<SubjectKind, Error> {
    match text {
        "user" => Ok(SubjectKind::User),
        "service" => Ok(SubjectKind::Service),
        "system" => Ok(SubjectKind::System),
        _ => Err(damaged("owner_kind")),
    }
}

/// Not believed, and not passed over: whoever changed the table by hand is to know.
fn damaged(column: &'static str) -> Error {
    Error::new(Code::DataLoss, "api_key.damaged").caused_by(Damaged(column))
}

#[derive(Debug, thiserror::Error)]
#[error("the column `{0}` of a row in api_keys cannot be read")]
struct Damaged(&'static str);
