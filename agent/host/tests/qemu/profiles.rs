//! What `go tool pprof` makes of a device's heap.

use crate::support::await_that;
use crate::support::pprof::Pprof;
use crate::support::qemu::{AGENT, Qemu, image};

#[test]
fn with_the_elf_pprof_names_functions_of_a_device_and_tells_what_two_profiles_differ_by() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let pprof = Pprof::new();
    let elf = image(AGENT);
    let elf = elf.to_str().expect("it is text");
    let before = pprof.save(&agent, "before.pb");
    let seen = agent.trace().summary.total_allocations;
    await_that("the demo allocates", || {
        agent.trace().summary.total_allocations > seen + 500
    });
    let after = pprof.save(&agent, "after.pb");
    let top = pprof.run(&["-top", "-cum", "-nodecount=200", elf, &after]);
    // By the names in its debug information, which are without modules.
    for function in [" keep_config\n", " raw_block\n"] {
        assert!(top.contains(function), "{function}: {top}");
    }
    let url = format!("{}/debug/pprof/allocs", machine.url());
    let top = pprof.run(&[
        "-top",
        "-cum",
        "-nodecount=200",
        "-base",
        &before,
        elf,
        &url,
    ]);
    assert!(top.contains(" step\n"), "{top}");
    let grown = pprof.sums(&["-base", &before, &after]);
    assert!(grown[0] >= 500 && grown[1] > 0, "{grown:?}");
}

/// Parca goes by what a profile says of that.
#[test]
fn a_device_that_knows_the_time_of_day_dates_its_profiles_by_it() {
    let machine = Qemu::boot();
    let url = format!("{}/debug/pprof/heap", machine.url());
    let raw = Pprof::new().run(&["-raw", &url]);
    let time = raw.lines().find_map(|line| line.strip_prefix("Time: "));
    let year = time.and_then(|time| time.get(..4)?.parse::<i32>().ok());
    let year = year.expect("it has a time");
    assert!(year > 2024, "{raw}");
}

#[test]
fn a_profile_of_128_call_stacks_adds_up_to_what_the_trace_has_counted() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let others = agent.trace().summary.stack_count;
    let on = agent.post("/demo/many-stacks", r#"{"on":true}"#);
    assert_eq!(on.status, 200);
    await_that("the switch is followed", || {
        agent.trace().summary.stack_count >= others + 128
    });
    let trace = agent.command("/trace/stop", "").summary;
    let url = format!("{}/debug/pprof/heap", machine.url());
    let counted = [
        trace.total_allocations,
        trace.total_allocated_bytes,
        trace.live_count,
        trace.live_bytes,
    ];
    assert_eq!(
        Pprof::new().sums(&[&url]),
        counted.map(|count| count as i64)
    );
}
