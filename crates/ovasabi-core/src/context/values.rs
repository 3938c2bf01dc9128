//! Values by type, in a list that children share with their parents.

use std::any::Any;
use std::sync::Arc;

/// A list that only grows at its head: adding is one allocation and changes nobody else's view.
#[derive(Clone, Default)]
pub(super) struct Values(Option<Arc<Node<dyn Any + Send + Sync>>>);

struct Node<T: ?Sized> {
    next: Values,
    value: T,
}

impl Values {
    pub(super) fn with<T: Send + Sync + 'static>(&self, value: T) -> Self {
        Self(Some(Arc::new(Node { next: self.clone(), value })))
    }

    pub(super) fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        let mut node = self.0.as_deref();
        while let Some(at) = node {
            if let Some(found) = at.value.downcast_ref() {
                return Some(found);
            }
            node = at.next.0.as_deref();
        }
        None
    }
}

impl Drop for Values {
    // The default would recurse once a value: a loop that adds a million of them would end in a stack
    // overflow when the list is dropped.
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(node) = next {
            next = take_next(node);
        }
    }
}

/// The rest of the list, if nobody else holds this node.
fn take_next(mut node: Arc<Node<dyn Any + Send + Sync>>) -> Option<Arc<Node<dyn Any + Send + Sync>>> {
    Arc::get_mut(&mut node)?.next.0.take()
}
