//! The agent as its users meet it: a process, asked over HTTP.

mod agent;

use agent::Agent;
use heapbeacon_shared::api::{Count, LeaksPage, Problem, RecordsPage, StacksPage, State, Trace};
use heapbeacon_shared::wire::{Decoder, Message};

const STANDALONE: &str = r#"{"destination":"standalone","records":100}"#;

#[test]
fn a_trace_can_be_initialised_started_paused_resumed_and_stopped() {
    let agent = Agent::start(&["--no-demo"]);
    assert_eq!(agent.get::<Trace>("/trace").state, State::Uninitialised);
    for (path, body, state) in [
        ("/trace/init", STANDALONE, State::Stopped),
        ("/trace/start", r#"{"mode":"all"}"#, State::Recording),
        ("/trace/pause", "", State::Paused),
        ("/trace/resume", "{}", State::Recording),
        ("/trace/stop", "", State::Stopped),
    ] {
        let answer = agent.post(path, body);
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.json::<Trace>().state, state, "{path}");
    }
}

#[test]
fn counters_add_up_while_the_workload_runs() {
    let agent = Agent::start(&["--start", "leaks"]);
    agent.wait_for_records(50);
    let trace: Trace = agent.get("/trace");
    let live = trace.total_allocations - trace.matched_frees - trace.evicted_live;
    assert_eq!(live, trace.live_count);
    assert_eq!(
        trace.total_frees,
        trace.matched_frees + trace.unmatched_frees
    );
}

#[test]
fn pages_follow_each_other_and_carry_their_stacks() {
    let agent = Agent::start(&["--start", "all"]);
    agent.wait_for_records(30);
    agent.post("/trace/stop", "");
    let count = agent.get::<Count>("/trace/count").count as usize;
    let (mut seen, mut after) = (Vec::new(), 0);
    loop {
        let page: RecordsPage = agent.get(&format!("/trace/records?limit=7&after={after}"));
        for record in &page.records {
            assert!(page.stacks.iter().any(|stack| stack.id == record.stack));
            seen.push(record.seq);
        }
        let Some(next) = page.next else { break };
        after = next;
    }
    assert_eq!(seen.len(), count);
    assert!(seen.is_sorted_by(|a, b| a < b));
}

#[test]
fn stacks_and_leaks_are_pages_too() {
    let agent = Agent::start(&["--start", "leaks"]);
    agent.wait_for_records(30);
    let first: StacksPage = agent.get("/trace/stacks?limit=1");
    assert_eq!(first.next, Some(first.stacks[0].id.into()));
    let leaks: LeaksPage = agent.get("/trace/leaks?limit=5");
    assert!(leaks.leaks.is_sorted_by(|a, b| a.bytes >= b.bytes));
    assert!(leaks.leaks.iter().all(|leak| !leak.stack.frames.is_empty()));
}

#[test]
fn a_capture_is_complete_and_names_every_stack_first() {
    let agent = Agent::start(&["--start", "all"]);
    agent.wait_for_records(30);
    let mut decoder = Decoder::new();
    decoder.push(&agent.request("GET", "/capture", "").body);
    let (mut stacks, mut records) = (Vec::new(), 0);
    for message in decoder.by_ref() {
        match message.expect("nothing is damaged") {
            Message::Stack(stack) => stacks.push(stack.id),
            Message::Record(record) => {
                assert!(stacks.contains(&record.stack));
                records += 1;
            }
            _ => {}
        }
    }
    assert!(decoder.finish().is_ok());
    assert!(records >= 30);
}

#[test]
fn what_is_refused_says_why_and_changes_nothing() {
    let agent = Agent::start(&["--no-demo"]);
    agent.post("/trace/init", STANDALONE);
    for (method, path, body, status, code) in [
        ("POST", "/trace/init", "{", 400, "ESP_ERR_INVALID_ARG"),
        ("GET", "/nothing", "", 404, "ESP_ERR_NOT_FOUND"),
        ("DELETE", "/trace", "", 405, "ESP_ERR_NOT_SUPPORTED"),
        ("POST", "/trace/stop", "", 409, "ESP_ERR_INVALID_STATE"),
        ("POST", "/trace/start", "{}", 422, "ESP_ERR_INVALID_ARG"),
        (
            "GET",
            "/trace/records?limit=-1",
            "",
            422,
            "ESP_ERR_INVALID_ARG",
        ),
        ("GET", "/demo", "", 404, "ESP_ERR_NOT_FOUND"),
    ] {
        let answer = agent.request(method, path, body);
        let problem: Problem = answer.json();
        assert_eq!((answer.status, problem.status), (status, status), "{path}");
        assert_eq!(problem.code, code, "{path}");
    }
    let trace: Trace = agent.get("/trace");
    assert_eq!((trace.state, trace.capacity), (State::Stopped, 100));
}

#[test]
fn without_the_token_nothing_is_told() {
    let agent = Agent::start(&["--token", "sesam"]);
    assert_eq!(agent.request("GET", "/trace", "").status, 401);
}
