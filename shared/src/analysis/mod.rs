//! What the numbers of a trace mean: folds over values, without bytes, symbols, I/O or a clock.
//!
//! | step | from | to |
//! |---|---|---|
//! | `judge` | the numbers that one answer has of a call stack | a `Verdict` |
//! | `Followed` | answers that follow each other | the same, with what only a history tells |
//! | `Watched` | a `Snapshot` of the leak list at each answer, too | the moments that were recorded, and whether blocks pile up in all |
//! | `History::of_each` | snapshots, and which call stacks make up a site | what each site held at each moment |
//! | `Watched::judge` | histories | a `Judgement` of each site |
//! | `LeakList::conclude` | judgements | a `Conclusion`: what the whole list shows |
//! | `growths` | readings of how much a heap holds | when it grew, by what is still held |
//! | `Traffic` | records that were freed, or events | sizes, lifetimes, and what is gone at once |
//! | `CallTree` | call stacks, and a value of each | what is below each function |
//! | `Comparison` | the call sites of two lists | what is new, gone, grown and shrunk |
//! | `layout` | live blocks by address | holes, which blocks pin them, and who pins most |
//! | `Holders` | live blocks, roots and references of a scan | who holds each block, and what is lost in two scans |
//!
//! What a site is, the caller decides: here it is an index. All but `judge` and `layout` needs `alloc`.

mod arithmetic;
#[cfg(feature = "alloc")]
mod by_id;
#[cfg(feature = "alloc")]
mod call_tree;
#[cfg(feature = "alloc")]
mod comparison;
#[cfg(feature = "alloc")]
mod conclusion;
#[cfg(feature = "alloc")]
mod evicting;
mod evidence;
#[cfg(feature = "alloc")]
mod followed;
#[cfg(feature = "alloc")]
mod growth;
#[cfg(feature = "alloc")]
mod held;
#[cfg(feature = "alloc")]
mod history;
#[cfg(feature = "alloc")]
mod holders;
#[cfg(feature = "alloc")]
mod in_place;
#[cfg(feature = "alloc")]
mod judgement;
pub mod layout;
#[cfg(feature = "alloc")]
mod lifetimes;
#[cfg(feature = "alloc")]
mod outliving;
#[cfg(feature = "alloc")]
mod queue;
#[cfg(feature = "alloc")]
mod ranked;
#[cfg(feature = "alloc")]
mod recorded;
#[cfg(feature = "alloc")]
mod rises;
#[cfg(feature = "alloc")]
mod series;
#[cfg(feature = "alloc")]
mod snapshot;
#[cfg(feature = "alloc")]
mod traffic;
#[cfg(feature = "alloc")]
mod trend;
#[cfg(feature = "alloc")]
mod watched;

pub use arithmetic::{
    Amount, accounting_holds, fragmentation_percent, held_for_certain, seconds_until_full, untraced,
};
#[cfg(feature = "alloc")]
pub(crate) use by_id::ById;
#[cfg(feature = "alloc")]
pub use call_tree::{CallNode, CallTree};
#[cfg(feature = "alloc")]
pub use comparison::{Change, Comparison, Holding, Side, SiteKey, Turn, Unlike};
#[cfg(feature = "alloc")]
pub use conclusion::{Caveat, Conclusion, GrowingSites, LeakList, Listed, QUIET_US, Rest};
pub use evidence::{FEW_BLOCKS, LEAK_BLOCKS, LEAK_US, Passed, judge};
#[cfg(feature = "alloc")]
pub use followed::{Followed, Told};
#[cfg(feature = "alloc")]
pub use growth::SLICES;
#[cfg(feature = "alloc")]
pub use held::{Growth, growths};
#[cfg(feature = "alloc")]
pub use history::History;
#[cfg(feature = "alloc")]
pub use holders::{Hold, Holder, Holders, LiveBlock};
#[cfg(feature = "alloc")]
pub use judgement::{Judgement, Standing};
#[cfg(feature = "alloc")]
pub use ranked::{places, ranked, sort_keys};
#[cfg(feature = "alloc")]
pub use recorded::piles_up;
#[cfg(feature = "alloc")]
pub use series::{Point, Series, Timed};
#[cfg(feature = "alloc")]
pub use snapshot::{Held, Snapshot};
#[cfg(feature = "alloc")]
pub use traffic::{Histogram, Lived, Passing, Traffic};
#[cfg(feature = "alloc")]
pub use watched::{SHORTEST_US, Watched, is_recording};
