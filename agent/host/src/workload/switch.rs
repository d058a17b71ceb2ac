//! The switches that turn each behaviour of the workload on and off while it runs.

use core::sync::atomic::{AtomicBool, Ordering};

/// The switches of the running workload; every behaviour starts switched on.
pub(super) static SWITCHES: Switches = Switches::new();

/// What can be switched, in the order of the table.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    SessionLeak,
    CachePlateau,
    MessageChurn,
    ConfigOneOff,
    Fragmentation,
}

/// One switch; an atomic, so that a request may set it while a job reads it.
#[derive(Debug)]
pub(crate) struct Switch {
    name: &'static str,
    summary: &'static str,
    on: AtomicBool,
}

impl Switch {
    const fn new(name: &'static str, summary: &'static str) -> Self {
        let on = AtomicBool::new(true);
        Self { name, summary, on }
    }

    /// Returns the name in kebab case; it never changes, so tools may rely on it.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Returns what the behaviour does and what switching it off does, in one sentence.
    pub(crate) fn summary(&self) -> &'static str {
        self.summary
    }

    /// Tells whether the behaviour is switched on.
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// Turns the behaviour on or off; its job follows at its next step, at most one period later.
    pub(crate) fn set(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }
}

/// One switch for each [`Behaviour`].
#[derive(Debug)]
pub(super) struct Switches([Switch; 5]);

impl Switches {
    pub(super) const fn new() -> Self {
        Self([
            Switch::new(
                "session-leak",
                "A client that reconnects gets a new session while its old one stays in the \
                 table; off closes the old one and keeps what has leaked.",
            ),
            Switch::new(
                "cache-plateau",
                "Rendered pages fill a cache until it is full and then replace the oldest; off \
                 empties the cache.",
            ),
            Switch::new(
                "message-churn",
                "Each reading becomes a JSON message that is queued, sent and dropped; off \
                 builds none.",
            ),
            Switch::new(
                "config-one-off",
                "One block of 64 KiB holds the configuration; off drops it.",
            ),
            Switch::new(
                "fragmentation",
                "Small long-lived blocks pin the holes that short-lived ones leave; off drops \
                 them all.",
            ),
        ])
    }

    pub(super) fn as_slice(&self) -> &[Switch] {
        &self.0
    }

    pub(super) fn is_on(&self, behaviour: Behaviour) -> bool {
        self.0[behaviour as usize].is_on()
    }
}

#[cfg(test)]
impl Switches {
    /// Returns switches of which only `behaviour` is on: a test looks at one behaviour at a time.
    pub(super) fn only(behaviour: Behaviour) -> Self {
        let switches = Self::new();
        for switch in &switches.0 {
            switch.set(false);
        }
        switches.set(behaviour, true);
        switches
    }

    pub(super) fn set(&self, behaviour: Behaviour, on: bool) {
        self.0[behaviour as usize].set(on);
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
        ] {
            let switches = Switches::new();
            let named = switches
                .as_slice()
                .iter()
                .find(|switch| switch.name() == name);
            assert!(switches.is_on(behaviour), "{name} starts on");
            named.expect("every behaviour has a switch").set(false);
            assert!(!switches.is_on(behaviour), "{name} is off");
        }
    }

    #[test]
    fn summaries_are_single_sentences() {
        for switch in Switches::new().as_slice() {
            let summary = switch.summary();
            assert!(summary.ends_with('.'), "{summary}");
            assert_eq!(summary.matches('.').count(), 1, "{summary}");
            assert!(!summary.contains("  "), "{summary}");
        }
    }
}
