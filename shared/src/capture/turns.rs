//! Long work in short turns, for a page that answers to whoever uses it meanwhile.

use alloc::boxed::Box;
use core::future::{Future, ready};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};

/// Records or frees that are worked on in one turn.
pub(super) const TURN: usize = 1 << 15;

/// What is done between two turns. Of one type for all, so that the work is compiled once.
pub(super) type Pause<'p> = &'p dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>;

/// Pauses for nobody.
pub(super) fn no_pause() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(ready(()))
}

/// Does work that pauses for nobody; `None` if it waits for something else.
pub(super) fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(work).poll(&mut context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
