//! What happened on the device since it started, as far as it is known: the strip of events on Live.

use heapbeacon_shared::analysis::Growth;
use heapbeacon_shared::api::{Demo, DemoSwitch, Device, Heap, MarksPage, Trace};
use heapbeacon_shared::trace::{Failure, Left, Mode, Period};

use crate::format;

/// What kind of event it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The device started.
    Boot,
    /// A trace started, or paused, or went on.
    Trace,
    /// Somebody named a moment.
    Mark,
    /// The heap began to grow, or no longer does.
    Growth,
    /// An allocation failed.
    Failure,
    /// New firmware came, or runs now.
    Update,
    /// Somebody switched a workload or changed the settings.
    Switch,
}

/// Something that happened at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Microseconds since boot.
    pub time_us: u64,
    /// What kind of event it was.
    pub kind: Kind,
    /// What happened.
    pub words: String,
}

/// What events are told by; whatever is not known yet tells none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'k> {
    /// Why the device started.
    pub device: Option<&'k Device>,
    /// Which allocations failed.
    pub heap: Option<&'k Heap>,
    /// When the trace started.
    pub trace: Option<&'k Trace>,
    /// When nothing was recorded.
    pub period: Option<&'k Period>,
    /// Moments that were named.
    pub marks: Option<&'k MarksPage>,
    /// When the heap grew.
    pub growths: &'k [Growth],
    /// When an update began; 0 where this boot began with other firmware.
    pub updated_us: Option<u64>,
    /// What the page has seen itself.
    pub seen: &'k [Event],
}

impl Known<'_> {
    /// Returns what is known to have happened, newest first.
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(device) = self.device {
            insert(&mut events, boot(device));
        }
        if let Some(event) = self.trace.and_then(start) {
            insert(&mut events, event);
        }
        for event in self.period.into_iter().flat_map(gaps) {
            insert(&mut events, event);
        }
        for event in self.growths.iter().flat_map(growth) {
            insert(&mut events, event);
        }
        if let Some(time_us) = self.updated_us {
            insert(&mut events, update(time_us));
        }
        for event in self.seen {
            insert(&mut events, event.clone());
        }
        for failed in self.heap.iter().flat_map(|heap| &heap.recent_failures) {
            insert(&mut events, failure(failed));
        }
        for mark in self.marks.iter().flat_map(|page| &page.marks) {
            let event = Event {
                time_us: mark.time_us,
                kind: Kind::Mark,
                words: mark.name.to_string(),
            };
            insert(&mut events, event);
        }
        events
    }
}

/// Inserts an event where it belongs. There are few, and sorting weighs more on the page.
fn insert(events: &mut Vec<Event>, event: Event) {
    let place = events.partition_point(|other| other.time_us > event.time_us);
    events.insert(place, event);
}

fn boot(device: &Device) -> Event {
    let words = match device.reset_reason.as_str() {
        "" => "device started".to_owned(),
        reason => format!("device started ({reason})"),
    };
    Event {
        time_us: 0,
        kind: Kind::Boot,
        words,
    }
}

fn update(time_us: u64) -> Event {
    let words = match time_us {
        0 => "other firmware started",
        _ => "update began",
    };
    Event {
        time_us,
        kind: Kind::Update,
        words: words.to_owned(),
    }
}

/// Tells when a trace started; nothing where there is none.
pub fn start(trace: &Trace) -> Option<Event> {
    let mode = match trace.summary.mode? {
        Mode::Leaks => "leaks",
        Mode::All => "all",
    };
    let time_us = trace.summary.started_us;
    (trace.trace_id > 0).then(|| traced(time_us, format!("trace started ({mode})")))
}

/// Says which switches are on now that were off, and off that were on.
pub fn switched(before: &Demo, now: &Demo) -> Vec<String> {
    let is_other = |(before, now): &(&DemoSwitch, &DemoSwitch)| before.on != now.on;
    let pairs = before.switches.iter().zip(&now.switches).filter(is_other);
    let words = pairs.map(|(_, now)| match now.on {
        true => format!("{} switched on", now.name),
        false => format!("{} switched off", now.name),
    });
    words.collect()
}

fn gaps(period: &Period) -> Vec<Event> {
    let ends = period.unrecorded.iter().flat_map(|gap| {
        let end = gap.until_us.map(|until_us| (until_us, "recording went on"));
        [Some((gap.from_us, "recording stopped or paused")), end]
    });
    ends.flatten()
        .map(|(time_us, words)| traced(time_us, words.to_owned()))
        .collect()
}

fn traced(time_us: u64, words: String) -> Event {
    Event {
        time_us,
        kind: Kind::Trace,
        words,
    }
}

fn growth(growth: &Growth) -> Vec<Event> {
    let gained = format::bytes(growth.bytes);
    let at = |time_us: u64, words: String| Event {
        time_us,
        kind: Kind::Growth,
        words,
    };
    match growth.is_over {
        true => vec![
            at(growth.from_us, "growth began".to_owned()),
            at(
                growth.until_us,
                format!("growth stopped after +{gained}, still held"),
            ),
        ],
        false => vec![at(
            growth.from_us,
            format!("growth began: +{gained} since, and it goes on"),
        )],
    }
}

fn failure(failure: &Failure) -> Event {
    let reserve = match failure.gave_reserve {
        true => "; the reserve was given back",
        false => "",
    };
    let bytes = format::count(failure.size);
    let left = failure.left.as_ref().map(left).unwrap_or_default();
    Event {
        time_us: failure.time_us,
        kind: Kind::Failure,
        words: format!("allocation of {bytes} bytes failed{left}{reserve}"),
    }
}

/// Says what was left of the heap as an allocation failed.
fn left(left: &Left) -> String {
    let free = format::bytes(left.free);
    match left.largest_free_block {
        Some(largest) => {
            let largest = format::bytes(largest);
            format!(": {free} were free, {largest} in one piece")
        }
        None => format!(": {free} were free"),
    }
}

/// Returns the name that a mark has if nobody gives it another.
pub fn usual_name(marks: &MarksPage) -> String {
    let last = marks.marks.last().map_or(0, |mark| mark.id);
    format!("mark {}", last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::{Mark, Summary, Unrecorded, name};

    use super::*;

    fn told(known: Known<'_>) -> Vec<(u64, String)> {
        let events = known.events().into_iter();
        events.map(|event| (event.time_us, event.words)).collect()
    }

    fn mark(id: u32, time_us: u64, text: &str) -> Mark {
        Mark {
            id,
            time_us,
            name: name(text),
            trace_id: 1,
        }
    }

    fn growth(from_us: u64, until_us: u64, bytes: u64, is_over: bool) -> Growth {
        Growth {
            from_us,
            until_us,
            bytes,
            is_over,
        }
    }

    fn heap_that_ran_out() -> Heap {
        let mut heap = Heap::default();
        let failed = Failure {
            time_us: 60,
            size: 4096,
            stack: 1,
            gave_reserve: true,
            left: None,
        };
        heap.recent_failures.push(failed).expect("room");
        heap
    }

    fn period_with_gaps() -> Period {
        let mut period = Period::default();
        for (from_us, until_us) in [(10, Some(20)), (70, None)] {
            let gap = Unrecorded { from_us, until_us };
            period.unrecorded.push(gap).expect("room");
        }
        period
    }

    #[test]
    fn all_that_is_known_is_told_newest_first() {
        let device = Device {
            reset_reason: name("brown-out"),
            ..Device::default()
        };
        let trace = Trace {
            trace_id: 1,
            summary: Summary {
                started_us: 5,
                mode: Some(Mode::Leaks),
                ..Summary::default()
            },
            ..Trace::default()
        };
        let (heap, period) = (heap_that_ran_out(), period_with_gaps());
        let marks = MarksPage {
            marks: vec![mark(1, 15, "login"), mark(2, 65, "logout")],
            ..MarksPage::default()
        };
        let known = Known {
            device: Some(&device),
            heap: Some(&heap),
            trace: Some(&trace),
            period: Some(&period),
            marks: Some(&marks),
            growths: &[growth(30, 40, 2_048, true), growth(68, 70, 1_024, false)],
            updated_us: Some(67),
            seen: &[Event {
                time_us: 66,
                kind: Kind::Switch,
                words: "leak switched on".to_owned(),
            }],
        };
        let expected = [
            (70, "recording stopped or paused"),
            (68, "growth began: +1.0 KiB since, and it goes on"),
            (67, "update began"),
            (66, "leak switched on"),
            (65, "logout"),
            (
                60,
                "allocation of 4,096 bytes failed; the reserve was given back",
            ),
            (40, "growth stopped after +2.0 KiB, still held"),
            (30, "growth began"),
            (20, "recording went on"),
            (15, "login"),
            (10, "recording stopped or paused"),
            (5, "trace started (leaks)"),
            (0, "device started (brown-out)"),
        ];
        assert_eq!(told(known), expected.map(|(at, words)| (at, words.into())));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        assert_eq!(told(Known::default()), []);
        let (device, trace) = (Device::default(), Trace::default());
        let known = Known {
            device: Some(&device),
            trace: Some(&trace),
            ..Known::default()
        };
        assert_eq!(told(known), [(0, "device started".to_owned())]);
        let known = Known {
            updated_us: Some(0),
            ..Known::default()
        };
        assert_eq!(told(known), [(0, "other firmware started".to_owned())]);
    }

    #[test]
    fn only_switches_that_are_other_than_before_are_told_of() {
        let demo = |on: [bool; 3]| Demo {
            switches: on
                .iter()
                .zip(["leak", "cache", "burst"])
                .map(|(on, text)| DemoSwitch {
                    name: name(text),
                    on: *on,
                    ..DemoSwitch::default()
                })
                .collect(),
        };
        let words = switched(&demo([false, true, true]), &demo([true, true, false]));
        assert_eq!(words, ["leak switched on", "burst switched off"]);
    }

    #[test]
    fn a_mark_without_a_name_is_called_by_its_number() {
        assert_eq!(usual_name(&MarksPage::default()), "mark 1");
        let marks = MarksPage {
            marks: vec![mark(7, 1, "x"), mark(8, 2, "y")],
            ..MarksPage::default()
        };
        assert_eq!(usual_name(&marks), "mark 9");
        assert!(Mark::may_be_called(&usual_name(&marks)));
    }
}
