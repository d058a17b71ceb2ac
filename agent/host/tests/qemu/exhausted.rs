//! Serving when the heap has nothing left.

use heapbeacon_shared::api::{Device, Heap, Method, Route, StacksPage};

use crate::support::await_some;
use crate::support::client::Client;
use crate::support::qemu::Qemu;

const SWITCH: &str = "/demo/heap-exhaustion";

#[test]
fn with_no_heap_left_every_get_answers_and_failures_are_counted() {
    let machine = Qemu::boot();
    let agent = machine.client();
    assert_eq!(agent.post(SWITCH, r#"{"on":true}"#).status, 200);
    let heap = await_some("the heap is exhausted", || exhausted(&agent));

    for endpoint in Route::ALL {
        if endpoint.method == Method::Get && endpoint.route != Route::Elf {
            assert_eq!(agent.ask(&endpoint).status, 200, "{}", endpoint.path);
        }
    }
    let postcard = agent.get("/trace/records?format=postcard");
    assert!(!postcard.messages().is_empty());

    let failure = heap.recent_failures.last().expect("some failed");
    assert!(failure.size > 0);
    let page: StacksPage = agent.read("/trace/stacks?limit=1000");
    let mut stacks = page.stacks.iter();
    let asked = stacks.find(|stack| stack.id == failure.stack);
    let asked = asked.expect("the stack that asked is kept");
    assert_eq!(asked.task.as_deref(), Some("hog"));
    assert!(!asked.frames.is_empty());

    // Given back, the device goes on as before, in the same boot.
    assert_eq!(agent.post(SWITCH, r#"{"on":false}"#).status, 200);
    let before = agent.trace().total_allocations;
    await_some("the workload goes on", || {
        (agent.trace().total_allocations > before + 200).then_some(())
    });
    let device: Device = agent.read("/device");
    assert!(device.uptime_us > heap.time_us);
}

/// Returns the state of the heap once it has no room for the smallest block.
fn exhausted(agent: &Client) -> Option<Heap> {
    let heap: Heap = agent.read("/heap");
    let has_room = heap
        .regions
        .iter()
        .any(|region| region.largest_free_block > 8);
    (heap.failed_allocations > 0 && !has_room).then_some(heap)
}

#[test]
fn the_dashboard_comes_whole_from_an_exhausted_device() {
    let machine = Qemu::boot();
    let agent = machine.client();
    assert_eq!(agent.post(SWITCH, r#"{"on":true}"#).status, 200);
    await_some("the heap is exhausted", || exhausted(&agent));
    let index = agent.request("GET", "/", &[("Accept", "text/html")], &[]);
    let index = String::from_utf8(index.unzipped()).expect("HTML is text");
    let files: Vec<_> = index
        .split(['"', '\'', '=', ' ', '>'])
        .filter(|text| {
            [".js", ".wasm", ".css"]
                .iter()
                .any(|end| text.ends_with(end))
        })
        .collect();
    assert!(
        files.len() >= 3,
        "a script, the bundle and a style sheet: {index}"
    );
    for file in files {
        let path = format!("/{}", file.trim_start_matches(['.', '/']));
        assert!(
            !agent.request("GET", &path, &[], &[]).unzipped().is_empty(),
            "{file}"
        );
    }
}
