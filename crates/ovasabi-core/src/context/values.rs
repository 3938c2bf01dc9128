//! Values by type, in a list that children share with their parents.

use std::any::Any;
use std::sync::Arc;

use super::scope::Scope;

/// A list that only grows at its head: adding is one allocation and changes nobody else's view.
#[derive(Clone, Default)]
pub(super) struct Values(Option<Link>);

#[derive(Clone)]
enum Link {
    One(Arc<Node<dyn Any + Send + Sync>>),
    /// What a request brought along lies in its scope.
    Received(Arc<Scope>),
}

struct Node<T: ?Sized> {
    next: Values,
    value: T,
}

impl Values {
    pub(super) fn with<T: Send + Sync + 'static>(&self, value: T) -> Self {
        Self(Some(Link::One(Arc::new(Node {
            next: self.clone(),
            value,
        }))))
    }

    pub(super) fn received(scope: Arc<Scope>) -> Self {
        Self(Some(Link::Received(scope)))
    }

    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        let mut values = self;
        loop {
            let (found, next) = match values.0.as_ref()? {
                Link::One(node) => (node.value.downcast_ref(), &node.next),
                Link::Received(scope) => {
                    let received = scope.received()?;
                    (received.get(), &received.earlier)
                }
            };
            if found.is_some() {
                return found;
            }
            values = next;
        }
    }
}

impl Drop for Values {
    // The default would recurse once a value: a loop that adds a million of them would end in a stack
    // overflow when the list is dropped.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(Link::One(mut node)) = next {
            // The rest is ours to take apart only if nobody else holds this node.
            next = Arc::get_mut(&mut node).and_then(|node| node.next.0.take());
        }
    }
}
