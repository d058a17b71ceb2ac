//! Long work in short turns, for a page that answers to whoever uses it meanwhile.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

/// Records or frees that are worked on in one turn.
pub(super) const TURN: usize = 1 << 15;

/// Does work in one turn that pauses for nobody; `None` if it waits for something else.
pub(super) fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(work).poll(&mut context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
