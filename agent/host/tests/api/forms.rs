//! JSON and postcard say the same; a capture says everything.

use std::collections::BTreeMap;

use heapbeacon_shared::api::{self, Device, LeaksPage, POSTCARD_MIME, RecordsPage, StacksPage};
use heapbeacon_shared::capture::{CaptureReader, leaks_page};
use heapbeacon_shared::trace::{Mode, Task};
use heapbeacon_shared::wire::Message;

use crate::support::answer::Answer;
use crate::support::client::api as path;
use crate::support::target::Target;

/// Returns an agent that holds records of every kind and is stopped.
fn stopped() -> Target {
    let agent = Target::tracing(Mode::All);
    agent.worked_until("live and freed blocks", |trace| {
        trace.summary.matched_frees >= 5 && trace.summary.live_count >= 20
    });
    // With a gap of each kind.
    for command in ["pause", "resume", "stop", "resume", "stop"] {
        agent.command(&format!("/trace/{command}"), "");
    }
    agent
}

/// What a stream of messages says of records and stacks, in the form that JSON has.
#[derive(Default)]
struct Told {
    tasks: BTreeMap<u16, Task>,
    stacks: Vec<api::Stack>,
    task_of_stack: BTreeMap<u32, Option<heapbeacon_shared::trace::Name>>,
    records: Vec<api::Record>,
    /// What the stream says of the next page, if anything.
    next: Option<Option<u64>>,
}

impl Told {
    fn by(answer: &Answer) -> Self {
        assert_eq!(answer.header("content-type"), Some(POSTCARD_MIME));
        let mut told = Self::default();
        for message in answer.messages() {
            told.take(message);
        }
        told
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Task(task) => {
                self.tasks.insert(task.id, task);
            }
            Message::Stack(stack) => {
                let task = self.tasks.get(&stack.task);
                let body = api::Stack::of(&stack, task.map(|task| (&task.name, task.origin)));
                self.task_of_stack.insert(stack.id, body.task.clone());
                self.stacks.push(body);
            }
            Message::Record(record) => self.records.push(api::Record {
                seq: record.seq,
                address: record.address,
                size: record.size,
                time_us: record.seq,
                core: record.core,
                task: self.task_of_stack[&record.stack].clone(),
                stack: record.stack,
                ..api::Record::default()
            }),
            Message::Freed(freed) => {
                let record = self
                    .records
                    .iter_mut()
                    .rfind(|record| record.seq == freed.seq);
                let record = record.expect("a free comes after its record");
                record.freed = true;
                record.freed_time_us = Some(freed.time);
                record.freed_stack = freed.stack;
            }
            Message::Page(page) => self.next = Some(page.next),
            _ => {}
        }
    }
}

fn by_id(mut stacks: Vec<api::Stack>) -> Vec<api::Stack> {
    stacks.sort_by_key(|stack| stack.id);
    stacks
}

#[test]
fn records_as_postcard_are_those_as_json() {
    let agent = stopped();
    let mut after = 0;
    loop {
        let page = format!("/trace/records?after={after}&limit=50");
        let json: RecordsPage = agent.read(&page);
        let told = Told::by(&agent.get(&format!("{page}&format=postcard")));
        assert_eq!(told.next, Some(json.next));
        assert_eq!(told.records, json.records);
        assert_eq!(by_id(told.stacks), by_id(json.stacks));
        match json.next {
            Some(next) => after = next,
            None => return,
        }
    }
}

#[test]
fn stacks_as_postcard_are_those_as_json() {
    let agent = stopped();
    let mut page = "/trace/stacks?limit=20".to_owned();
    loop {
        let json: StacksPage = agent.read(&page);
        let told = Told::by(&agent.get(&format!("{page}&format=postcard")));
        assert_eq!(told.next, Some(json.next));
        assert_eq!(told.stacks, json.stacks);
        match json.next {
            Some(next) => page = format!("/trace/stacks?limit=20&after={next}"),
            None => return,
        }
    }
}

/// Device, reader of postcard and reader of captures judge by the same rule. Each answer is of its own moment, so births may
/// be one slice further.
#[test]
fn leaks_are_judged_alike_in_json_postcard_and_a_capture() {
    let agent = stopped();
    let json: LeaksPage = agent.read("/trace/leaks?limit=1000");
    let told = agent.get("/trace/leaks?limit=1000&format=postcard");
    let told = leaks_page(&told.body).expect("it is whole");
    let told = told.expect("it is of one trace");
    let mut reader = CaptureReader::new();
    reader.push(&agent.get("/capture").body).expect("a capture");
    let capture = reader.finish().expect("a capture").leaks;
    assert_eq!((told.trace_id, told.total), (json.trace_id, json.total));
    assert_eq!(told.period.unrecorded, json.period.unrecorded);
    assert_eq!(capture.period.unrecorded, json.period.unrecorded);
    assert!(!json.period.unrecorded.is_empty(), "it was stopped");
    let by_stack = |page: &LeaksPage| -> BTreeMap<_, _> {
        let leaks = page.leaks.iter();
        leaks
            .map(|leak| {
                let born: u64 = leak.births.counts.iter().copied().map(u64::from).sum();
                let lifetime_us = leak.stack.longest_lifetime_us;
                let numbers = (leak.count, leak.bytes, born, leak.outlived, lifetime_us);
                (leak.stack.id, (numbers, leak.verdict.kind))
            })
            .collect()
    };
    assert_eq!(by_stack(&told), by_stack(&json));
    assert_eq!(by_stack(&capture), by_stack(&json));
}

#[test]
fn frames_that_are_known_are_left_out_of_both_forms() {
    let agent = stopped();
    let whole: LeaksPage = agent.read("/trace/leaks");
    // An agent without a workload holds nothing.
    let [first, second, ..] = whole.leaks.as_slice() else {
        return;
    };
    let (first, second) = (first.stack.clone(), second.stack.clone());
    let path = format!("/trace/leaks?known={},{}", second.id, u32::MAX);
    let json: LeaksPage = agent.read(&path);
    let told = agent.get(&format!("{path}&format=postcard"));
    let told = leaks_page(&told.body).expect("it is whole");
    for mut page in [json, told.expect("it is of one trace")] {
        let stack = |page: &LeaksPage, index: usize| page.leaks[index].stack.clone();
        assert_eq!(stack(&page, 0), first);
        let mut without = second.clone();
        without.frames.clear();
        assert_eq!(stack(&page, 1), without);
        page.recall(&whole);
        assert_eq!(stack(&page, 1), second);
    }
}

#[test]
fn the_accept_header_chooses_the_form_unless_the_query_does() {
    let agent = Target::take();
    let content_type = |accept: &str, query: &str| {
        let path = path(&format!("/trace/records{query}"));
        let answer = agent.request("GET", &path, &[("Accept", accept)], b"");
        answer.header("content-type").map(str::to_owned)
    };
    let postcard = Some(POSTCARD_MIME.to_owned());
    let json = Some("application/json".to_owned());
    assert_eq!(content_type(POSTCARD_MIME, ""), postcard);
    assert_eq!(
        content_type(&format!("text/html, {POSTCARD_MIME};q=0.9"), ""),
        postcard
    );
    for refused in ["q=0", "q=0.0", "Q=0.000"] {
        let accept = format!("{POSTCARD_MIME};{refused}, application/json");
        assert_eq!(content_type(&accept, ""), json, "{accept}");
    }
    for rather in ["application/json;q=0.5", "application/*;q=0.2", "*/*"] {
        let accept = format!("{rather}, {POSTCARD_MIME};q=0.1");
        assert_eq!(content_type(&accept, ""), json, "{accept}");
    }
    let rather_postcard = format!("application/json;q=0.5, {POSTCARD_MIME}, */*");
    assert_eq!(content_type(&rather_postcard, ""), postcard);
    assert_eq!(content_type("*/*", ""), json);
    assert_eq!(content_type("application/json", ""), json);
    assert_eq!(content_type(POSTCARD_MIME, "?format=json"), json);
    assert_eq!(
        content_type("application/json", "?format=postcard"),
        postcard
    );
}

#[test]
fn a_capture_holds_the_device_every_counter_every_stack_and_every_record() {
    let agent = stopped();
    let (device, trace): (Device, _) = (agent.read("/device"), agent.trace());
    let answer = agent.get("/capture");
    let messages = answer.messages();
    let Some(Message::Header(header)) = messages.first() else {
        panic!("a capture begins with its header");
    };
    assert_eq!(header.build_id, device.build_id);
    assert_eq!(
        (header.boot_id, header.trace_id),
        (device.boot_id, trace.trace_id)
    );
    assert_eq!(header.pointer_bytes, device.pointer_bytes);
    let counters = messages.iter().find_map(|message| match message {
        Message::Counters(counters) => Some(counters),
        _ => None,
    });
    let counters = counters.expect("a capture holds the counters");
    assert_eq!(counters.total_allocations, trace.summary.total_allocations);
    assert_eq!(counters.matched_frees, trace.summary.matched_frees);
    assert_eq!(counters.live_bytes, trace.summary.live_bytes);
    assert_eq!(
        (counters.gaps, counters.doubtful_until_us),
        (trace.summary.gaps, trace.summary.doubtful_until_us)
    );
    let missed = messages.iter().find_map(|message| match message {
        Message::MissedFrees(missed) => Some((missed.frees, missed.bytes)),
        _ => None,
    });
    assert_eq!(
        missed.unwrap_or_default(),
        (trace.summary.missed_frees, trace.summary.missed_freed_bytes)
    );
    let wrong = |message: &&Message| matches!(message, Message::WrongFree(_));
    assert_eq!(
        messages.iter().filter(wrong).count(),
        trace.recent_wrong_frees.len()
    );
    assert_eq!(trace.summary.gaps, 2);
    // 0 where nothing had been recorded before the gaps.
    let doubtful = trace.summary.doubtful_until_us;
    assert!(doubtful == 0 || doubtful >= trace.summary.started_us);
    let told = Told::by(&answer);
    assert_eq!(told.next, None, "a capture has no pages");
    assert_eq!(told.records.len(), trace.summary.count as usize);
    let shared = told.stacks.iter().filter(|stack| stack.id == 0).count();
    assert_eq!(
        told.stacks.len() - shared,
        trace.summary.stack_count as usize
    );
    let live = told.records.iter().filter(|record| !record.freed);
    assert_eq!(
        live.map(|record| record.size).sum::<u64>(),
        trace.summary.live_bytes
    );
}

#[test]
fn a_capture_taken_while_the_trace_goes_on_is_complete() {
    let agent = Target::tracing(Mode::All);
    for _ in 0..10 {
        let told = Told::by(&agent.get("/capture"));
        assert!(told.records.is_sorted_by_key(|record| record.seq));
    }
}

#[test]
fn a_dump_has_a_line_for_every_record() {
    let agent = stopped();
    let trace = agent.trace();
    let answer = agent.get("/trace/dump");
    let lines = |start: &str| {
        answer
            .text()
            .lines()
            .filter(|line| line.starts_with(start))
            .count()
    };
    let records = answer
        .text()
        .lines()
        .filter(|line| line.contains(" bytes (@ 0x"))
        .count();
    assert_eq!(records, trace.summary.count as usize);
    let freed = u64::from(trace.summary.count) - trace.summary.live_count;
    assert_eq!(lines("freed by ") as u64, freed);
}

#[test]
fn a_dump_tells_the_evidence_of_the_list_of_leaks() {
    let agent = stopped();
    let listed = agent.get("/trace/leaks?sort=outlived&limit=20");
    let listed: LeaksPage = listed.json();
    let answer = agent.get("/trace/dump");
    let (_, evidence) = answer
        .text()
        .split_once("====== Heap Trace Evidence ======\n")
        .expect("it has a part of its own");
    let mut lines = evidence.lines();
    let is_nothing_live = agent.trace().summary.live_count == 0;
    assert_eq!(listed.leaks.is_empty(), is_nothing_live);
    for leak in &listed.leaks {
        let verdict = lines.next().expect("a line for its verdict");
        let (blocks, outlived) = ((leak.bytes, leak.count), leak.outlived);
        assert!(verdict.contains(leak.verdict.kind.name()), "{verdict}");
        let numbers = numbers(verdict);
        assert_eq!(
            numbers,
            [blocks.0, blocks.1, outlived.bytes, outlived.count]
        );
        let line = lines.next().expect("a line for what it is told from");
        let births = line.split_once(": ").expect("births are last").1;
        let born: u64 = self::numbers(births).iter().sum();
        assert_eq!(born, leak.count, "{line}");
        let callers = lines.next().expect("a line for who allocated");
        let frames: Vec<_> = leak.stack.frames.iter().map(ToString::to_string).collect();
        assert!(callers.ends_with(&frames.join(":")), "{callers}");
    }
}

/// Returns the whole numbers among the words of a text.
fn numbers(text: &str) -> Vec<u64> {
    text.split(' ')
        .filter_map(|word| word.parse().ok())
        .collect()
}
