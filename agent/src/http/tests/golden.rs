//! What tools are told of a board whose names hold anything, byte by byte. `agent/host/tests/tools/golden.rs` has the tools themselves read these files.

use core::num::NonZeroUsize;
use std::boxed::Box;
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, fs, vec};

use heapbeacon_shared::api;
use heapbeacon_shared::pprof::Shown;
use heapbeacon_shared::trace::{Address, BuildId, Name, Origin, Reason, Region, name};

use crate::http::answer::chunk::Chunk;
use crate::platform::{Platform, Task};
use crate::postmortem::{Memory, Reset};
use crate::read::metrics::Metrics;
use crate::read::pprof::Profile;
use crate::tests::board::{Board, Names, boot, call};
use crate::tracer::{Allocation, FailedAllocation, Free, Mode};

/// What ends a value, a line, a text or a tag for somebody.
const EVIL: &str = "a \"b\\c\n{d=\"e\"} 1 #\u{e4}\0\r\u{7f}\u{1b}[m";
const CODE: usize = 0x4200_0000;

/// Names that hold anything: one of them nothing, and one as much as has room.
fn names() -> [Name; 4] {
    let long = "\u{1F980}".repeat(100);
    [name(EVIL), name(""), name(EVIL), name(&long)]
}

fn name_all() {
    let region = |(index, name): (usize, Name)| Region {
        name,
        start: Address(index as u64 * 0x1000),
        size: 0x1000,
        used: 0x80,
        free: 0xf80,
        ..Region::default()
    };
    let task = |name| Task {
        name,
        origin: Origin::Application,
    };
    call(Names {
        device: api::Device {
            name: name(EVIL),
            chip: name(EVIL),
            firmware: name(EVIL),
            firmware_version: name(EVIL),
            reset_reason: name(EVIL),
            build_id: BuildId::new(&[0xab; 20]),
            ..api::Device::default()
        },
        regions: names().into_iter().enumerate().map(region).collect(),
        tasks: names().into_iter().map(task).collect(),
        ..Names::default()
    });
}

/// Allocates a block in each region by each task, of which every third is freed, and one in vain.
fn work() {
    Board::trace();
    let started = Board::tracer().start(Mode::All, 0);
    started.expect("it was initialised");
    for number in 0..20 {
        let stack = &[CODE + number * 16, CODE + 6, CODE + 2]
            .into_iter()
            .collect();
        let address = 0x40 + number % 4 * 0x1000 + number * 0x40;
        let task = (number / 4) as u16;
        Board::tracer().allocated(&Allocation {
            address: NonZeroUsize::new(address).expect("null is no block"),
            size: 10 + number,
            time_us: number as u64 * 1000,
            core: 0,
            task,
            stack,
        });
        if number % 3 == 0 {
            Board::tracer().freed(&Free {
                address,
                size: 10 + number,
                time_us: number as u64 * 1000 + 500,
                core: 0,
                task,
                stack,
            });
        }
    }
    Board::tracer().failed(&FailedAllocation {
        size: 4096,
        time_us: 30_000,
        core: 0,
        task: 1,
        stack: &[CODE + 0x2000].into_iter().collect(),
        gave_reserve: false,
        left: None,
    });
}

/// Makes a document by a function that fills a chunk, and returns whether there is more.
fn made(mut fill: impl FnMut(&mut Chunk) -> bool) -> Vec<u8> {
    let (mut chunk, mut bytes) = (Chunk::new(), vec![]);
    loop {
        chunk.clear();
        let is_more = fill(&mut chunk);
        bytes.extend_from_slice(chunk.bytes());
        if !is_more {
            return bytes;
        }
    }
}

/// Allocates more blocks than there is room for call stacks.
fn fill_stack_table() {
    Board::trace();
    for number in 1..=2000 {
        Board::tracer().allocated(&Allocation {
            address: NonZeroUsize::new(number * 64).expect("null is no block"),
            size: 10,
            time_us: number as u64,
            core: 0,
            task: 0,
            stack: &[CODE + number * 16].into_iter().collect(),
        });
    }
    assert!(Board::tracer().status().summary.other_allocations > 0);
}

/// Checks what the board's tools are told of it.
#[track_caller]
fn check(state: &str) {
    let mut metrics = Metrics::new::<Board>();
    let mut heap = Profile::new::<Board>(Shown::InUse, None);
    let documents = [
        ("metrics.txt", made(|chunk| metrics.fill::<Board>(chunk))),
        ("heap.pb", made(|chunk| heap.fill::<Board>(chunk))),
    ];
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/tests/golden");
    let changed = documents.into_iter().filter_map(|(kind, document)| {
        let file = format!("{state}_{kind}");
        let is_same = fs::read(golden.join(&file)).is_ok_and(|golden| golden == document);
        let made = Path::new(env!("OUT_DIR")).join(file);
        fs::write(&made, document).expect("the folder is there");
        (!is_same).then(|| made.display().to_string())
    });
    let changed: Vec<String> = changed.collect();
    assert!(
        changed.is_empty(),
        "where a change is meant, copy these to {}: {changed:?}",
        golden.display()
    );
}

#[test]
fn what_tools_are_told_is_as_it_was_with_names_that_hold_anything() {
    name_all();
    let memory: &'static Memory = Box::leak(Box::default());
    boot(memory, Reset::Ended(Reason::Watchdog));
    work();
    check("evil");
}

#[test]
fn what_tools_are_told_is_as_it_was_of_a_full_stack_table_and_of_no_trace() {
    check("none");
    fill_stack_table();
    check("full");
}
