//! Deadlines, causes and values pass down, never up.

use std::time::Duration;

use ovasabi_core::Context;
use ovasabi_core::context::{Cause, Subject, SubjectKind, Tenant};
use proptest::prelude::*;
use proptest::sample::Index;
use tokio::time::{Instant, advance};

/// A tree of scopes, and what a slow model knows of it.
struct Tree {
    contexts: Vec<Context>,
    /// For each context its scope, and for each scope the one above.
    scope_of: Vec<usize>,
    above: Vec<Option<usize>>,
}

#[derive(Clone, Debug)]
enum Derive {
    Child,
    Timeout(u64),
    With(u32),
}

fn steps() -> impl Strategy<Value = Vec<(Index, Derive)>> {
    let how = prop_oneof![
        Just(Derive::Child),
        (0..10_000_u64).prop_map(|seconds| Derive::Timeout(3_600 + seconds)),
        any::<u32>().prop_map(Derive::With),
    ];
    prop::collection::vec((any::<Index>(), how), 1..40)
}

impl Tree {
    fn grow(steps: Vec<(Index, Derive)>) -> Self {
        let mut tree = Self {
            contexts: vec![Context::background()],
            scope_of: vec![0],
            above: vec![None],
        };
        for (from, how) in steps {
            let from = from.index(tree.contexts.len());
            let (parent, scope) = (tree.contexts[from].clone(), tree.scope_of[from]);
            let context = match how {
                Derive::Child => undropped(&parent),
                Derive::Timeout(seconds) => parent.with_timeout(Duration::from_secs(seconds)),
                Derive::With(value) => {
                    tree.contexts.push(parent.with(value));
                    tree.scope_of.push(scope);
                    continue;
                }
            };
            tree.contexts.push(context);
            tree.scope_of.push(tree.above.len());
            tree.above.push(Some(scope));
        }
        tree
    }

    fn is_at_or_below(&self, mut scope: usize, top: usize) -> bool {
        loop {
            match self.above[scope] {
                _ if scope == top => return true,
                Some(above) => scope = above,
                None => return false,
            }
        }
    }
}

fn undropped(parent: &Context) -> Context {
    let (child, guard) = parent.child();
    guard.disarm();
    child
}

proptest! {
    #[test]
    fn no_deadline_is_later_than_the_one_above(steps in steps()) {
        let tree = Tree::grow(steps);
        let deadline = |scope: usize| {
            let context = tree.scope_of.iter().position(|of| *of == scope).unwrap();
            tree.contexts[context].deadline()
        };
        for (scope, above) in tree.above.iter().enumerate() {
            if let Some(limit) = above.and_then(deadline) {
                prop_assert!(deadline(scope).is_some_and(|own| own <= limit));
            }
        }
    }

    #[test]
    fn cancelling_reaches_all_below_and_nobody_else(steps in steps(), victim in any::<Index>()) {
        let tree = Tree::grow(steps);
        let victim = victim.index(tree.contexts.len());
        tree.contexts[victim].cancel(Cause::Shutdown);
        for (context, scope) in tree.contexts.iter().zip(&tree.scope_of) {
            let expected = tree.is_at_or_below(*scope, tree.scope_of[victim]).then_some(Cause::Shutdown);
            prop_assert_eq!(context.cause(), expected);
        }
    }
}

#[test]
fn the_first_cause_stays() {
    let cx = undropped(&Context::background());
    cx.cancel(Cause::Disconnected);
    cx.cancel(Cause::Shutdown);
    assert_eq!(cx.cause(), Some(Cause::Disconnected));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_has_passed_was_first() {
    let cx = Context::background().with_timeout(Duration::from_secs(1));
    advance(Duration::from_secs(1)).await;
    cx.cancel(Cause::Disconnected);
    assert_eq!(cx.cause(), Some(Cause::DeadlineExceeded));
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_before_the_deadline_stays_after_it() {
    let cx = Context::background().with_timeout(Duration::from_secs(1));
    cx.cancel(Cause::Disconnected);
    advance(Duration::from_secs(2)).await;
    assert_eq!(cx.cause(), Some(Cause::Disconnected));
}

#[test]
fn a_cancelled_child_leaves_its_parent_and_siblings_alone() {
    let parent = Context::background();
    let (child, guard) = parent.child();
    let (sibling, _kept) = parent.child();
    guard.cancel(Cause::Disconnected);
    assert_eq!(child.cause(), Some(Cause::Disconnected));
    assert_eq!((parent.cause(), sibling.cause()), (None, None));
}

#[test]
fn a_child_of_a_cancelled_parent_is_born_cancelled() {
    let parent = undropped(&Context::background());
    parent.cancel(Cause::Shutdown);
    assert_eq!(undropped(&parent).cause(), Some(Cause::Shutdown));
    assert_eq!(
        parent.with_timeout(Duration::from_secs(1)).cause(),
        Some(Cause::Shutdown)
    );
}

#[test]
fn dropping_the_guard_cancels_and_disarming_it_does_not() {
    let parent = Context::background();
    let (child, guard) = parent.child();
    drop(guard);
    assert_eq!(child.cause(), Some(Cause::Cancelled));
    assert_eq!(undropped(&parent).cause(), None);
}

#[test]
fn without_cancel_keeps_the_values_and_nothing_else() {
    let cx = Context::background()
        .with_timeout(Duration::ZERO)
        .with(Tenant::new("acme"));
    let free = cx.without_cancel();
    assert_eq!((free.cause(), free.deadline()), (None, None));
    assert_eq!(free.tenant().map(Tenant::as_str), Some("acme"));
}

#[test]
fn values_are_found_by_type_and_the_last_one_hides_the_earlier() {
    let one = Context::background().with(1_u32).with("text");
    let two = one.with(2_u32);
    assert_eq!((one.get::<u32>(), two.get::<u32>()), (Some(&1), Some(&2)));
    assert_eq!((two.get::<&str>(), two.get::<u64>()), (Some(&"text"), None));
}

#[test]
fn the_tenant_is_the_one_set_else_that_of_the_subject() {
    let subject = Subject::new(SubjectKind::User, "u1").with_tenant(Tenant::new("of-subject"));
    let cx = Context::background().with(subject);
    assert_eq!(cx.tenant().map(Tenant::as_str), Some("of-subject"));
    assert_eq!(
        cx.with(Tenant::new("set")).tenant().map(Tenant::as_str),
        Some("set")
    );
}

#[test]
fn a_timeout_beyond_the_clock_is_no_timeout() {
    assert_eq!(
        Context::background().with_timeout(Duration::MAX).deadline(),
        None
    );
    let limit = Instant::now() + Duration::from_secs(1);
    let cx = Context::background()
        .with_deadline(limit)
        .with_timeout(Duration::MAX);
    assert_eq!(cx.deadline(), Some(limit));
}

/// Small on purpose: recursion over the depth of the tree would need hundreds of times as much.
const STACK: usize = 256 * 1024;
const DEPTH: usize = 1_000_000;

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_chain_a_million_deep_is_cancelled_and_dropped_on_a_small_stack() {
    on_a_small_stack(|| {
        let root = undropped(&Context::background());
        let leaf = (0..DEPTH).fold(root.clone(), |parent, _| undropped(&parent));
        root.cancel(Cause::Shutdown);
        assert_eq!(leaf.cause(), Some(Cause::Shutdown));
        drop(root);
        drop(leaf);
    });
}

#[test]
fn a_million_values_are_dropped_on_a_small_stack() {
    on_a_small_stack(|| drop((0..DEPTH).fold(Context::background(), |cx, value| cx.with(value))));
}

#[test]
fn a_context_is_four_words_wide_and_crosses_threads() {
    fn crosses<T: Clone + Send + Sync + std::fmt::Debug + 'static>() {}
    crosses::<Context>();
    assert_eq!(size_of::<Context>(), 4 * size_of::<usize>());
}
