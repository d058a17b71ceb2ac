//! A switch that says whether something goes on.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use heapbeacon::platform::Switch;

/// One that is off as long as nobody asks for it.
pub(crate) struct Toggle {
    name: &'static str,
    summary: &'static str,
    is_on: AtomicBool,
}

impl Toggle {
    pub(crate) const fn new(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            is_on: AtomicBool::new(false),
        }
    }
}

impl Switch for Toggle {
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    fn set(&self, on: bool) {
        self.is_on.store(on, Relaxed);
    }
}
