//! Pages by key, with ties and without values; cursors as strangers send them.

use ovasabi_core::repository::{Cursor, PageRequest, Repository};
use ovasabi_core::{Code, Context, Error};
use proptest::prelude::*;

use super::accounts::{Account, SqliteAccounts};

#[tokio::test]
async fn ties_and_missing_values_are_paged_once_each() {
    let (accounts, cx) = (SqliteAccounts::open().await, Context::background());
    for score in [
        None,
        Some(1),
        Some(2),
        Some(1),
        None,
        Some(1),
        Some(-3),
        None,
    ] {
        accounts
            .insert(&cx, Account::new("x", score))
            .await
            .unwrap();
    }
    let mut seen = Vec::new();
    let mut request = PageRequest::new(2).unwrap();
    loop {
        let page = accounts.by_score(&cx, &request).await.unwrap();
        seen.extend(
            page.items()
                .iter()
                .map(|account| (account.score, account.id)),
        );
        let Some(next) = page.next() else { break };
        request = request.after(next.clone());
    }
    let scores: Vec<_> = seen.iter().map(|(score, _)| *score).collect();
    let in_order = [
        Some(-3),
        Some(1),
        Some(1),
        Some(1),
        Some(2),
        None,
        None,
        None,
    ];
    assert_eq!(scores, in_order);
    seen.dedup();
    assert_eq!(seen.len(), 8);
    let by_id = accounts.page(&cx, &request).await.unwrap_err();
    assert_eq!(
        by_id.violations()[0].rule,
        "foreign",
        "the same items in another order are another list"
    );
}

fn refusal(text: &str) -> Error {
    text.parse::<Cursor>().unwrap_err()
}

#[test]
fn what_is_no_cursor_is_refused() {
    let whole = Cursor::new("list", &7).unwrap().to_string();
    for broken in [
        "",
        "7",
        "!!!",
        "AQ",
        &whole[..whole.len() - 5],
        &"A".repeat(2_000),
    ] {
        let error = refusal(broken);
        assert_eq!(
            (error.code(), error.violations()[0].rule.as_str()),
            (Code::InvalidArgument, "malformed")
        );
    }
    // The first byte becomes 2.
    let newer = whole.replacen("Ab", "Ar", 1);
    assert_ne!(newer, whole);
    assert_eq!(refusal(&newer).violations()[0].rule, "version");
}

#[test]
fn a_key_of_another_shape_is_refused() {
    let cursor = Cursor::new("list", &7).unwrap();
    assert_eq!(
        cursor.key::<String>("list").unwrap_err().code(),
        Code::InvalidArgument
    );
}

#[test]
fn a_key_too_long_for_a_url_is_our_own_mistake() {
    assert_eq!(
        Cursor::new("list", &"x".repeat(2_000)).unwrap_err().code(),
        Code::Internal
    );
}

#[test]
fn a_limit_out_of_range_is_refused() {
    for limit in [0, PageRequest::MAX_LIMIT + 1] {
        let error = PageRequest::new(limit).unwrap_err();
        assert!(error.violations()[0].detail.contains(&limit.to_string()));
    }
}

proptest! {
    #[test]
    fn a_cursor_comes_back_from_its_text(scope in ".{0,40}", key in any::<(i64, Option<u32>, [u8; 16])>()) {
        let cursor = Cursor::new(&scope, &key).unwrap();
        let back: Cursor = cursor.to_string().parse().unwrap();
        prop_assert_eq!(back.key::<(i64, Option<u32>, [u8; 16])>(&scope).unwrap(), key);
        let other = format!("{scope}.");
        let refused = back.key::<(i64, Option<u32>, [u8; 16])>(&other);
        prop_assert!(refused.is_err());
    }

    #[test]
    fn any_text_is_a_cursor_or_an_error(text in "[A-Za-z0-9_-]{0,60}") {
        if let Ok(cursor) = text.parse::<Cursor>() {
            let _ = cursor.key::<(i64, String)>("list");
        }
    }
}
