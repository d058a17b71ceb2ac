//! Heap profiles, as whoever reads them takes them, whatever happens meanwhile.

mod decoded;
mod difference;
mod names;

use core::num::NonZeroUsize;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use heapbeacon_shared::api;
use heapbeacon_shared::pprof::Shown;
use heapbeacon_shared::trace::{Address, BuildId, Origin, Region, name};

use self::decoded::{Read, Sample};
use super::peer::Peer;
use super::{crowd, get, talk};
use crate::http::Guard;
use crate::http::answer::chunk::Chunk;
#[cfg(feature = "functions")]
use crate::platform::Functions;
use crate::platform::{Platform, Task};
use crate::read::pprof::Profile;
#[cfg(feature = "functions")]
use crate::tests::board::know;
use crate::tests::board::{Board, EVENTS, Names, call};
use crate::tracer::{Allocation, Free, Mode};

/// What a name may hold.
const EVIL: &str = "a \"b\\c\n\0\u{e4}";
const CODE: usize = 0x4200_0000;

/// Allocates a block by a call stack of its own, whose outer frames others have, too.
fn allocate(block: usize, size: usize, task: u16) {
    Board::tracer().allocated(&Allocation {
        address: NonZeroUsize::new(block * 64).expect("null is no block"),
        size,
        time_us: 0,
        core: 0,
        task,
        stack: &[CODE + block * 16, CODE + 6, CODE + 2]
            .into_iter()
            .collect(),
    });
}

fn free(block: usize) {
    Board::tracer().freed(&Free {
        address: block * 64,
        size: 0,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &[CODE + 0x1_0000].into_iter().collect(),
    });
}

fn start(mode: Mode) {
    Board::tracer().start(mode, 0).expect("it was initialised");
}

/// Makes a profile, with something done behind the first piece.
fn bytes_with(meanwhile: impl Fn()) -> Vec<u8> {
    let mut profile = Profile::new::<Board>(Shown::InUse, None);
    written(&mut profile, meanwhile)
}

fn written(profile: &mut Profile, meanwhile: impl Fn()) -> Vec<u8> {
    let mut chunk = Chunk::new();
    let mut bytes = Vec::new();
    loop {
        chunk.clear();
        let is_more = profile.fill::<Board>(&mut chunk);
        let is_first = bytes.is_empty();
        bytes.extend_from_slice(chunk.bytes());
        match is_more {
            true if is_first => meanwhile(),
            true => {}
            false => return bytes,
        }
    }
}

fn read_with(meanwhile: impl Fn()) -> Read {
    Read::of(&bytes_with(meanwhile))
}

fn read() -> Read {
    read_with(|| {})
}

/// Returns what the trace has counted, as a sample has it.
fn counted() -> [i64; 4] {
    let summary = Board::tracer().summary();
    [
        summary.total_allocations,
        summary.total_allocated_bytes,
        summary.live_count,
        summary.live_bytes,
    ]
    .map(|count| count as i64)
}

fn labels(of: &[(&str, &str)]) -> Vec<(String, String)> {
    let of = of.iter();
    of.map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

#[test]
fn what_is_live_is_told_by_call_stack_task_and_region_and_what_was_allocated_without_a_region() {
    let region = |called: &str, start: u64| Region {
        name: name(called),
        start: Address(start),
        size: 0x1000,
        ..Region::default()
    };
    let task = Task {
        name: name(EVIL),
        origin: Origin::Application,
    };
    call(Names {
        device: api::Device {
            firmware: name(EVIL),
            build_id: BuildId::new(&[0xab, 1]),
            ..api::Device::default()
        },
        regions: vec![region("dram", 0), region(EVIL, 0x2000)],
        tasks: vec![task],
        ..Names::default()
    });
    Board::trace();
    for mode in [Mode::All, Mode::Leaks] {
        start(mode);
        allocate(1, 10, 1);
        allocate(0x81, 20, 1);
        allocate(0x7000, 40, 0);
        allocate(1, 30, 1);
        allocate(2, 50, 0);
        free(2);
        let read = read();
        let text = |place: u64| &*read.texts[place as usize];
        assert_eq!(
            (text(read.mapping[&5]), text(read.mapping[&6])),
            (EVIL, "ab01")
        );
        assert_eq!(read.mapping[&3], u64::MAX, "it is all memory");
        assert_eq!(text(read.top[&14]), "inuse_space");
        let sample = |block: usize, values, labels: &[(&str, &str)]| Sample {
            // A call stands before where it returns to.
            frames: [block * 16, 6, 2]
                .map(|offset| format!("{:#x}", CODE + offset - 1))
                .to_vec(),
            values,
            labels: self::labels(labels),
        };
        let net = ("task", EVIL);
        let expected = [
            // The address was handed out again: the first block has ended.
            sample(1, [0, 0, 1, 30], &[net, ("region", "dram")]),
            sample(1, [2, 40, 0, 0], &[net]),
            sample(0x81, [0, 0, 1, 20], &[net, ("region", EVIL)]),
            sample(0x81, [1, 20, 0, 0], &[net]),
            sample(0x7000, [1, 40, 1, 40], &[]),
            sample(2, [1, 50, 0, 0], &[]),
        ];
        assert_eq!(read.samples, expected, "{mode:?}");
        assert_eq!(read.sum(), counted());
    }
}

/// Alloy takes the difference of what was allocated sample by sample, and Pyroscope leaves out what has become less, with all that is in use there.
#[test]
fn in_no_sample_was_less_allocated_than_before_when_blocks_are_freed() {
    let region = Region {
        name: name("dram"),
        start: Address(0),
        size: 0x1000,
        ..Region::default()
    };
    call(Names {
        regions: vec![region],
        ..Names::default()
    });
    Board::trace();
    (1..=10).for_each(|block| allocate(block, 10, 0));
    let before = read();
    free(1);
    let after = read();
    let of = |read: &Read, sample: &Sample| {
        let mut samples = read.samples.iter();
        let same = samples
            .find(|other| (&other.frames, &other.labels) == (&sample.frames, &sample.labels));
        same.map_or([0; 4], |same| same.values)
    };
    for sample in before.samples.iter().chain(&after.samples) {
        let (before, after) = (of(&before, sample), of(&after, sample));
        assert!(
            before[0] <= after[0] && before[1] <= after[1],
            "{sample:?}: {before:?}, {after:?}"
        );
    }
}

/// Parca dates a profile without a time 1970, and takes one that lasts for a difference.
#[test]
fn a_profile_says_when_it_was_made_where_that_is_known_and_lasts_for_no_time() {
    Board::trace();
    let unknown = read();
    call(Names {
        booted_unix_us: Some(1_800_000_000_000_000),
        ..Names::default()
    });
    let known = read();
    for read in [&unknown, &known] {
        assert_eq!(read.top.get(&10), None);
    }
    // The board's clock stands at a second.
    let times = [&unknown, &known].map(|read| read.top.get(&9).copied());
    assert_eq!(times, [None, Some(1_800_000_001_000_000_000)]);
}

#[test]
fn frames_that_many_call_stacks_have_are_told_once_or_a_little_more() {
    Board::trace();
    (1..=40).for_each(|block| allocate(block, 8, 0));
    let read = read();
    assert_eq!(read.sum(), counted());
    assert!((42..60).contains(&read.locations), "{}", read.locations);
    assert!(read.bytes < 40 * 64, "{}", read.bytes);
}

/// A full table: blocks share an entry, and call stacks were recycled.
#[test]
fn call_stacks_that_are_not_in_the_table_add_to_the_sums() {
    Board::trace();
    for block in 1..2000 {
        allocate(block, 10, 0);
        free(block);
    }
    (2000..4000).for_each(|block| allocate(block, 10, 0));
    let summary = Board::tracer().summary();
    assert!(summary.stacks_recycled > 0 && summary.other_allocations > 0);
    assert!(summary.evicted_live > 0, "more blocks than records");
    let read = read();
    assert_eq!(read.sum(), counted());
    assert!(read.named("[no call stack]").is_some() && read.named("[other call stacks]").is_some());
}

#[test]
fn without_a_trace_or_a_table_a_profile_is_valid() {
    let read = read();
    assert_eq!((read.samples.len(), read.sum()), (0, [0; 4]));
    assert!(read.bytes > 10, "shorter ones are no profile to some");
    Board::tracer().init_tohost(&EVENTS).expect("it is free");
    start(Mode::Leaks);
    allocate(1, 10, 0);
    let others = self::read();
    let others = others
        .named("[other call stacks]")
        .map(|sample| sample.values);
    assert_eq!(others, Some([1, 10, 0, 0]), "what is live is not known");
}

#[test]
fn a_trace_that_ends_meanwhile_says_so_and_adds_up_to_what_it_had() {
    Board::trace();
    (1..=100).for_each(|block| allocate(block, 10, 0));
    let before = counted();
    let read = read_with(|| {
        start(Mode::All);
        (1..=100).for_each(|block| allocate(0x1000 + block, 99, 0));
    });
    assert_eq!(read.sum(), before);
    let ended = read
        .named("[the trace ended while it was read]")
        .expect("it is told");
    assert!(
        ended.values[0] > 0 && ended.values[0] < before[0],
        "{ended:?}"
    );
    assert_eq!(ended.values[2] * 10, ended.values[3]);
    let of_others = format!("{:#x}", CODE + 0x1001 * 16 - 1);
    assert!(
        !read
            .samples
            .iter()
            .any(|sample| sample.frames[0] == of_others)
    );
}

#[test]
fn what_is_allocated_and_freed_meanwhile_leaves_more_allocated_than_in_use() {
    Board::trace();
    (1..=60).for_each(|block| allocate(block, 10, 0));
    let before = counted();
    let read = read_with(|| {
        (1..=60).step_by(2).for_each(free);
        (200..260).for_each(|block| allocate(block, 10, 0));
    });
    // That no call stack has more in use than it has allocated is checked of all.
    let sum = read.sum();
    assert!(sum[0] >= before[0] && sum[0] <= counted()[0], "{sum:?}");
}
