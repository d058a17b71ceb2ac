//! What `go tool pprof` makes of a device's heap.

use std::fs;

use heapbeacon_shared::api::LeaksPage;
use heapbeacon_shared::symbols::Symbols;

use crate::support::client::Client;
use crate::support::pprof::Pprof;
use crate::support::qemu::{AGENT, Qemu, image};
use crate::support::{await_that, firmware};

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

#[test]
fn without_the_elf_pprof_is_told_names_by_a_device_that_holds_functions() {
    let folder = tempfile::tempdir().expect("there is room");
    let (image, flash) = (folder.path().join("image"), folder.path().join("flash"));
    let elf = firmware::without_names();
    let symbols = Symbols::parse(&elf).expect("the ELF has symbols");
    let names = symbols.pack_with_functions();
    println!(
        "{} bytes, {} of them functions",
        names.len(),
        names.len() - symbols.pack().len()
    );

    // In the flash beside the image, where a request puts them.
    fs::write(&image, &elf).expect("there is room");
    let machine = Qemu::boot_image_with(&image, &flash);
    let agent = machine.client();
    assert!(!told_by_pprof(&machine).contains("::"));
    assert_eq!(agent.request("PUT", "/api/v1/elf", &[], &names).status, 200);
    assert!(agent.get("/elf").body == names);
    check_names(&machine, &agent, &symbols);
    // Those without functions take their place.
    let plain = symbols.pack();
    assert_eq!(agent.request("PUT", "/api/v1/elf", &[], &plain).status, 200);
    assert!(!told_by_pprof(&machine).contains("::"));
    drop(machine);

    // In the image itself.
    fs::write(&image, firmware::with_names(&names)).expect("there is room");
    let machine = Qemu::boot_image_with(&image, &flash);
    check_names(&machine, &machine.client(), &symbols);
}

fn told_by_pprof(machine: &Qemu) -> String {
    let url = format!("{}/debug/pprof/heap", machine.url());
    Pprof::new().run(&["-top", "-cum", "-nodecount=500", &url])
}

/// Compares what a device calls the callers that it lists with what the ELF does.
#[track_caller]
fn check_names(machine: &Qemu, agent: &Client, symbols: &Symbols) {
    let page: LeaksPage = agent.read("/trace/leaks?limit=1000");
    let frames = page.leaks.iter().flat_map(|leak| &leak.stack.frames);
    let addresses: Vec<_> = frames.map(|address| address.0).collect();
    assert!(addresses.len() > 50, "{addresses:x?}");
    let asked: Vec<_> = addresses
        .iter()
        .map(|address| format!("{address:#x}"))
        .collect();
    let answer = agent.request(
        "POST",
        "/debug/pprof/symbol",
        &[],
        asked.join("+").as_bytes(),
    );
    let told = answer.text();
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some("num_symbols: 1"));
    for address in addresses {
        let outermost = symbols.frames(address).pop();
        if let Some(function) = outermost.and_then(|frame| frame.function) {
            let line = format!("{address:#x}\t{function}");
            assert_eq!(lines.next(), Some(&*line));
        }
    }
    assert_eq!(lines.next(), None);
    let top = told_by_pprof(machine);
    assert!(top.contains("heapbeacon_demo::session::"), "{top}");
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
