//! What `go tool pprof` makes of `/debug/pprof/heap`.

use crate::support::await_that;
use crate::support::client::Client;
use crate::support::pprof::Pprof;
use crate::support::process::{Process, executable};

/// Returns what the trace has counted, as a sample has it.
fn counted(agent: &Client) -> [i64; 4] {
    let summary = agent.trace().summary;
    [
        summary.total_allocations,
        summary.total_allocated_bytes,
        summary.live_count,
        summary.live_bytes,
    ]
    .map(|value| value as i64)
}

/// Lets the trace record until the demo has done something, and stops it.
fn work(agent: &Client) {
    let before = agent.trace().summary.total_allocations;
    await_that("the demo allocates", || {
        agent.trace().summary.total_allocations > before + 200
    });
    agent.command("/trace/stop", "");
}

#[test]
fn a_url_is_opened_with_the_numbers_of_the_trace_and_differs_from_an_earlier_one_by_what_has_happened()
 {
    let process = Process::start(&["--start", "all"]);
    let agent = process.client();
    work(&agent);
    let pprof = Pprof::new();
    let url = |kind: &str| format!("{}/debug/pprof/{kind}", process.url());
    let before = counted(&agent);
    for kind in ["heap", "allocs"] {
        // It asks for names, too.
        assert_eq!(pprof.sums(&[&url(kind)]), before, "{kind}");
    }
    assert_eq!(pprof.sums(&["-base", &url("heap"), &url("heap")]), [0; 4]);
    let first = pprof.save(&agent, "first.pb");
    agent.command("/trace/resume", "");
    work(&agent);
    let after = counted(&agent);
    let difference = [0, 1, 2, 3].map(|place: usize| after[place] - before[place]);
    assert_eq!(pprof.sums(&["-base", &first, &url("heap")]), difference);
    for (kind, shown) in [("heap", "inuse_space"), ("allocs", "alloc_space")] {
        let top = pprof.run(&["-top", &url(kind)]);
        assert!(top.contains(&format!("Type: {shown}")), "{top}");
        // What lasts for some time is a difference to Parca, and what has no time of 1970.
        assert!(
            top.contains("Time: ") && !top.contains("Duration: "),
            "{top}"
        );
    }
    let tags = pprof.run(&["-tags", &url("heap")]);
    assert!(
        tags.contains(" task: Total") && tags.contains(" region: Total"),
        "{tags}"
    );
}

#[test]
fn a_difference_is_what_has_happened_while_the_tool_waited() {
    let process = Process::start(&["--start", "all"]);
    let agent = process.client();
    let pprof = Pprof::new();
    let url = format!("{}/debug/pprof/allocs?seconds=2", process.url());
    await_that("the demo allocates", || counted(&agent)[0] > 2_000);
    let before = counted(&agent);
    let sums = pprof.sums(&[&url]);
    let after = counted(&agent);
    let most = [0, 1].map(|place: usize| after[place] - before[place]);
    assert!(0 < sums[0] && sums[0] <= most[0], "{sums:?} of {most:?}");
    assert!(0 < sums[1] && sums[1] <= most[1], "{sums:?} of {most:?}");
    let top = pprof.run(&["-top", &url]);
    assert!(top.contains("Duration: 2s"), "{top}");
}

#[test]
fn by_the_url_alone_functions_have_names() {
    let process = Process::start(&["--start", "leaks"]);
    let agent = process.client();
    work(&agent);
    let pprof = Pprof::new();
    let url = format!("{}/debug/pprof/heap", process.url());
    let top = pprof.run(&["-top", "-cum", "-nodecount=1000", "-symbolize=remote", &url]);
    for function in [" __rustc::__rust_alloc\n", " heapbeacon_demo::"] {
        assert!(top.contains(function), "{function}: {top}");
    }
    // Nothing of the process's own has none.
    assert!(!top.contains(" 0x"), "{top}");
}

#[test]
fn with_the_elf_functions_have_names() {
    let process = Process::start(&["--start", "leaks", "--no-demo"]);
    let agent = process.client();
    await_that("something is live", || agent.trace().summary.live_count > 0);
    let pprof = Pprof::new();
    let profile = pprof.save(&agent, "heap.pb");
    let top = pprof.run(&["-top", "-cum", executable(), &profile]);
    assert!(top.contains("__rust_alloc"), "{top}");
}

#[test]
fn a_trace_that_was_never_started_is_an_empty_profile() {
    let process = Process::start(&[]);
    let pprof = Pprof::new();
    let url = format!("{}/debug/pprof/heap", process.url());
    assert_eq!(pprof.sums(&[&url]), [0; 4]);
}
