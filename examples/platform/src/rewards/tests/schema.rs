//! What no code can write, whatever it is.

use ovasabi_core::Context;
use ovasabi_core::repository::{DbError, DbErrorKind};

use super::world::World;
use crate::rewards::domain::{State, Step};

/// Ann has referred Bob and Cid, Bob's has qualified; all ids are their names.
const PEOPLE: &str = "
    INSERT INTO campaigns (id, slug, name, partner_id, reward_minor, budget_minor, committed_minor, status, starts_ms, ends_ms, created_ms)
        VALUES ('c', 'spring', 'Spring', 'p', 10, 100, 10, 'active', 0, 9, 0), ('d', 'autumn', 'Autumn', 'p', 10, 100, 0, 'ended', 0, 9, 0);
    INSERT INTO wallets (id, owner_id, kind, created_ms) VALUES ('ann', 'ann', 'user', 0), ('bob', 'bob', 'user', 0);
    INSERT INTO wallets (id, campaign_id, kind, balance_minor, created_ms) VALUES ('purse', 'c', 'campaign', 100, 0);
    INSERT INTO referrals (id, code, campaign_id, referrer_id, reward_minor, created_ms, changed_ms)
        VALUES ('r', 'AAAAAAAAAA', 'c', 'ann', 10, 0, 0), ('s', 'BBBBBBBBBB', 'c', 'ann', 10, 0, 0);
    UPDATE referrals SET state = 'claimed', referred_id = 'bob' WHERE id = 'r';
    UPDATE referrals SET state = 'qualified', order_ref = 'o' WHERE id = 'r';
    INSERT INTO referral_changes (referral_id, state, actor_id, event_id, at_ms) VALUES ('r', 'created', 'ann', 'e', 0);
    INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, created_ms) VALUES ('t', 'ann', 'bob', 5, '', 0);
    INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('1', 't', 'ann', -5), ('2', 't', 'bob', 5);
";

#[tokio::test]
async fn illegal_rows_are_refused() {
    let world = World::new().await;
    world.write(PEOPLE).await.unwrap();
    for (why, sql) in [
        ("spent beyond the budget", "UPDATE campaigns SET committed_minor = 101 WHERE id = 'c'"),
        ("a budget below what is committed", "UPDATE campaigns SET budget_minor = 9 WHERE id = 'c'"),
        ("what has ended begins", "UPDATE campaigns SET status = 'active' WHERE id = 'd'"),
        ("a debt", "UPDATE wallets SET balance_minor = -1 WHERE id = 'ann'"),
        ("a debt of a campaign", "UPDATE wallets SET balance_minor = -1 WHERE id = 'purse'"),
        ("two wallets", "INSERT INTO wallets (id, owner_id, kind, created_ms) VALUES ('x', 'ann', 'user', 0)"),
        ("a wallet of nobody", "INSERT INTO wallets (id, kind, created_ms) VALUES ('x', 'user', 0)"),
        ("a code twice", "INSERT INTO referrals (id, code, campaign_id, referrer_id, reward_minor, created_ms, changed_ms)
            VALUES ('x', 'AAAAAAAAAA', 'c', 'ann', 10, 0, 0)"),
        ("one that begins as rewarded", "INSERT INTO referrals (id, code, campaign_id, referrer_id, referred_id, order_ref, state, reward_minor, created_ms, changed_ms)
            VALUES ('x', 'CCCCCCCCCC', 'c', 'ann', 'dot', 'o', 'rewarded', 10, 0, 0)"),
        ("oneself", "UPDATE referrals SET state = 'claimed', referred_id = 'ann' WHERE id = 's'"),
        ("a friend twice", "UPDATE referrals SET state = 'claimed', referred_id = 'bob' WHERE id = 's'"),
        ("claimed by nobody", "UPDATE referrals SET state = 'claimed' WHERE id = 's'"),
        ("another friend", "UPDATE referrals SET referred_id = 'dot' WHERE id = 'r'"),
        ("another promise", "UPDATE referrals SET reward_minor = 11 WHERE id = 'r'"),
        ("no referral any more", "DELETE FROM referrals WHERE id = 's'"),
        ("a change twice", "INSERT INTO referral_changes (referral_id, state, actor_id, event_id, at_ms) VALUES ('r', 'created', 'ann', 'f', 0)"),
        ("an event twice", "INSERT INTO referral_changes (referral_id, state, actor_id, event_id, at_ms) VALUES ('r', 'claimed', 'ann', 'e', 0)"),
        ("another history", "UPDATE referral_changes SET actor_id = 'eve'"),
        ("no history", "DELETE FROM referral_changes"),
        ("a transfer of one side", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, created_ms) VALUES ('x', 'ann', 'bob', 5, '', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'bob', 5)"),
        ("sides that do not add up", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, created_ms) VALUES ('x', 'ann', 'bob', 5, '', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'ann', -5), ('4', 'x', 'bob', 6)"),
        ("a third side", "INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 't', 'purse', 5)"),
        ("a side twice", "INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 't', 'bob', 5)"),
        ("another entry", "UPDATE entries SET amount_minor = 6 WHERE id = '2'"),
        ("no entry", "DELETE FROM entries"),
        ("another transfer", "UPDATE transfers SET amount_minor = 6"),
        ("no transfer", "DELETE FROM transfers"),
        ("a user pays the system", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, created_ms) VALUES ('x', 'ann', 'system', 5, '', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'ann', -5), ('4', 'x', 'system', 5)"),
        ("a reward to the wrong one", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, referral_id, created_ms) VALUES ('x', 'purse', 'bob', 10, '', 'r', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'purse', -10), ('4', 'x', 'bob', 10)"),
        ("a reward of another amount", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, referral_id, created_ms) VALUES ('x', 'purse', 'ann', 11, '', 'r', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'purse', -11), ('4', 'x', 'ann', 11)"),
        ("a reward that nobody has earned", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, referral_id, created_ms) VALUES ('x', 'purse', 'ann', 10, '', 's', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'purse', -10), ('4', 'x', 'ann', 10)"),
        ("a reward twice", "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, referral_id, created_ms)
                VALUES ('x', 'purse', 'ann', 10, '', 'r', 0), ('y', 'purse', 'ann', 10, '', 'r', 0);
            INSERT INTO entries (id, transfer_id, wallet_id, amount_minor)
                VALUES ('3', 'x', 'purse', -10), ('4', 'x', 'ann', 10), ('5', 'y', 'purse', -10), ('6', 'y', 'ann', 10)"),
    ] {
        let Err(error) = world.write(sql).await else {
            panic!("was written: {why}");
        };
        let kind = DbError::find(&error).unwrap().kind();
        let is_rule = matches!(kind, DbErrorKind::Check | DbErrorKind::Unique | DbErrorKind::ForeignKey);
        assert!(is_rule, "{why}: {error:?}");
    }
    // The one reward that was promised.
    let reward = "INSERT INTO transfers (id, from_wallet, to_wallet, amount_minor, memo, referral_id, created_ms) VALUES ('x', 'purse', 'ann', 10, '', 'r', 0);
        INSERT INTO entries (id, transfer_id, wallet_id, amount_minor) VALUES ('3', 'x', 'purse', -10), ('4', 'x', 'ann', 10)";
    world.write(reward).await.unwrap();
}

#[tokio::test]
async fn the_table_lets_a_referral_go_where_the_domain_does() {
    let world = World::new().await;
    let steps = [
        Step::Claim,
        Step::Qualify,
        Step::Reward,
        Step::Reject,
        Step::Expire,
    ];
    world.write(PEOPLE).await.unwrap();
    for from in State::ALL {
        for to in State::ALL {
            let cx = Context::background();
            let mut unit = world.rewards.db().begin(&cx).await.unwrap();
            // The way there is not what is tested: the rule is put away for it, and comes back with the rollback.
            let rule: String =
                sqlx::query_scalar("SELECT sql FROM sqlite_schema WHERE name = 'referrals_step'")
                    .fetch_one(unit.connection())
                    .await
                    .unwrap();
            let set = "UPDATE referrals SET state = ?, referred_id = 'bob', order_ref = 'o' WHERE id = 'r'";
            sqlx::raw_sql("DROP TRIGGER referrals_step; DROP TRIGGER referrals_claimed_once")
                .execute(unit.connection())
                .await
                .unwrap();
            let there = if from == State::Created {
                "UPDATE referrals SET state = ?, referred_id = NULL WHERE id = 'r'"
            } else {
                set
            };
            sqlx::query(there)
                .bind(from)
                .execute(unit.connection())
                .await
                .unwrap();
            sqlx::raw_sql(sqlx::AssertSqlSafe(rule))
                .execute(unit.connection())
                .await
                .unwrap();
            let on = if to == State::Created {
                "UPDATE referrals SET state = ?, referred_id = NULL WHERE id = 'r'"
            } else {
                set
            };
            let went = sqlx::query(on).bind(to).execute(unit.connection()).await;
            let may = steps.into_iter().any(|step| from.after(step) == Some(to));
            assert_eq!(went.is_ok(), may, "{from:?} to {to:?}");
            unit.rollback().await;
        }
    }
}

#[tokio::test]
async fn an_audit_finds_what_the_tables_cannot_refuse() {
    let world = World::new().await;
    world.write(PEOPLE).await.unwrap();
    let audit = world.rewards.audit(&Context::background()).await.unwrap();
    // Written by hand: balances without entries, histories without changes, a budget that nobody paid in.
    assert_eq!((audit.wrong_balances, audit.wrong_histories), (3, 2));
    assert_eq!((audit.wrong_campaign_wallets, audit.wrong_budgets), (1, 0));
    assert_eq!((audit.wrong_rewards, audit.unbalanced_transfers), (0, 0));
    world
        .write("UPDATE referrals SET state = 'rewarded' WHERE id = 'r'")
        .await
        .unwrap();
    world
        .write("UPDATE campaigns SET committed_minor = 20 WHERE id = 'c'")
        .await
        .unwrap();
    let audit = world.rewards.audit(&Context::background()).await.unwrap();
    assert_eq!((audit.wrong_rewards, audit.wrong_budgets), (1, 1));
    assert!(!audit.holds());
}
