//! What every repository keeps to, run over the one in memory and one over SQLite.

use ovasabi_core::context::Cause;
use ovasabi_core::repository::{Cursor, MemoryRepository, PageRequest, Repository, new_id};
use ovasabi_core::{Code, Context};

use super::accounts::{Account, SqliteAccounts};

fn cx() -> Context {
    Context::background()
}

async fn what_is_inserted_is_found(accounts: impl Repository<Account>) {
    let new = Account::new("ada", Some(1));
    let stored = accounts.insert(&cx(), new.clone()).await.unwrap();
    assert_eq!(stored, Account { version: 1, ..new });
    assert_eq!(
        accounts.find(&cx(), &stored.id).await.unwrap(),
        Some(stored)
    );
    assert_eq!(accounts.find(&cx(), &new_id()).await.unwrap(), None);
}

async fn an_id_is_taken_once(accounts: impl Repository<Account>) {
    let stored = accounts
        .insert(&cx(), Account::new("ada", None))
        .await
        .unwrap();
    let again = Account {
        email: "eve".to_owned(),
        ..stored.clone()
    };
    let error = accounts.insert(&cx(), again).await.unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::AlreadyExists, "account.already_exists")
    );
    assert_eq!(
        accounts.find(&cx(), &stored.id).await.unwrap(),
        Some(stored)
    );
}

async fn a_stale_update_changes_nothing(accounts: impl Repository<Account>) {
    let first = accounts
        .insert(&cx(), Account::new("ada", Some(1)))
        .await
        .unwrap();
    let second = accounts
        .update(
            &cx(),
            Account {
                score: Some(2),
                ..first.clone()
            },
        )
        .await
        .unwrap();
    assert_eq!(second.version, 2);
    let error = accounts
        .update(
            &cx(),
            Account {
                score: Some(9),
                ..first.clone()
            },
        )
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.reason()),
        (Code::Aborted, "account.version_conflict")
    );
    assert!(!error.is_retryable());
    assert_eq!(accounts.find(&cx(), &first.id).await.unwrap(), Some(second));
}

async fn what_is_not_there_cannot_be_changed(accounts: impl Repository<Account>) {
    let absent = Account::new("nobody", None);
    let update = accounts.update(&cx(), absent.clone()).await.unwrap_err();
    let delete = accounts.delete(&cx(), &absent.id, None).await.unwrap_err();
    assert_eq!([update.reason(), delete.reason()], ["account.not_found"; 2]);
    assert_eq!(update.code(), Code::NotFound);
}

async fn a_delete_may_name_a_version(accounts: impl Repository<Account>) {
    let first = accounts
        .insert(&cx(), Account::new("ada", None))
        .await
        .unwrap();
    let second = accounts.update(&cx(), first.clone()).await.unwrap();
    let error = accounts
        .delete(&cx(), &first.id, Some(1))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::Aborted);
    accounts
        .delete(&cx(), &first.id, Some(second.version))
        .await
        .unwrap();
    assert_eq!(accounts.find(&cx(), &first.id).await.unwrap(), None);
    let other = accounts
        .insert(&cx(), Account::new("bob", None))
        .await
        .unwrap();
    accounts.delete(&cx(), &other.id, None).await.unwrap();
}

async fn pages_neither_skip_nor_repeat(accounts: impl Repository<Account>) {
    let mut stored = Vec::new();
    for name in ["a", "b", "c", "d", "e"] {
        stored.push(
            accounts
                .insert(&cx(), Account::new(name, None))
                .await
                .unwrap(),
        );
    }
    let request = PageRequest::new(2).unwrap();
    let first = accounts.page(&cx(), &request).await.unwrap();
    assert_eq!(first.items(), &stored[..2]);

    // One that was seen goes, the last of the page too, and one that comes later is new.
    accounts.delete(&cx(), &stored[0].id, None).await.unwrap();
    accounts.delete(&cx(), &stored[1].id, None).await.unwrap();
    stored.push(
        accounts
            .insert(&cx(), Account::new("f", None))
            .await
            .unwrap(),
    );

    let second = accounts
        .page(&cx(), &request.clone().after(first.next().cloned()))
        .await
        .unwrap();
    assert_eq!(second.items(), &stored[2..4]);
    let third = accounts
        .page(&cx(), &request.clone().after(second.next().cloned()))
        .await
        .unwrap();
    assert_eq!((third.items(), third.next()), (&stored[4..], None));
}

async fn a_cursor_of_another_list_is_refused(accounts: impl Repository<Account>) {
    let foreign = Cursor::new("orders", &new_id()).unwrap();
    let error = accounts
        .page(&cx(), &PageRequest::default().after(foreign))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.violations()[0].rule.as_str()),
        (Code::InvalidArgument, "foreign")
    );
}

async fn nothing_is_done_for_a_context_that_is_done(accounts: impl Repository<Account>) {
    let (gone, guard) = cx().child();
    guard.cancel(Cause::Disconnected);
    let new = Account::new("ada", None);
    assert_eq!(
        accounts
            .insert(&gone, new.clone())
            .await
            .unwrap_err()
            .code(),
        Code::Cancelled
    );
    assert_eq!(
        accounts.find(&gone, &new.id).await.unwrap_err().code(),
        Code::Cancelled
    );
    assert_eq!(accounts.find(&cx(), &new.id).await.unwrap(), None);
}

macro_rules! contract {
    ($($behaviour:ident),+ $(,)?) => {
        mod in_memory {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::MemoryRepository::new()).await;
            })+
        }
        mod over_sqlite {
            $(#[tokio::test]
            async fn $behaviour() {
                super::$behaviour(super::SqliteAccounts::open().await).await;
            })+
        }
    };
}

contract!(
    what_is_inserted_is_found,
    an_id_is_taken_once,
    a_stale_update_changes_nothing,
    what_is_not_there_cannot_be_changed,
    a_delete_may_name_a_version,
    pages_neither_skip_nor_repeat,
    a_cursor_of_another_list_is_refused,
    nothing_is_done_for_a_context_that_is_done,
);
