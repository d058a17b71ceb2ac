use heapbeacon_shared::analysis::{Held, History, Judgement, Snapshot, Told};
use heapbeacon_shared::api::Buffer;
use heapbeacon_shared::trace::{Destination, Kind, Mode, Origin, State, Summary, Verdict};

use super::completeness::completeness;
use super::*;
use crate::model::holders::Lost;
use crate::model::sites::Site;
use crate::model::sites::evidence::Evidence;

mod growing;
mod incomplete;
mod quiet;

const MINUTE_US: u64 = 60_000_000;

const SECOND: u64 = 1_000_000;

/// A site of which that is said, for certain.
pub(crate) fn site(name: &str, kind: Kind) -> Site {
    let verdict = Verdict {
        kind,
        certain: true,
        ..Verdict::default()
    };
    Site {
        key: name.to_owned(),
        colour_key: name.to_owned(),
        name: name.to_owned(),
        place: Some("src/a.rs:8".to_owned()),
        tasks: Vec::new(),
        call_sites: 0,
        origin: Origin::Application,
        stacks: Vec::new(),
        bytes: 39 * 1024,
        count: 312,
        evicted: 0,
        oldest_us: MINUTE_US,
        newest_us: 15 * MINUTE_US,
        evidence: Evidence::default(),
        history: History::default(),
        judgement: Judgement {
            told: Some(Told {
                verdict,
                leaked_until_us: None,
            }),
            watched_us: 14 * MINUTE_US,
            ..Judgement::default()
        },
        lost: Lost::default(),
    }
}

/// A heap with 15 KiB left that loses half as much again as what leaks was asked for.
const OUTLOOK: Outlook = Outlook {
    bytes_per_minute: 1_536.0,
    window_us: 60 * SECOND,
    lasts: true,
    seconds: Some(600),
    first: None,
};
const HEAP_IS_FULL: &str = "The heap loses 1.5 KiB a minute in all, with what the allocator rounds up. At this rate it is \
                            full in 10 min.";

/// A complete list, just watched.
pub(crate) fn view(trace: &Trace) -> View<'_> {
    View {
        trace,
        watched_us: Some(trace.summary.time_us),
        listed: 2,
        total: 2,
        outlook: OUTLOOK,
        regions: &[],
        known_us: 14 * MINUTE_US,
        piles_up: false,
    }
}

/// What is said of a site.
fn said(site: &mut Site) -> &mut Told {
    site.judgement.told.as_mut().expect("something is said")
}

/// A site that leaks.
fn growing(name: &str, bytes_per_minute: u64) -> Site {
    let mut site = site(name, Kind::Leaking);
    said(&mut site).verdict.bytes_per_minute = bytes_per_minute;
    site
}

/// A site that grows, of which records were evicted while it was watched.
fn evicted(name: &str) -> Site {
    let mut site = growing(name, 1024);
    site.evicted = 500;
    site.history = history_of_evicted(200);
    site.judgement.is_known = false;
    site
}

/// The history of a call stack of which so many records were evicted.
fn history_of_evicted(evicted: u64) -> History {
    let held = |evicted| Held {
        stack: 1,
        evicted,
        ..Held::default()
    };
    let at = |time_us, evicted| Snapshot {
        time_us,
        held: vec![held(evicted)],
        ..Snapshot::default()
    };
    let snapshots = [at(SECOND, 0), at(2 * SECOND, evicted)];
    let mut histories = History::of_each(1, &[(0, held(evicted))], &snapshots);
    histories.remove(0)
}

/// A site that grows, and may still be a cache that fills.
pub(crate) fn suspected(name: &str) -> Site {
    let mut site = growing(name, 1024);
    said(&mut site).verdict.certain = false;
    site
}

/// A site that leaked until forty-one seconds ago.
fn stopped(name: &str) -> Site {
    let mut site = site(name, Kind::Plateau);
    said(&mut site).leaked_until_us = Some(15 * MINUTE_US - 41 * SECOND);
    site
}

fn told(sites: &[Site], trace: &Trace) -> Finding {
    told_of(sites, trace, false)
}

fn told_of(sites: &[Site], trace: &Trace, piles_up: bool) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    let trace = Trace {
        summary: Summary {
            state: State::Recording,
            time_us: 15 * MINUTE_US,
            ..trace.clone().summary
        },
        ..trace.clone()
    };
    let view = View {
        piles_up,
        ..view(&trace)
    };
    live::describe(&sites, &view)
}

/// A trace that records, of which nothing else is known.
fn recording() -> Trace {
    Trace {
        summary: Summary {
            state: State::Recording,
            ..Summary::default()
        },
        ..Trace::default()
    }
}

/// What is told of a list with the 32 largest of 60 call stacks.
fn told_of_cut(sites: &[Site], piles_up: bool) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    let trace = recording();
    let view = View {
        listed: 32,
        total: 60,
        piles_up,
        ..view(&trace)
    };
    live::describe(&sites, &view)
}

/// What is told twelve seconds after a trace was stopped or paused, if it was watched before.
fn told_after(sites: &[Site], state: State, was_watched: bool) -> Finding {
    let sites: Vec<_> = sites.iter().collect();
    let trace = Trace {
        summary: Summary {
            state,
            time_us: 15 * MINUTE_US + 12_000_000,
            ..Summary::default()
        },
        ..Trace::default()
    };
    let view = View {
        watched_us: was_watched.then_some(15 * MINUTE_US),
        known_us: if was_watched { 14 * MINUTE_US } else { 0 },
        ..view(&trace)
    };
    live::describe(&sites, &view)
}

/// A trace whose table was too small.
fn overflowed(mode: Mode) -> Trace {
    Trace {
        summary: Summary {
            mode: Some(mode),
            destination: Some(Destination::Standalone),
            capacity: 300,
            evicted_live: 500,
            ..Summary::default()
        },
        buffer: Buffer {
            bytes: 512 << 10,
            record_bytes: 8 << 10,
            max_records: 5_825,
            ..Buffer::default()
        },
        ..Trace::default()
    }
}

pub(crate) fn words(parts: &[Part]) -> String {
    let word = |part: &Part| match part {
        Part::Text(text) | Part::Code(text) | Part::Strong(text) => text.clone(),
    };
    parts.iter().map(word).collect()
}
