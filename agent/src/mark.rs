//! Marks a moment from firmware: [`mark!`](crate::mark!) knows the board by the symbol that
//! [`marks_of!`](crate::marks_of!) defines, as embassy-time knows its driver.

use heapbeacon_shared::trace::Mark;

use crate::platform::{Platform, uptime_us};

/// Marks this moment on a board, and returns the mark: see [`mark!`](crate::mark!), which does not have to name the board.
pub fn mark<P: Platform>(name: &str) -> Mark {
    let (time_us, trace) = P::tracer().moment(uptime_us::<P>());
    P::marks().add(name, time_us, trace.id())
}

/// Marks this moment: from then on, leaks and records can be asked for from there on, or up to there.
///
/// It may be called anywhere, in an interrupt too, and before the agent is started: it takes two short holds of the board's
/// lock, and no heap. A name longer than 32 bytes is cut; a control character in it becomes a blank. It is best not made of
/// digits only, or `since` takes it for a time.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/board.rs"));
/// heapbeacon::marks_of!(Board); // Boards of HeapBeacon have this already.
///
/// fn log_in() {
///     heapbeacon::mark!("after login");
/// }
///
/// # fn main() {
/// log_in();
/// assert_eq!(Board::marks().after(0).map(|mark| mark.id), Some(1));
/// # }
/// ```
#[macro_export]
macro_rules! mark {
    ($name:expr) => {
        $crate::_heapbeacon_mark($name)
    };
}

/// Lets [`mark!`](crate::mark!) mark moments on a [`Platform`]. A program does this once, which its board has to do.
#[macro_export]
macro_rules! marks_of {
    ($board:ty) => {
        const _: () = {
            // SAFETY: the name is HeapBeacon's own, and a program has one board.
            #[unsafe(no_mangle)]
            fn _heapbeacon_mark(name: &str) {
                $crate::mark::<$board>(name);
            }
        };
    };
}

// SAFETY: `marks_of!` defines it with this signature, and nobody else does.
unsafe extern "Rust" {
    /// Marks this moment on the board of this program; without one, it does not link.
    #[doc(hidden)]
    pub safe fn _heapbeacon_mark(name: &str);
}
