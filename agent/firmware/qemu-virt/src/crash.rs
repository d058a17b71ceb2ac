//! Switches that end a boot badly, to see what is left of it.

use alloc::vec::Vec;

use heapbeacon::platform::Switch;

/// More than the machine has.
const TOO_MUCH: usize = 64 << 20;

pub(crate) static PANIC: Panic = Panic;
pub(crate) static EXHAUSTION: Exhaustion = Exhaustion;

pub(crate) struct Panic;

impl Switch for Panic {
    fn name(&self) -> &'static str {
        "panic"
    }

    fn summary(&self) -> &'static str {
        "Panics at once, and the machine restarts."
    }

    fn is_on(&self) -> bool {
        false
    }

    fn set(&self, on: bool) {
        if on {
            panic!("somebody turned the switch on");
        }
    }
}

pub(crate) struct Exhaustion;

impl Switch for Exhaustion {
    fn name(&self) -> &'static str {
        "out-of-memory"
    }

    fn summary(&self) -> &'static str {
        "Asks for more memory than there is and can't do without, and the machine restarts."
    }

    fn is_on(&self) -> bool {
        false
    }

    fn set(&self, on: bool) {
        if on {
            let block: Vec<u8> = Vec::with_capacity(TOO_MUCH);
            core::hint::black_box(block);
        }
    }
}
