//! Serving when the heap has nothing left but its reserve, which the network card's frames come from.

use heapbeacon_shared::api::{Device, Heap, Method, Route, StacksPage};
use heapbeacon_shared::trace::Failure;

use crate::support::await_some;
use crate::support::client::Client;
use crate::support::qemu::Qemu;

const SWITCH: &str = "/demo/heap-exhaustion";
/// Bytes in pieces that are too small for anything.
const LITTLE: u64 = 2048;

#[test]
fn with_no_heap_left_every_get_answers_and_failures_are_counted() {
    let machine = Qemu::boot();
    let agent = machine.client();
    assert_eq!(agent.post(SWITCH, r#"{"on":true}"#).status, 200);
    let (failure, given_us) = await_some("a failure gives the reserve back", || given_for(&agent));
    assert_eq!(Some(failure.time_us), given_us);
    let heap = await_some("the heap is exhausted", || exhausted(&agent));

    for endpoint in Route::ALL {
        // A board has no ELF and no slots for firmware, and a WebSocket is no answer.
        let has_answer = !matches!(endpoint.route, Route::Elf | Route::Ota | Route::Events);
        if endpoint.method == Method::Get && has_answer {
            assert_eq!(agent.ask(&endpoint).status, 200, "{}", endpoint.path);
        }
    }
    let postcard = agent.get("/trace/records?format=postcard");
    assert!(!postcard.messages().is_empty());

    let reserve = heap.reserve.expect("this board has one");
    assert_eq!((reserve.held, reserve.given), (false, 1), "{reserve:?}");
    assert!(
        reserve
            .given_us
            .is_some_and(|given_us| given_us <= heap.time_us)
    );

    let failure = heap.recent_failures.last().expect("some failed");
    assert!(failure.size > 0);
    let page: StacksPage = agent.read("/trace/stacks?limit=1000");
    let mut stacks = page.stacks.iter();
    let asked = stacks.find(|stack| stack.id == failure.stack);
    let asked = asked.expect("the stack that asked is kept");
    assert_eq!(asked.task.as_deref(), Some("hog"));
    assert!(!asked.frames.is_empty());

    // Given back, the device goes on as before, in the same boot, and holds its reserve again.
    assert_eq!(agent.post(SWITCH, r#"{"on":false}"#).status, 200);
    let before = agent.trace().summary.total_allocations;
    await_some("the workload goes on", || {
        (agent.trace().summary.total_allocations > before + 200).then_some(())
    });
    let device: Device = agent.read("/device");
    assert!(device.uptime_us > heap.time_us);
    await_some("the reserve is held again", || {
        agent
            .read::<Heap>("/heap")
            .reserve
            .filter(|reserve| reserve.held)
    });
}

#[test]
fn the_reserve_is_held_from_the_start_and_in_no_count_of_blocks() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let heap = await_some("the reserve is held", || {
        let heap: Heap = agent.read("/heap");
        heap.reserve
            .is_some_and(|reserve| reserve.held)
            .then_some(heap)
    });
    let size = heap.reserve.map_or(0, |reserve| reserve.size);
    let large = heap.regions.last().expect("there are two");
    assert!(
        large.used >= size && large.requested + size <= large.used,
        "{large:?}"
    );
    // Nothing was allocated before the trace began: it knows every block, but for frames under way.
    let blocks: u64 = heap.regions.iter().map(|region| region.blocks).sum();
    assert!(blocks.abs_diff(heap.traced_blocks) <= 2, "{heap:?}");
}

/// Returns the failed allocation that the reserve was given back for, once there is one, and when the reserve says it was.
fn given_for(agent: &Client) -> Option<(Failure, Option<u64>)> {
    let heap: Heap = agent.read("/heap");
    let given_us = heap.reserve.and_then(|reserve| reserve.given_us);
    let mut failures = heap.recent_failures.into_iter();
    let failure = failures.find(|failure| failure.gave_reserve)?;
    assert!(
        failures.all(|failure| !failure.gave_reserve),
        "it is given back once"
    );
    let left = failure.left.expect("the board says what was left");
    let largest = left.largest_free_block.expect("it is the first of a row");
    assert!(
        largest < failure.size && largest <= left.free,
        "it did not fit: {failure:?}"
    );
    Some((failure, given_us))
}

/// Returns the state of the heap once it has no room but for what was held back.
fn exhausted(agent: &Client) -> Option<Heap> {
    let heap: Heap = agent.read("/heap");
    let reserve = heap.reserve.map_or(0, |reserve| reserve.size);
    let free: u64 = heap.regions.iter().map(|region| region.free).sum();
    (heap.failed_allocations > 0 && free < reserve + LITTLE).then_some(heap)
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
            [".js", ".lzma", ".css"]
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
