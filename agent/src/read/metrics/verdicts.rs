//! What is said of all call stacks, counted.

use heapbeacon_shared::trace::Kind;

use crate::platform::Device;
use crate::read::leaks::Leaks;
use crate::tracer::Trace;

/// Call stacks that are judged before others get their turn: as many as their births are counted for in one sweep.
const JUDGED_AT_A_TIME: usize = 4;
/// What one answer can tell of a call stack: queues and what grows in place show in several, what is lost to whoever has scanned
/// twice.
pub(super) const KINDS: [Kind; 6] = [
    Kind::Leaking,
    Kind::Filling,
    Kind::Plateau,
    Kind::InFlight,
    Kind::OneOff,
    Kind::TooEarly,
];

/// What is said of all call stacks that hold blocks.
#[derive(Default)]
pub(super) struct Verdicts {
    /// Call stacks that were counted.
    listed: u32,
    /// Those of each of the [kinds](KINDS), and the bytes that they hold.
    pub(super) stacks: [u16; KINDS.len()],
    pub(super) bytes: [u64; KINDS.len()],
    pub(super) outlived_blocks: u64,
    pub(super) outlived_bytes: u64,
}

impl Verdicts {
    /// Counts the next few; returns whether there are more.
    pub(super) fn count_some<P: Device>(&mut self, leaks: &mut Leaks) -> bool {
        for _ in 0..JUDGED_AT_A_TIME {
            let Some(listed) = leaks.read_next(P::tracer()) else {
                return false;
            };
            self.listed += 1;
            let mut kinds = KINDS.iter();
            if let Some(kind) = kinds.position(|kind| *kind == listed.verdict.kind) {
                self.stacks[kind] += 1;
                self.bytes[kind] = self.bytes[kind].saturating_add(listed.leak.bytes);
            }
            let outlived = listed.leak.outlived;
            self.outlived_blocks = self.outlived_blocks.saturating_add(outlived.count);
            self.outlived_bytes = self.outlived_bytes.saturating_add(outlived.bytes);
        }
        true
    }

    /// Returns the sums, with the trace that they are of, if they are of every call stack that holds blocks.
    pub(super) fn of_all(&mut self, leaks: &Leaks) -> Option<(Trace, Self)> {
        (self.listed == leaks.total()).then(|| (leaks.trace(), core::mem::take(self)))
    }
}
