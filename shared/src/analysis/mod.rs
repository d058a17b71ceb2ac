//! What the numbers of a trace mean: folds over values, without bytes, symbols, I/O or a clock.

mod arithmetic;
#[cfg(feature = "alloc")]
mod growth;
#[cfg(feature = "alloc")]
mod leak;
#[cfg(feature = "alloc")]
mod ranked;
#[cfg(feature = "alloc")]
mod series;
#[cfg(feature = "alloc")]
mod trend;
#[cfg(feature = "alloc")]
mod verdict;

pub use arithmetic::{
    accounting_holds, fragmentation_percent, held_for_certain, seconds_until_full,
};
#[cfg(feature = "alloc")]
pub use leak::{Growth, Known, LEAK_BLOCKS, LEAK_US, Moment, SUSPECT_US, Standing, Suspect};
#[cfg(feature = "alloc")]
pub use ranked::ranked;
#[cfg(feature = "alloc")]
pub use series::{Point, Series, Timed};
#[cfg(feature = "alloc")]
pub use verdict::{
    Blocks, FEW_BLOCKS, MINIMUM_GAIN, MINIMUM_US, RISES, SIGNIFICANCE, SLICES, Verdict, WINDOW_US,
    verdict,
};
