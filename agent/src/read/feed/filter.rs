//! What a host wants to be told of.

use heapbeacon_shared::trace::Name;
use heapless::Vec;

use crate::platform::Device;
use crate::read::wanted::is_called;

/// Tasks that a host may name.
pub const TASKS: usize = 4;
/// How often counters and samples are told of unless a host says otherwise, in milliseconds.
pub const USUAL_MS: u32 = 1000;

/// What a host wants to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whether of events.
    pub events: bool,
    /// How often of the counters of the trace, in milliseconds; 0 is never.
    pub counters_ms: u32,
    /// How often of the state of the heap, in milliseconds; 0 is never.
    pub samples_ms: u32,
    /// Bytes of the smallest block.
    pub min_size: u64,
    /// The tasks whose blocks are wanted; none are all.
    pub tasks: Vec<Name, TASKS>,
}

impl Filter {
    /// Everything.
    pub const ALL: Self = Self {
        events: true,
        counters_ms: USUAL_MS,
        samples_ms: USUAL_MS,
        min_size: 0,
        tasks: Vec::new(),
    };

    /// Nothing.
    pub(super) const NOTHING: Self = Self {
        events: false,
        counters_ms: 0,
        samples_ms: 0,
        min_size: 0,
        tasks: Vec::new(),
    };

    /// Checks whether a block of a task is wanted.
    pub(super) fn has<P: Device>(&self, task: u16, size: u64) -> bool {
        let is_called = |name: &Name| is_called::<P>(task, name);
        size >= self.min_size && (self.tasks.is_empty() || self.tasks.iter().any(is_called))
    }
}
