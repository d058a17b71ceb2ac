//! The figures of the heap, for several readers at once.

use heapbeacon_shared::analysis::layout::{Layout, Placed, Rules};
use heapbeacon_shared::api::{Device, Heap, HeapHistory, Hole, Pinning, PinsPage, RecordsPage};
use heapbeacon_shared::trace::Mode;

use crate::support::target::{Target, stop_if_running};
use crate::support::{await_that, client};

/// Blocks that others may take or give back while an answer is made.
const IN_BETWEEN: u64 = 64;

fn heap_since(agent: &Target, since_us: u64) -> Heap {
    agent.read(&format!("/heap?since={since_us}"))
}

#[test]
fn whoever_else_reads_a_reader_gets_the_minimum_since_its_own_last_answer() {
    let agent = Target::take();
    let first: Heap = agent.read("/heap");
    let other = heap_since(&agent, first.time_us);
    assert_eq!(agent.get("/capture").status, 200);
    let head = agent.request("HEAD", &client::api("/heap"), &[], &[]);
    assert_eq!(head.status, 200);
    let later = heap_since(&agent, other.time_us);
    let mine = heap_since(&agent, first.time_us);
    for (index, region) in mine.regions.iter().enumerate() {
        assert!(region.window_start_us <= first.time_us, "{region:?}");
        // What others asked for began later, or as early.
        for before in [&other.regions[index], &later.regions[index]] {
            assert!(region.window_start_us <= before.window_start_us);
            assert!(region.window_minimum_free <= before.window_minimum_free);
        }
        assert!(region.minimum_free <= region.window_minimum_free);
    }
}

#[test]
fn without_a_moment_the_minimum_counts_from_the_boot() {
    let agent = Target::take();
    for path in ["/heap", "/heap?since=0"] {
        let heap: Heap = agent.read(path);
        for region in &heap.regions {
            assert_eq!(region.window_start_us, 0, "{path}");
            assert_eq!(region.window_minimum_free, region.minimum_free, "{path}");
        }
    }
}

#[test]
fn a_moment_that_has_not_come_counts_from_the_last_one_that_has() {
    let agent = Target::take();
    let heap = heap_since(&agent, u64::MAX);
    for region in &heap.regions {
        assert!(region.window_start_us <= heap.time_us, "{region:?}");
    }
    for wrong in ["-1", "now", "18446744073709551616", ""] {
        assert_eq!(
            agent.get(&format!("/heap?since={wrong}")).status,
            422,
            "{wrong}"
        );
    }
}

#[test]
fn the_regions_have_handed_out_every_block_that_the_trace_knows() {
    let agent = Target::tracing(Mode::Leaks);
    let heap: Heap = agent.read("/heap");
    let blocks: u64 = heap.regions.iter().map(|region| region.blocks).sum();
    assert!(heap.traced_blocks <= blocks + IN_BETWEEN, "{heap:?}");
    for region in &heap.regions {
        assert!(
            region.requested <= region.used + IN_BETWEEN * 1024,
            "{region:?}"
        );
        assert!(region.blocks <= region.requested, "{region:?}");
    }
}

#[test]
fn the_history_reaches_from_boot_until_now_and_bounds_what_is() {
    let agent = Target::take();
    if agent.get("/heap/history").status == 404 {
        return;
    }
    let mut history = HeapHistory::default();
    await_that("a second point", || {
        history = agent.read("/heap/history");
        history.points.len() >= 2
    });
    let heap: Heap = agent.read("/heap");
    let names = heap.regions.iter().map(|region| &region.name);
    assert!(names.eq(&history.regions));
    assert_eq!(history.points[0].from_us, 0);
    let mut pairs = history.points.windows(2);
    assert!(pairs.all(|pair| pair[0].until_us == pair[1].from_us));
    let last = history.points.last().map(|point| point.until_us);
    let now_us = history.time_us;
    assert!(last.is_some_and(|last| last <= now_us && now_us < last + 10 * history.period_us));
    for point in &history.points {
        for (level, region) in point.regions.iter().zip(&heap.regions) {
            assert!(level.least_used <= level.used, "{level:?}");
            assert_eq!(level.used + level.free, region.size);
            assert!(level.largest_free_block <= region.size, "{level:?}");
            // To a 65,535th of the region.
            let step = region.size / u64::from(u16::MAX) + 1;
            assert!(
                level.free + step >= region.minimum_free,
                "{level:?} {region:?}"
            );
        }
    }
}

/// Reads all records.
fn records(agent: &Target) -> RecordsPage {
    let mut all = RecordsPage::default();
    let mut after = Some(0);
    while let Some(seq) = after {
        let page: RecordsPage = agent.read(&format!("/trace/records?limit=1000&after={seq}"));
        all.records.extend(page.records);
        after = page.next;
    }
    all
}

#[test]
fn the_pins_of_the_holes_are_those_that_the_page_tells_of_the_records() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("some blocks", |trace| trace.summary.live_count > 200);
    // Nothing is recorded any more, though the heap goes on.
    agent.command("/trace/stop", "");
    let pins: PinsPage = agent.read("/heap/pins");
    assert!(!pins.complete && pins.reason.is_some(), "{pins:?}");
    assert_eq!(pins.changes, 0);
    let device: Device = agent.read("/device");
    let records = records(&agent).records;
    let block = |record: &heapbeacon_shared::api::Record| Placed {
        address: record.address.0,
        size: record.size,
        owner: record.stack,
    };
    let blocks: Vec<_> = records.iter().filter(|it| !it.freed).map(block).collect();
    for told in &pins.regions {
        let region = &told.region;
        let rules = Rules::new(device.pointer_bytes, region.largest_free_block, false);
        let layout = Layout::new(region.start.0, region.size, rules, &blocks);
        assert_eq!(region.blocks, layout.sums.count);
        assert_eq!(region.hole_bytes, layout.sums.holes);
        assert_eq!(region.unknown_bytes, layout.sums.unknown);
        let largest = layout.largest().map(Hole::from);
        assert_eq!(told.holes.first(), largest.as_ref());
        let pinning: Vec<_> = layout.owners.iter().map(Pinning::from).collect();
        assert!(pinning.starts_with(&told.pinning), "{told:?}");
    }
    for told in &pins.regions {
        let holes = told.holes.iter();
        let pins_of = holes.flat_map(|hole| [&hole.below, &hole.above].into_iter().flatten());
        let blocks = pins_of.flat_map(|pin| &pin.blocks);
        for block in blocks {
            let is_told = pins.stacks.iter().any(|stack| stack.id == block.stack);
            assert!(is_told, "{block:?} is of a call stack that is not told");
        }
    }
}

#[test]
fn of_no_trace_there_are_no_pins() {
    let agent = Target::take();
    stop_if_running(&agent);
    agent.command("/trace/init", r#"{"destination":"standalone","records":0}"#);
    let answer = agent.get("/heap/pins");
    let problem = answer.problem(409);
    assert_eq!(problem.code, "ESP_ERR_INVALID_STATE");
    assert!(problem.detail.contains("/trace/init"), "{problem:?}");
}
