//! Every route answers, as the type that stands for it in `shared`.

use heapbeacon_shared::api::{
    Count, Demo, Device, Feature, Heap, HeapHistory, LeaksPage, MarksPage, Method, Ota,
    PROBLEM_MIME, PinsPage, Record, RecordsPage, ReferencesPage, Route, Settings, StacksPage,
    Trace,
};
use heapbeacon_shared::symbol_file;
use heapbeacon_shared::trace::{Mode, Origin, Region, State};
use serde_json::Value;

use crate::support::answer::Answer;
use crate::support::target::Target;

#[test]
fn every_get_route_answers_as_its_type() {
    let agent = Target::tracing(Mode::All);
    agent.worked_until("a record", |trace| trace.summary.count > 0);
    for endpoint in Route::ALL {
        let path = endpoint.path;
        if endpoint.method == Method::Get {
            let answer = agent.ask(&endpoint);
            let content_type = answer.header("content-type").expect("it has one");
            let usual = endpoint.answer.content_types().first();
            assert!(
                usual == Some(&content_type) || content_type == PROBLEM_MIME,
                "{path}: {content_type}"
            );
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(
                answer.header("x-content-type-options"),
                Some("nosniff"),
                "{path}"
            );
            check(&agent, endpoint.route, &answer);
        }
    }
}

fn check(agent: &Target, route: Route, answer: &Answer) {
    match route {
        Route::Device => drop(answer.json::<Device>()),
        Route::Heap => drop(answer.json::<Heap>()),
        Route::HeapHistory if answer.status == 404 => drop(answer.problem(404)),
        Route::HeapHistory => drop(answer.json::<HeapHistory>()),
        Route::HeapPins => drop(answer.json::<PinsPage>()),
        Route::Trace => drop(answer.json::<Trace>()),
        Route::Count => {
            answer.json::<Count>();
        }
        Route::Records => drop(answer.json::<RecordsPage>()),
        Route::Record if answer.status == 200 => drop(answer.json::<Record>()),
        Route::Record => drop(answer.problem(422)),
        Route::Stacks => drop(answer.json::<StacksPage>()),
        Route::Leaks => drop(answer.json::<LeaksPage>()),
        Route::References if answer.status == 501 => drop(answer.problem(501)),
        Route::References => drop(answer.json::<ReferencesPage>()),
        Route::Dump => assert!(answer.text().starts_with("====== Heap Trace: ")),
        Route::Capture => drop(answer.messages()),
        Route::Marks => drop(answer.json::<MarksPage>()),
        Route::Elf if agent.has(Feature::Elf) => {
            let names = [b"\x7fELF", &symbol_file::MAGIC];
            assert!(names.iter().any(|begin| answer.body.starts_with(*begin)));
        }
        Route::Demo if agent.has(Feature::Demo) => drop(answer.json::<Demo>()),
        Route::Elf | Route::Demo => drop(answer.problem(404)),
        Route::Events => drop(answer.problem(426)),
        Route::HeapProfile | Route::AllocsProfile => assert_eq!(answer.status, 200),
        Route::Metrics => assert!(answer.text().starts_with("# HELP heap_trace_info ")),
        Route::HasProfileSymbols => assert!(answer.text().starts_with("num_symbols: ")),
        Route::OpenApi => assert!(answer.unzipped().starts_with(b"openapi: 3.1")),
        Route::Ota if answer.status == 404 => drop(answer.problem(404)),
        Route::Ota => drop(answer.json::<Ota>()),
        // What else it has, a capture tells, too.
        Route::PostMortem => assert!(answer.json::<Value>()["outcome"].is_string()),
        Route::Settings if answer.status == 404 => drop(answer.problem(404)),
        Route::Settings => drop(answer.json::<Settings>()),
        Route::Init
        | Route::Start
        | Route::Stop
        | Route::Pause
        | Route::Resume
        | Route::Mark
        | Route::ProfileSymbols
        | Route::DemoSwitch
        | Route::DeletePostMortem
        | Route::SetSettings
        | Route::TryTrigger
        | Route::Upload
        | Route::CancelUpload
        | Route::SetSymbols
        | Route::Restart => unreachable!("these are not read"),
    }
}

#[test]
fn the_device_says_who_it_is() {
    let agent = Target::take();
    let device: Device = agent.read("/device");
    assert!(matches!(device.pointer_bytes, 4 | 8));
    for name in [
        &device.board,
        &device.chip,
        &device.firmware,
        &device.firmware_version,
    ] {
        assert!(!name.is_empty(), "{device:?}");
    }
    let later: Device = agent.read("/device");
    assert_eq!(later.boot_id, device.boot_id);
    assert!(later.uptime_us > device.uptime_us);
}

/// Boards of this repository are built as its README tells.
#[test]
fn a_device_warns_of_what_it_lacks_and_of_nothing_else() {
    let agent = Target::take();
    let device: Value = agent.read("/device");
    let warnings = device["warnings"].as_array().expect("it is a list");
    let warns_of = |code: &str| warnings.iter().any(|warning| warning["code"] == code);
    assert_eq!(warns_of("no_build_id"), device["build_id"] == "");
    let traces = device["features"]
        .as_array()
        .is_some_and(|features| features.contains(&"tracing".into()));
    assert_eq!(warns_of("no_tracing"), !traces);
    for warning in warnings {
        let message = warning["message"].as_str().expect("it is a sentence");
        assert!(message.ends_with('.'), "{message}");
    }
    if device["board"] == "host" || device["board"] == "qemu-virt" {
        assert_eq!(device["warnings"], Value::Array(Vec::new()));
    }
}

#[test]
fn the_regions_of_the_heap_add_up() {
    let agent = Target::take();
    let heap: Heap = agent.read("/heap");
    let of_firmware = |region: &Region| region.origin == Origin::Application;
    assert!(heap.regions.iter().any(of_firmware));
    for region in &heap.regions {
        assert!(region.used + region.free <= region.size, "{region:?}");
        assert!(region.minimum_free <= region.free, "{region:?}");
        assert!(
            region.minimum_free <= region.window_minimum_free
                && region.window_minimum_free <= region.free,
            "{region:?}"
        );
        assert!(region.largest_free_block <= region.free, "{region:?}");
        assert!(region.fragmentation <= 100, "{region:?}");
    }
}

#[test]
fn the_counters_of_the_trace_add_up() {
    let agent = Target::tracing(Mode::Leaks);
    for _ in 0..20 {
        let trace = agent.trace();
        assert_eq!(
            trace.total_frees,
            trace.summary.matched_frees + trace.summary.unmatched_frees
        );
        let ended =
            trace.summary.matched_frees + trace.summary.missed_frees + trace.summary.evicted_live;
        assert_eq!(
            trace.summary.total_allocations - ended,
            trace.summary.live_count
        );
        let ended_bytes = trace.summary.matched_freed_bytes
            + trace.summary.missed_freed_bytes
            + trace.summary.evicted_live_bytes;
        assert_eq!(
            trace.summary.total_allocated_bytes - ended_bytes,
            trace.summary.live_bytes
        );
        assert!(
            trace.summary.count <= trace.summary.high_water_mark
                && trace.summary.high_water_mark <= trace.summary.capacity
        );
        assert!(trace.buffer.record_bytes + trace.buffer.stack_bytes <= trace.buffer.bytes);
        assert!(trace.summary.started_us <= trace.summary.time_us);
    }
}

#[test]
fn a_record_by_index_is_that_of_the_page() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("ten records", |trace| trace.summary.count >= 10);
    let count = agent.command("/trace/stop", "").summary.count;
    let page: RecordsPage = agent.read("/trace/records?limit=1000");
    for (index, record) in page.records.iter().enumerate().take(10) {
        assert_eq!(
            &agent.read::<Record>(&format!("/trace/records/{index}")),
            record
        );
    }
    let problem = agent.get(&format!("/trace/records/{count}")).problem(422);
    assert_eq!(problem.code, "ESP_ERR_INVALID_ARG");
    assert!(problem.detail.contains(&format!("{count}.")), "{problem:?}");
}

#[test]
fn leaks_are_grouped_by_call_stack_and_sorted() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("three call stacks", |trace| trace.summary.stack_count >= 3);
    let live = agent.command("/trace/stop", "");
    assert_eq!(live.summary.state, State::Stopped);
    let page: LeaksPage = agent.read("/trace/leaks?limit=1000");
    assert!(
        page.leaks
            .is_sorted_by_key(|leak| std::cmp::Reverse(leak.bytes))
    );
    for leak in &page.leaks {
        assert_eq!(
            (leak.count, leak.bytes),
            (leak.stack.live_count, leak.stack.live_bytes)
        );
        assert!(leak.oldest_us <= leak.newest_us && leak.newest_us <= page.period.time_us);
    }
    if page.total as usize == page.leaks.len() {
        assert_eq!(
            page.leaks.iter().map(|leak| leak.bytes).sum::<u64>(),
            live.summary.live_bytes
        );
    }
    let one: LeaksPage = agent.read("/trace/leaks?limit=1");
    assert_eq!(
        (one.total, one.leaks.len()),
        (page.total, page.leaks.len().min(1))
    );
    let old: LeaksPage = agent.read("/trace/leaks?min_age_ms=4294967295");
    assert_eq!(
        (old.total, old.leaks.len()),
        (0, 0),
        "nothing is 49 days old"
    );
}
