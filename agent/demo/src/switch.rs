//! The switches that turn each behaviour of the workload on and off while it runs.

use core::sync::atomic::{AtomicBool, Ordering};

use heapbeacon::platform::{self, Switch as _};

/// The switches of the running workload; every behaviour but exhaustion and lost blocks starts switched on.
pub static SWITCHES: Switches = Switches::new();

/// The switches as a board offers them. Those before the last go together with jobs in several
/// threads; the last one, exhaustion, needs a board that runs all jobs in one.
pub static OFFERED: [&dyn platform::Switch; 9] = [
    &SWITCHES.switches[0],
    &SWITCHES.switches[1],
    &SWITCHES.switches[2],
    &SWITCHES.switches[3],
    &SWITCHES.switches[4],
    &SWITCHES.switches[5],
    &SWITCHES.switches[6],
    &SWITCHES.switches[7],
    &SWITCHES.switches[8],
];

/// What can be switched, in the order of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Behaviour {
    SessionLeak,
    CachePlateau,
    MessageChurn,
    ConfigOneOff,
    Fragmentation,
    TimerChurn,
    Traffic,
    LostBlocks,
    HeapExhaustion,
}

/// One switch; an atomic, so that a request may set it while a job reads it.
#[derive(Debug)]
struct Switch {
    name: &'static str,
    summary: &'static str,
    on: AtomicBool,
}

impl Switch {
    const fn new(name: &'static str, summary: &'static str, on: bool) -> Self {
        let on = AtomicBool::new(on);
        Self { name, summary, on }
    }
}

impl platform::Switch for Switch {
    /// The name is in kebab case and never changes, so tools may rely on it.
    fn name(&self) -> &'static str {
        self.name
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// The job follows at its next step, at most one period later.
    fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }
}

/// One switch for each behaviour of the workload.
#[derive(Debug)]
pub struct Switches {
    switches: [Switch; 9],
    /// Whether the hog holds the heap: for a moment longer than it is switched on.
    pub(crate) is_held: AtomicBool,
}

impl Switches {
    const fn new() -> Self {
        let switches = [
            Switch::new(
                "session-leak",
                "Every second client that reconnects gets a new session while its old one stays in the \
                 table; off closes the old one and keeps what has leaked.",
                true,
            ),
            Switch::new(
                "cache-plateau",
                "Rendered pages fill a cache until it is full and then replace the oldest; off \
                 empties the cache.",
                true,
            ),
            Switch::new(
                "message-churn",
                "Each reading becomes a JSON message that is queued, sent and dropped; off \
                 builds none.",
                true,
            ),
            Switch::new(
                "config-one-off",
                "One large block holds the configuration; off drops it.",
                true,
            ),
            Switch::new(
                "fragmentation",
                "Small long-lived blocks pin the holes that short-lived ones leave; off drops \
                 them all.",
                true,
            ),
            Switch::new(
                "timer-churn",
                "Heartbeats arm timers whose callbacks are boxed, and none waits longer than a \
                 second; off stops the heart.",
                true,
            ),
            Switch::new(
                "traffic",
                "Clients reconnect and ask for pages; off leaves sessions and pages as they are.",
                true,
            ),
            Switch::new(
                "lost-blocks",
                "At every other reconnect a few blocks are lost: two that hold only one another, and one that \
                 is forgotten; off loses no more, and what is lost stays.",
                false,
            ),
            Switch::new(
                "heap-exhaustion",
                "One job takes all that is left of the heap but its reserve, while the others stand \
                 still; off gives it back.",
                false,
            ),
        ];
        Self {
            switches,
            is_held: AtomicBool::new(false),
        }
    }

    /// Checks whether the jobs other than the [`Hog`](crate::Hog) have to stand still.
    pub fn is_exhausted(&self) -> bool {
        self.is_on(Behaviour::HeapExhaustion) || self.is_held.load(Ordering::Relaxed)
    }

    pub(crate) fn is_on(&self, behaviour: Behaviour) -> bool {
        self.switches[behaviour as usize].is_on()
    }
}

#[cfg(test)]
impl Switches {
    /// Returns switches of which only `behaviour` is on: a test looks at one behaviour at a time.
    pub(crate) fn only(behaviour: Behaviour) -> Self {
        let switches = Self::new();
        for switch in &switches.switches {
            switch.set(false);
        }
        switches.set(behaviour, true);
        switches
    }

    pub(crate) fn set(&self, behaviour: Behaviour, on: bool) {
        self.switches[behaviour as usize].set(on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_behaviour_reads_the_switch_of_its_name() {
        for (behaviour, name) in [
            (Behaviour::SessionLeak, "session-leak"),
            (Behaviour::CachePlateau, "cache-plateau"),
            (Behaviour::MessageChurn, "message-churn"),
            (Behaviour::ConfigOneOff, "config-one-off"),
            (Behaviour::Fragmentation, "fragmentation"),
            (Behaviour::TimerChurn, "timer-churn"),
            (Behaviour::Traffic, "traffic"),
            (Behaviour::LostBlocks, "lost-blocks"),
            (Behaviour::HeapExhaustion, "heap-exhaustion"),
        ] {
            let switches = Switches::new();
            let named = switches
                .switches
                .iter()
                .find(|switch| switch.name() == name);
            let named = named.expect("every behaviour has a switch");
            for on in [false, true] {
                named.set(on);
                assert_eq!(switches.is_on(behaviour), on, "{name}");
            }
        }
    }

    #[test]
    fn only_lost_blocks_and_exhaustion_start_switched_off() {
        let off = OFFERED.iter().filter(|switch| !switch.is_on());
        let off: Vec<_> = off.map(|switch| switch.name()).collect();
        assert_eq!(off, ["lost-blocks", "heap-exhaustion"]);
    }

    #[test]
    fn summaries_are_single_sentences() {
        for switch in OFFERED {
            let summary = switch.summary();
            assert!(summary.ends_with('.'), "{summary}");
            assert_eq!(summary.matches('.').count(), 1, "{summary}");
            assert!(!summary.contains("  "), "{summary}");
        }
    }
}
