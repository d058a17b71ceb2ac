//! The trace's states over HTTP.

use heapbeacon_shared::api::{LeaksPage, RecordsPage, StacksPage, Trace};
use heapbeacon_shared::trace::{Destination, Mode, State};

use crate::support::target::{Target, start, stop_if_running};

const INIT: (&str, &str) = (
    "/trace/init",
    r#"{"destination":"standalone","records":64}"#,
);
const RELEASE: (&str, &str) = ("/trace/init", r#"{"destination":"standalone","records":0}"#);
const TO_HOST: (&str, &str) = ("/trace/init", r#"{"destination":"to_host"}"#);
const START: (&str, &str) = ("/trace/start", r#"{"mode":"all"}"#);
const STOP: (&str, &str) = ("/trace/stop", "");
const PAUSE: (&str, &str) = ("/trace/pause", "{}");
const RESUME: (&str, &str) = ("/trace/resume", "");

/// Brings the trace into a state from whatever it is in.
fn enter(agent: &Target, state: State) -> Trace {
    stop_if_running(agent);
    // Standalone first: a release leaves a host that events go to.
    let mut steps = vec![INIT, RELEASE];
    match state {
        State::Uninitialised => {}
        State::Stopped => steps.push(INIT),
        State::Recording => steps.extend([INIT, START]),
        State::Paused => steps.extend([INIT, START, PAUSE]),
    }
    for (path, body) in steps {
        agent.command(path, body);
    }
    let trace = agent.trace();
    assert_eq!(trace.summary.state, state);
    trace
}

#[test]
fn each_call_is_accepted_or_refused_as_the_state_demands() {
    use State::{Paused, Recording, Stopped, Uninitialised};
    let agent = Target::take();
    // Call, and for each state the one that follows; `None` is a refusal.
    let table = [
        (INIT, [Some(Stopped), Some(Stopped), None, Some(Stopped)]),
        (
            RELEASE,
            [
                Some(Uninitialised),
                Some(Uninitialised),
                None,
                Some(Uninitialised),
            ],
        ),
        (TO_HOST, [Some(Stopped), Some(Stopped), None, Some(Stopped)]),
        (
            START,
            [None, Some(Recording), Some(Recording), Some(Recording)],
        ),
        (STOP, [None, None, Some(Stopped), Some(Stopped)]),
        (PAUSE, [None, None, Some(Paused), None]),
        (RESUME, [None, Some(Recording), None, Some(Recording)]),
    ];
    for ((path, body), expected) in table {
        let states = [Uninitialised, Stopped, Recording, Paused];
        for (state, expected) in states.into_iter().zip(expected) {
            let before = enter(&agent, state);
            let answer = agent.post(path, body);
            if let Some(next) = expected {
                assert_eq!(
                    answer.json::<Trace>().summary.state,
                    next,
                    "{path} {body} while {state:?}"
                );
            } else {
                let problem = answer.problem(409);
                assert_eq!(
                    problem.code, "ESP_ERR_INVALID_STATE",
                    "{path} while {state:?}"
                );
                agent.assert_untouched(&before);
            }
        }
    }
}

#[test]
fn a_record_of_a_trace_that_was_never_initialised_is_a_conflict() {
    let agent = Target::take();
    enter(&agent, State::Uninitialised);
    assert_eq!(
        agent.get("/trace/records/0").problem(409).code,
        "ESP_ERR_INVALID_STATE"
    );
}

#[test]
fn init_takes_one_record_and_the_most_that_it_names() {
    let agent = Target::take();
    stop_if_running(&agent);
    let init = |records: u32| {
        let body = format!(r#"{{"destination":"standalone","records":{records}}}"#);
        agent.command("/trace/init", &body)
    };
    let most = init(1).buffer.max_records;
    for records in [1, 2, 100.min(most), most] {
        let trace = init(records);
        assert_eq!((trace.summary.capacity, trace.summary.count), (records, 0));
        assert_eq!(trace.summary.destination, Some(Destination::Standalone));
        assert!(
            trace.summary.stack_capacity >= 16.max(records / 16).min(2047),
            "{trace:?}"
        );
        assert_eq!(
            agent.command(start(Mode::All), "").summary.state,
            State::Recording
        );
        agent.command("/trace/stop", "");
    }
    let before = agent.trace();
    for records in [u64::from(most) + 1, u32::MAX.into(), 1 << 32, u64::MAX] {
        let body = format!(r#"{{"destination":"standalone","records":{records}}}"#);
        let problem = agent.post("/trace/init", &body).problem(422);
        assert!(problem.detail.contains(&most.to_string()), "{problem:?}");
        agent.assert_untouched(&before);
    }
}

#[test]
fn a_table_of_one_record_keeps_the_newest() {
    let agent = Target::take();
    stop_if_running(&agent);
    agent.command("/trace/init", r#"{"destination":"standalone","records":1}"#);
    agent.command(start(Mode::All), "");
    agent.worked_until("an eviction", |trace| trace.has_overflowed);
    let trace = agent.command("/trace/stop", "");
    assert!(
        trace.summary.count <= 1 && trace.summary.high_water_mark <= 1,
        "{trace:?}"
    );
    assert_eq!(trace.summary.evicted > 0, trace.has_overflowed);
}

#[test]
fn to_host_has_records_as_many_as_are_asked_for_and_at_least_one() {
    let agent = Target::take();
    let before = enter(&agent, State::Stopped);
    let body = r#"{"destination":"to_host","records":0}"#;
    agent.post("/trace/init", body).problem(422);
    agent.assert_untouched(&before);
    let body = r#"{"destination":"to_host","records":5}"#;
    assert_eq!(agent.command("/trace/init", body).summary.capacity, 5);
    let (path, body) = TO_HOST;
    let kept = agent.command(path, body).summary;
    assert_eq!(kept.capacity, 5, "a buffer stays as it is");
    assert_eq!(kept.destination, Some(Destination::ToHost));
}

#[test]
fn to_host_takes_the_buffer_where_the_tracer_has_none_and_waits_for_nobody() {
    let agent = Target::take();
    enter(&agent, State::Uninitialised);
    let (path, body) = TO_HOST;
    assert!(agent.command(path, body).summary.capacity > 0);
    let trace = agent.command(start(Mode::All), "");
    assert_eq!(trace.summary.destination, Some(Destination::ToHost));
    assert_eq!(trace.summary.state, State::Recording);
    agent.worked_until("a record", |trace| trace.summary.count > 0);
    let told = agent.command("/trace/stop", "").summary;
    assert_eq!((told.sent, told.dropped), (0, 0), "nobody listens");
}

#[test]
fn a_start_clears_everything_and_counts_on() {
    let agent = Target::tracing(Mode::All);
    agent.worked_until("fifty records", |trace| trace.summary.count >= 50);
    let old = agent.command("/trace/stop", "");
    let new = agent.command("/trace/start", r#"{"mode":"leaks"}"#);
    assert_eq!(new.trace_id, old.trace_id + 1);
    assert_eq!(
        (new.summary.mode, new.summary.state),
        (Some(Mode::Leaks), State::Recording)
    );
    assert!(new.summary.started_us > old.summary.started_us);
    // Unless the answer took longer than the whole trace before.
    let age = |trace: &Trace| trace.summary.time_us - trace.summary.started_us;
    assert!(
        new.summary.total_allocations <= old.summary.total_allocations || age(&new) >= age(&old),
        "{new:?}"
    );
    let again = agent.command(start(Mode::All), "");
    assert_eq!(
        (again.trace_id, again.summary.mode),
        (new.trace_id + 1, Some(Mode::All))
    );
}

#[test]
fn an_init_that_discards_records_is_seen_by_who_pages_through_them() {
    let agent = Target::tracing(Mode::All);
    agent.worked_until("a record", |trace| trace.summary.count > 0);
    let old = agent.command("/trace/stop", "");
    let page: RecordsPage = agent.read("/trace/records?limit=1");
    assert_eq!(page.trace_id, old.trace_id);
    let new = agent.command(INIT.0, INIT.1);
    let page: RecordsPage = agent.read("/trace/records?limit=1");
    assert!(page.records.is_empty());
    assert_eq!(page.trace_id, new.trace_id);
    let was_traced = old.summary.total_allocations > 0;
    assert_eq!(new.trace_id, old.trace_id + u32::from(was_traced));
}

#[test]
fn a_pause_records_frees_but_no_allocations_and_resume_clears_nothing() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("fifty records", |trace| trace.summary.count >= 50);
    let paused = agent.command("/trace/pause", "");
    assert_eq!(paused.summary.state, State::Paused);
    let later = agent.worked_until("frees", |trace| trace.total_frees > paused.total_frees + 5);
    assert_eq!(
        later.summary.total_allocations,
        paused.summary.total_allocations
    );
    let resumed = agent.command("/trace/resume", "");
    assert_eq!(
        (resumed.summary.state, resumed.trace_id),
        (State::Recording, paused.trace_id)
    );
    assert_eq!(resumed.summary.mode, Some(Mode::Leaks));
    assert!(resumed.summary.total_allocations >= later.summary.total_allocations);
    agent.worked_until("allocations", |trace| {
        trace.summary.total_allocations > resumed.summary.total_allocations
    });
}

#[test]
fn a_stopped_trace_counts_nothing() {
    let agent = Target::tracing(Mode::All);
    let stopped = agent.command("/trace/stop", "");
    for _ in 0..20 {
        let mut now = agent.trace();
        now.summary.time_us = stopped.summary.time_us;
        assert_eq!(now, stopped);
    }
}

#[test]
fn releasing_twice_is_fine() {
    let agent = Target::take();
    enter(&agent, State::Uninitialised);
    let (path, body) = RELEASE;
    let trace = agent.command(path, body);
    assert_eq!(
        (trace.summary.state, trace.summary.capacity),
        (State::Uninitialised, 0)
    );
}

#[test]
fn every_page_is_empty_without_a_buffer() {
    let agent = Target::take();
    let before = enter(&agent, State::Uninitialised);
    assert!(
        agent
            .read::<RecordsPage>("/trace/records")
            .records
            .is_empty()
    );
    assert!(agent.read::<StacksPage>("/trace/stacks").stacks.is_empty());
    assert!(agent.read::<LeaksPage>("/trace/leaks").leaks.is_empty());
    assert!(agent.get("/trace/dump").text().contains(" 0 records"));
    agent.get("/capture").messages();
    assert_eq!(agent.trace().trace_id, before.trace_id);
}
