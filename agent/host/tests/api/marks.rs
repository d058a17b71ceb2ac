//! Marks, and what is asked for by them.

use heapbeacon_shared::api::{LeaksPage, MarksPage, RecordsPage};
use heapbeacon_shared::trace::{Mark, Mode};
use heapbeacon_shared::wire::Message;

use crate::support::target::Target;

fn mark(agent: &Target, name: &str) -> Mark {
    let mark: Mark = agent
        .post("/marks", &format!(r#"{{"name":"{name}"}}"#))
        .json();
    assert_eq!(mark.name, name);
    mark
}

#[test]
fn blocks_are_from_before_a_mark_or_from_behind_it() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("ten records", |trace| trace.summary.count >= 10);
    let before = mark(&agent, "in between");
    let marked = agent.trace().summary.total_allocations;
    agent.worked_until("more records", |trace| {
        trace.summary.total_allocations >= marked + 20
    });
    agent.command("/trace/stop", "");
    let leaks = |query: &str| -> u64 {
        let page: LeaksPage = agent.read(&format!("/trace/leaks?limit=1000{query}"));
        page.leaks.iter().map(|leak| leak.count).sum()
    };
    let (old, new) = (leaks("&until=in%20between"), leaks("&since=in%20between"));
    assert_eq!(old + new, leaks(""));
    assert_eq!(new, leaks(&format!("&since={}", before.time_us)));
    let page: RecordsPage = agent.read("/trace/records?limit=1000&since=in%20between");
    let is_new = |seq| seq >= before.time_us;
    assert!(page.records.iter().all(|record| is_new(record.seq)));
    let page: RecordsPage = agent.read("/trace/records?limit=1000&until=in%20between");
    assert!(page.records.iter().all(|record| !is_new(record.seq)));
}

#[test]
fn a_record_is_found_by_its_call_stack_task_and_size() {
    let agent = Target::tracing(Mode::Leaks);
    agent.worked_until("ten records", |trace| trace.summary.count >= 10);
    agent.command("/trace/stop", "");
    let all: RecordsPage = agent.read("/trace/records?limit=1000");
    let Some(one) = all.records.last() else {
        return;
    };
    let task = one.task.as_ref().map_or_else(String::new, |name| {
        let bytes = name.bytes().map(|byte| format!("%{byte:02x}"));
        format!("&task={}", bytes.collect::<String>())
    });
    let path = format!(
        "/trace/records?limit=1000&stack={}&min_size={}{task}",
        one.stack, one.size
    );
    let wanted = |record: &&heapbeacon_shared::api::Record| {
        record.stack == one.stack && record.size >= one.size
    };
    let expected: Vec<_> = all.records.iter().filter(wanted).cloned().collect();
    let page: RecordsPage = agent.read(&path);
    assert_eq!(page.records, expected);
    assert!(page.records.contains(one));
    for query in ["stack=x", "stack=4294967296", "min_size=-1"] {
        agent.get(&format!("/trace/records?{query}")).problem(422);
    }
    let long = "x".repeat(33);
    agent
        .get(&format!("/trace/records?task={long}"))
        .problem(422);
}

#[test]
fn marks_are_listed_captured_and_kept_when_a_trace_starts() {
    let agent = Target::tracing(Mode::Leaks);
    let first = mark(&agent, "first");
    agent.command("/trace/start?mode=leaks", "");
    let second = mark(&agent, "second");
    assert!(second.id > first.id && second.time_us > first.time_us);
    assert!(second.trace_id > first.trace_id);
    let page: MarksPage = agent.read("/marks");
    assert!(page.marks.contains(&first) && page.marks.contains(&second));
    assert!(page.marks.is_sorted_by_key(|mark| mark.id));
    assert!(page.time_us >= second.time_us);
    let messages = agent.get("/capture").messages();
    let captured = |mark: &Mark| {
        messages.iter().any(|message| {
            matches!(message, Message::Mark(told) if told.name == mark.name && told.time_us == mark.time_us)
        })
    };
    assert!(captured(&first) && captured(&second));
}

#[test]
fn the_oldest_marks_give_way_and_are_counted() {
    let agent = Target::take();
    let before: MarksPage = agent.read("/marks");
    for number in 0..40 {
        mark(&agent, &format!("mark {number}"));
    }
    let page: MarksPage = agent.read("/marks");
    assert_eq!(page.marks.len(), 32);
    let given_up = before.marks.len() as u32 + 40 - 32;
    assert_eq!(page.merged, before.merged + given_up);
    let last = page.marks.last().map(|mark| mark.name.as_str());
    assert_eq!(last, Some("mark 39"));
}

#[test]
fn a_moment_that_nobody_named_is_refused() {
    let agent = Target::take();
    let before = agent.trace();
    for path in ["leaks", "records"] {
        for query in [
            "since=nothing%20of%20this",
            "until=",
            "since=1.5",
            "until=99999999999999999999",
        ] {
            let problem = agent.get(&format!("/trace/{path}?{query}")).problem(422);
            assert!(problem.detail.contains("/marks"), "{problem:?}");
        }
        agent
            .get(&format!("/trace/{path}?since=2&until=1"))
            .problem(422);
    }
    agent.assert_untouched(&before);
}
