//! What the numbers of a trace mean: folds over values, without bytes, symbols, I/O or a clock.
//!
//! # Rules of the verdict
//! [`verdict`] looks at the live bytes of one call stack over time and says what they do. All of
//! it rests on the *low-water line*: the minimum of each slice of time. Buffers in flight push the
//! line up only for as long as they live, while a leaked block pushes it up for good.
//!
//! | verdict | rule, the first that holds |
//! |---|---|
//! | [`TooEarly`](Verdict::TooEarly) | less than [`MINIMUM_US`] or [`SLICES`] points of data |
//! | [`Growing`](Verdict::Growing) | the low-water line of a window never falls and rises in at least [`RISES`] of its steps; it gained [`MINIMUM_GAIN`] blocks; the rise is significant; the oldest block is at least half a window old; the newest isn't overdue |
//! | [`InFlight`](Verdict::InFlight) | no block is left, or every block that was live earlier in the window is gone, or the count fell to half of its peak |
//! | [`OneOff`](Verdict::OneOff) | at most [`FEW_BLOCKS`] blocks, none allocated or freed within the window |
//! | [`Plateau`](Verdict::Plateau) | all else: held, but not growing |
//!
//! - **Window**: the last [`WINDOW_US`], or the last two points per slice where those are further
//!   apart. A leak that is too slow to show in it is sought in windows 4, 16, … times as long.
//! - **Leaving `Growing`**: a leak that stops leaves it within [`WINDOW_US`]. One too slow for that
//!   window leaves it after 4 times the usual interval between its blocks: a longer window has no
//!   say on a leak that the next shorter one would have seen.
//! - **Significant**: the rise of the fitted line over the window exceeds [`SIGNIFICANCE`] times the
//!   median distance of the points from it.
//! - One block that grows in place is not `Growing`: what is sought are blocks that nobody frees.

mod arithmetic;
#[cfg(feature = "alloc")]
mod series;
#[cfg(feature = "alloc")]
mod trend;
#[cfg(feature = "alloc")]
mod verdict;

pub use arithmetic::{accounting_holds, fragmentation_percent, seconds_until_full};
#[cfg(feature = "alloc")]
pub use series::{Point, Series};
#[cfg(feature = "alloc")]
pub use verdict::{
    FEW_BLOCKS, MINIMUM_GAIN, MINIMUM_US, RISES, SIGNIFICANCE, SLICES, Verdict, WINDOW_US, verdict,
};
