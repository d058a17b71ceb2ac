//! What a device does by itself when its heap runs low: freeze the trace, switch its mode, restart.
//!
//! Triggers are [settings](crate::field::settings). Each [sample](crate::sample()) looks at them, without a heap, and for no longer than `GET
//! /trace/leaks` with one entry takes; where one waits for lost blocks, each fifth also reads all memory that a program may refer from, and
//! so does each one while a first block is to be confirmed. One that comes about leaves a [mark](crate::marks), so it is seen in the list of marks, in captures and by
//! viewers, and does what it is for, once; it comes about again only after it has ended, with an eighth to spare.

use core::fmt::Write;

use embassy_sync::blocking_mutex::raw::RawMutex;
#[cfg(feature = "http")]
use heapbeacon_shared::api;
use heapbeacon_shared::trace::{Action, Condition, Mode, Name, Origin, State, Trigger};

use crate::black_box::BlackBox;
use crate::field::seek::step;
use crate::field::settings::Store;
#[cfg(feature = "http")]
use crate::field::watched::describe;
use crate::mark::mark;
use crate::platform::{Device, left_for_firmware, uptime_us};
use crate::postmortem::{snapshot, triggered};
use crate::read::cursors::now_us;
use crate::read::leaks::{Asked, Leaks, Listed};
use crate::tracer::Order;

/// Microseconds of a boot in which no trigger restarts the device: one that restarts at once can't be asked why.
pub const NO_RESTART_US: u64 = 10 * 60 * 1_000_000;
/// Microseconds that a restart waits for a quiet moment.
pub const PATIENCE_US: u64 = 5 * 60 * 1_000_000;
/// What a value has to be beyond its limit again before a trigger has ended: an eighth of the limit.
const MARGIN: u64 = 8;

/// Looks whether a trigger has come about, and does what it is for. [`sample`](crate::sample()) does it.
pub fn watch<P: Device>() {
    let Some(store) = P::settings() else {
        return;
    };
    let summary = P::tracer().summary();
    // What a trace counts begins anew with it, and nothing is counted while it does not record.
    let failed_us = P::black_box().map(BlackBox::failed_us);
    let has_failed = store.watch(|watched| {
        watched.activity.note(summary.total_allocations);
        watched.note_failures(failed_us, summary.failed_allocations)
    });
    let triggers = store.triggers();
    if triggers
        .iter()
        .any(|trigger| trigger.when == Condition::BlockLost)
    {
        // Not under the lock: it takes long.
        let mut lost = store.watch(|watched| watched.lost.clone());
        step::<P>(&mut lost);
        store.watch(|watched| watched.lost = lost);
    }
    for (index, trigger) in triggers.iter().enumerate() {
        let now_us = now_us::<P>();
        let was_met = store.watch(|watched| watched.triggers[index].is_met);
        let waits = trigger.then == Action::Restart && now_us < NO_RESTART_US;
        let waits = waits || trigger.then == Action::SwitchMode && has_fired(store, index);
        let is_met = match trigger.when {
            Condition::AllocationFailed => Some(has_failed),
            Condition::BlockLost => store
                .lost_bytes()
                .map(|bytes| is_beyond(trigger, bytes, was_met)),
            _ => value::<P>(trigger.when).map(|value| is_beyond(trigger, value, was_met)),
        };
        if let Some(is_met) = is_met
            && store.watch(|watched| watched.note(index, is_met && !waits, now_us))
        {
            act::<P>(*trigger, false);
        }
    }
    let restarts = store.watch(|watched| {
        let (since_us, _) = watched.restart.as_ref()?;
        let waited_us = now_us::<P>().saturating_sub(*since_us);
        let is_time = watched.activity.is_quiet() || waited_us >= PATIENCE_US;
        let (_, trigger) = watched.restart.take_if(|_| is_time)?;
        Some(trigger)
    });
    if let Some(trigger) = restarts
        && P::restart()
    {
        triggered::<P>(&trigger);
    }
}

fn has_fired<M: RawMutex>(store: &Store<M>, index: usize) -> bool {
    store.watch(|watched| watched.triggers[index].has_fired())
}

/// Does now what a trigger is for, as if it had come about; `None` if there is none of that number, from 0.
#[cfg(feature = "http")]
pub(crate) fn try_out<P: Device>(index: usize) -> Option<api::Trigger> {
    let store = P::settings()?;
    let trigger = *store.triggers().get(index)?;
    let now_us = now_us::<P>();
    let fired = store.watch(|watched| {
        watched.triggers[index].fire(now_us);
        watched.triggers[index]
    });
    act::<P>(trigger, true);
    Some(describe((&trigger, fired)))
}

/// Returns what a condition looks at; `None` if that is not known now.
fn value<P: Device>(condition: Condition) -> Option<u64> {
    match condition {
        Condition::FreeBelow => Some(left_for_firmware::<P>().free),
        Condition::LargestBelow => left_for_firmware::<P>().largest_free_block,
        Condition::OutlivedAbove => outlived::<P>(),
        Condition::AllocationFailed | Condition::BlockLost => None,
    }
}

/// Returns the most bytes that blocks of one call stack of the application have which outlived freed ones of its own; `None` while somebody
/// reads that list. What never had a block freed is not known to be a leak.
fn outlived<P: Device>() -> Option<u64> {
    let asked = Asked {
        order: Order::Outlived,
        gives_way: true,
        ..Asked::default()
    };
    let mut leaks = Leaks::begin(P::tracer(), now_us::<P>(), &asked)?;
    let is_agents = |task| P::task(task).is_some_and(|task| task.origin == Origin::Agent);
    while let Some(Listed { leak, stack, .. }) = leaks.read_next(P::tracer()) {
        if stack.frees > 0 && !is_agents(stack.task) {
            return Some(leak.outlived.bytes);
        }
    }
    Some(0)
}

/// Checks whether a value is beyond the limit of a trigger, or has not come back far enough.
fn is_beyond(trigger: &Trigger, value: u64, was_beyond: bool) -> bool {
    let limit = u64::from(trigger.bytes);
    let margin = if was_beyond { limit / MARGIN } else { 0 };
    match trigger.when {
        Condition::OutlivedAbove | Condition::BlockLost => value > limit - margin,
        _ => value < limit + margin,
    }
}

/// Does what a trigger is for, and marks that.
fn act<P: Device>(trigger: Trigger, is_trial: bool) {
    let reason = match is_trial {
        true => reason_of_trial(trigger),
        false => reason(trigger),
    };
    mark::<P>(&reason);
    match trigger.then {
        Action::Mark => {}
        Action::Freeze => stop::<P>(),
        Action::SwitchMode => {
            let summary = P::tracer().summary();
            let other = match summary.mode {
                Some(Mode::Leaks) => Mode::All,
                _ => Mode::Leaks,
            };
            // What was stopped is left for somebody to look at.
            if summary.state == State::Recording {
                stop::<P>();
                let _ = P::tracer().start(other, uptime_us::<P>());
            }
        }
        Action::Restart => {
            if let Some(store) = P::settings() {
                let now_us = now_us::<P>();
                store.watch(|watched| {
                    watched.restart.get_or_insert((now_us, reason));
                });
            }
        }
        Action::Snapshot => snapshot::<P>(&reason),
    }
}

fn stop<P: Device>() {
    P::tracer().pass(uptime_us::<P>());
    // One that is stopped already, or was never started, is what is wanted.
    let _ = P::tracer().stop();
}

/// Returns the name of the mark that a trigger leaves.
fn reason(trigger: Trigger) -> Name {
    let mut name = Name::new();
    let (bytes, then) = (trigger.bytes, word(trigger.then));
    // The longest has room: `every_reason_has_room`.
    let _ = match trigger.when {
        Condition::FreeBelow => write!(name, "free < {bytes}: {then}"),
        Condition::LargestBelow => write!(name, "largest < {bytes}: {then}"),
        Condition::OutlivedAbove => write!(name, "outlived > {bytes}: {then}"),
        Condition::AllocationFailed => write!(name, "allocation failed: {then}"),
        Condition::BlockLost => write!(name, "lost > {bytes}: {then}"),
    };
    name
}

/// Returns the name of the mark that a trigger leaves when it is tried.
fn reason_of_trial(trigger: Trigger) -> Name {
    let when = match trigger.when {
        Condition::FreeBelow => "free",
        Condition::LargestBelow => "largest",
        Condition::OutlivedAbove => "outlived",
        Condition::AllocationFailed => "allocation failed",
        Condition::BlockLost => "lost",
    };
    let mut name = Name::new();
    // As above.
    let _ = write!(name, "try: {when}: {}", word(trigger.then));
    name
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Mark => "mark",
        Action::Freeze => "freeze",
        Action::SwitchMode => "switch",
        Action::Restart => "restart",
        Action::Snapshot => "keep",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_trigger(bytes: u32) -> impl Iterator<Item = Trigger> {
        let every = move |when| Action::ALL.map(|then| Trigger { when, bytes, then });
        Condition::ALL.into_iter().flat_map(every)
    }

    #[test]
    fn every_reason_has_room() {
        for trigger in every_trigger(u32::MAX) {
            for name in [reason(trigger), reason_of_trial(trigger)] {
                assert!(name.ends_with(word(trigger.then)), "{name}");
            }
        }
    }

    #[test]
    fn a_trigger_ends_only_with_an_eighth_to_spare() {
        let low = Trigger {
            when: Condition::FreeBelow,
            bytes: 8_000,
            then: Action::Mark,
        };
        let met = [7_999, 8_000, 8_999, 9_000].map(|value| is_beyond(&low, value, true));
        assert_eq!(met, [true, true, true, false]);
        assert!(!is_beyond(&low, 8_000, false));
        let outlived = Trigger {
            when: Condition::OutlivedAbove,
            ..low
        };
        let met = [8_001, 7_001, 7_000].map(|value| is_beyond(&outlived, value, true));
        assert_eq!(met, [true, true, false]);
        assert!(!is_beyond(&outlived, 8_000, false));
    }
}
