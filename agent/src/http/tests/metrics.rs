//! What Prometheus scrapes, whatever the board is called and whatever happens meanwhile.

use core::num::NonZeroUsize;
use std::boxed::Box;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{cell::RefCell, format};

use heapbeacon_shared::api;
use heapbeacon_shared::trace::{BuildId, Ending, Reason, Region, name};

use crate::http::answer::chunk::Chunk;
use crate::platform::Platform;
use crate::postmortem::{Memory, Reset};
use crate::read::leaks::{Asked, Leaks};
use crate::read::metrics::Metrics;
use crate::tests::board::{
    Board, EVENTS, Names, boot, call, interrupt_before_hold, was_interrupted,
};
use crate::tracer::{Allocation, Mode};

/// What a name may hold.
const EVIL: &str = "a \"b\\c\n{d=\"e\"} 1 \u{e4}\0\r";

/// Allocates blocks, each by a call stack of its own.
fn allocate(blocks: usize) {
    for block in 1..=blocks {
        Board::tracer().allocated(&Allocation {
            address: NonZeroUsize::new(block * 64).expect("null is no block"),
            size: 10,
            time_us: 0,
            core: 0,
            task: 0,
            stack: &[block * 16].into_iter().collect(),
        });
    }
}

fn trace(blocks: usize) {
    Board::trace();
    allocate(blocks);
}

/// Makes a document, with something done behind the piece of an index.
fn document_with(piece: usize, meanwhile: impl Fn()) -> Document {
    let mut metrics = Metrics::new::<Board>();
    let mut chunk = Chunk::new();
    let mut text = String::new();
    let mut index = 0;
    loop {
        chunk.clear();
        let is_more = metrics.fill::<Board>(&mut chunk);
        text += core::str::from_utf8(chunk.bytes()).expect("it is text");
        if !is_more {
            return Document::read(&text);
        }
        if index == piece {
            meanwhile();
        }
        index += 1;
    }
}

fn document() -> Document {
    document_with(0, || {})
}

/// Samples by name and labels.
struct Document(BTreeMap<(String, Vec<(String, String)>), f64>);

impl Document {
    /// Reads a document by the rules of its format, and checks that it has nothing twice.
    fn read(text: &str) -> Self {
        let mut samples = BTreeMap::new();
        let mut families = BTreeSet::new();
        let mut lines = text.lines().peekable();
        assert!(text.ends_with('\n'));
        while let Some(help) = lines.next() {
            let (name, words) = help
                .strip_prefix("# HELP ")
                .and_then(|help| help.split_once(' '))
                .expect(help);
            assert!(words.ends_with('.') && !words.contains('\\'), "{help}");
            assert!(families.insert(name.to_string()), "{name} comes twice");
            let kind = if name.ends_with("_total") {
                "counter"
            } else {
                "gauge"
            };
            assert_eq!(lines.next(), Some(&*format!("# TYPE {name} {kind}")));
            let mut count = 0;
            while let Some(line) = lines.next_if(|line| !line.starts_with('#')) {
                let (labels, value) = labels(line.strip_prefix(name).expect(line));
                let value: f64 = value.parse().expect(line);
                assert!(value >= 0.0, "{line}");
                assert_eq!(
                    samples.insert((name.to_string(), labels), value),
                    None,
                    "{line}"
                );
                count += 1;
            }
            assert!(count > 0, "{name} has no sample");
        }
        Self(samples)
    }

    /// Returns the only sample of a name.
    fn value(&self, name: &str) -> Option<f64> {
        let mut of = self.all(name);
        let first = of.next().map(|(_, value)| value);
        assert!(of.next().is_none(), "{name} has more than one");
        first
    }

    fn all<'d>(&'d self, name: &'d str) -> impl Iterator<Item = (&'d [(String, String)], f64)> {
        let of = self.0.iter().filter(move |((known, _), _)| known == name);
        of.map(|((_, labels), value)| (&labels[..], *value))
    }

    fn of<'d>(&'d self, name: &'d str, label: &str) -> Vec<(&'d str, f64)> {
        let values = self.all(name).map(|(labels, value)| {
            assert_eq!((labels.len(), &*labels[0].0), (1, label));
            (&*labels[0].1, value)
        });
        values.collect()
    }
}

/// Reads labels with their escapes, and returns what is behind them.
fn labels(text: &str) -> (Vec<(String, String)>, &str) {
    let mut labels = Vec::new();
    let Some(mut rest) = text.strip_prefix('{') else {
        return (labels, text.trim_start_matches(' '));
    };
    loop {
        let (name, behind) = rest.split_once("=\"").expect(text);
        let mut value = String::new();
        let mut chars = behind.chars();
        loop {
            match chars.next().expect(text) {
                '"' => break,
                '\\' => value.push(match chars.next() {
                    Some('n') => '\n',
                    Some(c @ ('"' | '\\')) => c,
                    other => panic!("\\{other:?} in {text}"),
                }),
                c => value.push(c),
            }
        }
        labels.push((name.to_string(), value));
        rest = chars.as_str();
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => return (labels, rest.strip_prefix("} ").expect(text)),
        }
    }
}

#[test]
fn names_that_hold_anything_stay_values_of_labels() {
    trace(1);
    let region = |called: &str| Region {
        name: name(called),
        size: 100,
        ..Region::default()
    };
    let regions = [region(EVIL), region(""), region(EVIL), region("")];
    let device = api::Device {
        chip: name(EVIL),
        firmware: name(EVIL),
        firmware_version: name(EVIL),
        reset_reason: name(EVIL),
        build_id: BuildId::new(&[0xab]),
        ..api::Device::default()
    };
    call(Names {
        device,
        regions: regions.to_vec(),
        ..Names::default()
    });
    let document = document();
    // Control characters end a value for some readers; a new line has an escape.
    let told = EVIL.replace(['\0', '\r'], "\u{fffd}");
    let told = &*told;
    assert_eq!(document.of("process_reset_info", "reason"), [(told, 1.0)]);
    let (info, _) = document.all("heap_trace_info").next().expect("it is there");
    let info: Vec<_> = info
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let expected = [
        ("build_id", "ab"),
        ("chip", told),
        ("firmware", told),
        ("version", told),
        ("mode", "leaks"),
    ];
    assert_eq!(info, expected);
    let sizes = document.all("heap_size_bytes").count();
    assert_eq!(sizes, regions.len(), "regions of one name are told apart");
}

#[test]
fn a_restart_has_the_reason_that_the_firmware_noted_before_that_of_the_chip() {
    let memory: &'static Memory = Box::leak(Box::default());
    let check = |told: &[(&str, f64)]| {
        assert_eq!(document().of("process_restart_info", "reason"), told);
    };
    let watchdog = Reset::Ended(Reason::Watchdog);
    // Nothing but power, or a chip that can't tell, is no reason.
    for nothing in [Reset::PowerOn, Reset::Ended(Reason::Unknown)] {
        boot(memory, nothing);
        check(&[]);
    }
    boot(memory, watchdog);
    check(&[("watchdog", 1.0)]);
    crate::postmortem::requested::<Board>();
    let black_box = boot(memory, watchdog);
    check(&[("requested", 1.0)]);
    black_box.note(&Ending {
        reason: Reason::Panic,
        ..Ending::default()
    });
    // What is deleted has happened all the same.
    boot(memory, watchdog).delete();
    check(&[("panic", 1.0)]);
}

#[test]
fn restarts_are_counted_by_reason_until_memory_loses_its_content() {
    let memory: &'static Memory = Box::leak(Box::default());
    let check = |counted: &[(&str, f64)]| {
        let document = document();
        let told = document.of("process_restarts_total", "reason");
        assert_eq!(
            told.len(),
            Reason::ALL.len() - 1,
            "the first one is seen to rise"
        );
        let risen: Vec<_> = told.into_iter().filter(|(_, count)| *count > 0.0).collect();
        assert_eq!(risen, counted);
    };
    boot(memory, Reset::PowerOn);
    assert!(
        !memory.is_blank(),
        "who has no register that says why it was reset finds this"
    );
    check(&[]);
    for _ in 0..3 {
        boot(memory, Reset::Ended(Reason::Watchdog));
    }
    boot(memory, Reset::Ended(Reason::Unknown));
    check(&[("unknown", 1.0), ("watchdog", 3.0)]);
    // What is deleted has happened all the same, and so has what a short failure of the power left in memory.
    boot(memory, Reset::PowerOn).delete();
    check(&[("unknown", 1.0), ("watchdog", 3.0)]);
    boot(Box::leak(Box::default()), Reset::Ended(Reason::BrownOut));
    check(&[("brown_out", 1.0)]);
}

#[test]
fn what_is_not_known_has_no_sample() {
    let document = document();
    for name in [
        "heap_allocations_total",
        "heap_live_blocks",
        "heap_trace_records",
        "heap_trace_start_seconds",
        "heap_outlived_bytes",
        "heap_lost_bytes",
        "heap_size_bytes",
        "heap_reserve_bytes",
        "process_reset_info",
        "process_restart_info",
        "process_restarts_total",
        "process_start_time_seconds",
    ] {
        assert_eq!(document.all(name).count(), 0, "{name}");
    }
    assert_eq!(document.value("process_uptime_seconds"), Some(1.0));
    assert_eq!(document.all("heap_trace_info").next(), Some((&[][..], 1.0)));
    let states = document.of("heap_trace_state", "state");
    assert_eq!(states.len(), 4);
    assert!(states.contains(&("uninitialised", 1.0)));
}

#[test]
fn without_a_record_buffer_events_are_counted_and_nothing_is_known_to_be_live() {
    Board::tracer().init_tohost(&EVENTS).expect("it is free");
    Board::tracer()
        .start(Mode::Leaks, 0)
        .expect("it was initialised");
    allocate(3);
    let document = document();
    assert_eq!(document.value("heap_allocations_total"), Some(3.0));
    for name in [
        "heap_live_bytes",
        "heap_trace_records",
        "heap_outlived_blocks",
        "heap_call_stacks",
    ] {
        assert_eq!(document.all(name).count(), 0, "{name}");
    }
}

#[test]
fn verdicts_are_of_all_call_stacks_also_in_a_full_table() {
    trace(10_000);
    let document = document();
    let status = Board::tracer().status();
    assert!(status.summary.other_allocations > 0);
    let stacks: f64 = document
        .of("heap_call_stacks", "verdict")
        .iter()
        .map(|(_, count)| count)
        .sum();
    let leaks = Leaks::begin(Board::tracer(), Board::now_us(), &Asked::default());
    let leaks = leaks.expect("there is no other query");
    assert_eq!(stacks, f64::from(leaks.total()));
    let bytes: f64 = document
        .of("heap_call_stack_bytes", "verdict")
        .iter()
        .map(|(_, bytes)| bytes)
        .sum();
    assert_eq!(Some(bytes), document.value("heap_live_bytes"));
}

/// One that is judged, then another one before all is told: each document is of one trace.
#[test]
fn a_trace_that_is_started_meanwhile_is_not_mixed_with_the_one_before() {
    let begin_another = || {
        Board::tracer()
            .start(Mode::All, 0)
            .expect("it was initialised");
        allocate(5);
    };
    trace(30);
    let document = document_with(0, begin_another);
    assert_eq!(document.value("heap_allocations_total"), Some(5.0));
    assert_eq!(
        document.all("heap_outlived_bytes").count(),
        0,
        "of another trace"
    );
    Board::tracer()
        .start(Mode::Leaks, 0)
        .expect("it was initialised");
    allocate(30);
    // Eight pieces judge, and tell nothing.
    let document = document_with(8, begin_another);
    for name in [
        "heap_allocations_total",
        "heap_live_blocks",
        "heap_trace_records",
    ] {
        assert_eq!(document.value(name), Some(30.0), "{name}");
    }
}

#[test]
fn while_somebody_else_asks_for_leaks_all_but_verdicts_is_told() {
    trace(30);
    let told = Rc::new(RefCell::new(None));
    let telling = Rc::clone(&told);
    interrupt_before_hold(4, move || drop(telling.replace(Some(document()))));
    let others = Leaks::begin(Board::tracer(), Board::now_us(), &Asked::default());
    assert!(others.is_some() && was_interrupted());
    let document = told.take().expect("it was made");
    assert_eq!(document.value("heap_live_blocks"), Some(30.0));
    assert_eq!(document.all("heap_call_stacks").count(), 0);
}
