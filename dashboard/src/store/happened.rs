//! What happened on a device, as far as it tells of it and this page has seen it.

use heapbeacon_shared::analysis::Timed;
use heapbeacon_shared::api::{Demo, Device};
use leptos::prelude::*;

use super::Store;
use super::clock::now_ms;
use crate::model::events::{Event, Kind, Known, start, switched};

const US_PER_MS: f64 = 1_000.0;

impl Store {
    /// Returns what is known to have happened since boot, newest first.
    pub fn events(&self) -> Vec<Event> {
        let (device, heap, trace) = (self.device.read(), self.heap.read(), self.trace.read());
        let (leaks, marks) = (self.leaks.read(), self.marks.read());
        let history = self.heap_history.read();
        let known = Known {
            device: device.as_ref(),
            heap: heap.as_ref(),
            trace: trace.as_ref(),
            period: leaks.as_ref().map(|page| &page.period),
            marks: Some(&marks),
            growths: &history.growths(),
            updated_us: self.updated_us.get(),
            seen: history.noted(),
        };
        known.events()
    }

    /// Remembers something that the device does not: that it was changed now.
    pub(crate) fn saw(&self, words: String) {
        let time_us = self.clock.get_value().later(0);
        let event = Event {
            time_us,
            kind: Kind::Switch,
            words,
        };
        self.heap_history.update(|history| history.note(event));
    }

    /// Remembers when the trace started that another one has replaced.
    pub(crate) fn remember_start(&self) {
        let started = self
            .trace
            .with_untracked(|trace| trace.as_ref().and_then(start));
        if let Some(started) = started {
            self.heap_history.update(|history| history.note(started));
        }
    }

    /// Takes which switches are on.
    pub(crate) fn take_demo(&self, demo: Demo) {
        let words = self
            .demo
            .with_untracked(|before| before.as_ref().map(|before| switched(before, &demo)));
        for words in words.unwrap_or_default() {
            self.saw(words);
        }
        self.demo.set(Some(demo));
    }

    /// Keeps what was known of the boot before, for the device has started anew; what is known of it is still there.
    pub(crate) fn keep_earlier(&self, device: &Device) {
        let events = untrack(|| self.events());
        let clock = self.clock.get_value();
        let booted_ms = now_ms() - device.uptime_us as f64 / US_PER_MS;
        self.heap_history.update(|history| {
            let last_us = history.items().last().map_or(0, Timed::time_us);
            history.restarted(events, clock.down_us(last_us, booted_ms));
        });
        // What failed is among those events, until the next boot tells of its own.
        self.heap.update(|heap| {
            if let Some(heap) = heap {
                heap.recent_failures.clear();
            }
        });
        // The next trace that is told of is no other one of the same boot.
        self.trace.update(|trace| {
            if let Some(trace) = trace {
                trace.trace_id = 0;
            }
        });
    }
}
