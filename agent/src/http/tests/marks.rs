//! Marks: from firmware and from a request, and what is asked for by them.

use core::num::NonZeroUsize;
use core::ops::Range;
use std::format;
use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::trace::Mark;
use heapbeacon_shared::wire::{Decoder, Message};

use super::peer::Peer;
use super::{Answer, get, talk};
use crate::http::answer::chunk::Chunk;
use crate::platform::Platform;
use crate::read::leaks::{Asked, Leaks};
use crate::read::stream::{Content, MessageStream};
use crate::tests::board::{Board, interrupt_before_hold, was_interrupted};
use crate::tracer::{Allocation, Mode};

/// Allocates a block of so many bytes.
fn allocate(size: usize) {
    Board::tracer().allocated(&Allocation {
        address: NonZeroUsize::new(size * 4096).expect("null is no block"),
        size,
        time_us: Board::now_us(),
        core: 0,
        task: 0,
        stack: &[size].into_iter().collect(),
    });
}

/// Allocates blocks by one call stack.
fn allocate_again(stack: usize, blocks: usize) {
    for _ in 0..blocks {
        let (time_us, _) = Board::tracer().moment(Board::now_us());
        Board::tracer().allocated(&Allocation {
            address: NonZeroUsize::new(time_us as usize * 64).expect("null is no block"),
            size: 16,
            time_us,
            core: 0,
            task: 0,
            stack: &[stack].into_iter().collect(),
        });
    }
}

fn ask(path: &str) -> String {
    talk(Peer::that_leaves(get(&format!("/api/v1{path}")))).0
}

fn post(body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "POST /api/v1/marks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let (text, _) = talk(Peer::that_leaves(request));
    Answer::all(&text).remove(0)
}

/// Returns the sizes that an answer lists, in its order.
#[track_caller]
fn listed(path: &str, field: &str) -> Vec<usize> {
    let text = ask(path);
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let field = format!("\"{field}\":");
    let behind = text.split(field.as_str()).skip(1);
    let mut numbers: Vec<_> = behind
        .filter_map(|text| text.split([',', '}']).next()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The clock stands still, so it is the order that tells what was before a mark.
fn begin() {
    Board::trace();
    allocate(1);
    allocate(2);
    crate::mark!("login");
    allocate(3);
    crate::mark!("logout");
    allocate(4);
    allocate(5);
    pass_time();
}

/// Queries are of what was before now.
fn pass_time() {
    Board::tracer().moment(Board::now_us());
}

#[test]
fn leaks_are_of_the_time_between_two_marks() {
    begin();
    let leaks = |query: &str| listed(&format!("/trace/leaks{query}"), "live_bytes");
    assert_eq!(leaks(""), [1, 2, 3, 4, 5]);
    assert_eq!(leaks("?since=login"), [3, 4, 5]);
    assert_eq!(leaks("?until=login"), [1, 2]);
    assert_eq!(leaks("?since=login&until=logout"), [3]);
    assert_eq!(leaks("?since=login&until=login"), [0_usize; 0]);
    let login = Board::marks().after(0).expect("it was set").time_us;
    assert_eq!(leaks(&format!("?since={login}")), [3, 4, 5]);
    assert_eq!(leaks(&format!("?until={login}")), [1, 2]);
}

#[test]
fn a_list_from_a_mark_on_counts_the_births_from_there_on() {
    Board::trace();
    allocate_again(7, 1);
    crate::mark!("warm");
    allocate_again(7, 2);
    pass_time();
    let warm = Board::marks().after(0).expect("it was set").time_us;
    let births_in = |times: Range<u64>| {
        let asked = Asked {
            times,
            ..Asked::default()
        };
        let mut leaks = Leaks::begin(Board::tracer(), Board::now_us(), &asked)
            .expect("there is no other query");
        let leak = leaks.read_next(Board::tracer()).expect("there is one").leak;
        assert_eq!(
            leak.count,
            leak.births.counts.iter().map(|n| u64::from(*n)).sum()
        );
        leak.count
    };
    assert_eq!(births_in(0..u64::MAX), 3);
    assert_eq!(births_in(warm..u64::MAX), 2);
    assert_eq!(births_in(0..warm), 1);
}

#[test]
fn of_marks_of_one_name_the_newest_counts() {
    begin();
    crate::mark!("login");
    allocate(6);
    pass_time();
    assert_eq!(listed("/trace/leaks?since=login", "live_bytes"), [6]);
    assert_eq!(listed("/marks", "id"), [1, 2, 3]);
}

#[test]
fn records_are_filtered_and_paged_alike() {
    begin();
    let records = |query: &str| listed(&format!("/trace/records{query}"), "size");
    assert_eq!(records("?since=login"), [3, 4, 5]);
    assert_eq!(records("?until=logout"), [1, 2, 3]);
    assert_eq!(records("?min_size=4"), [4, 5]);
    assert_eq!(records("?min_size=2&until=logout"), [2, 3]);
    assert_eq!(records("?task=nobody"), [0_usize; 0]);
    let stack = listed("/trace/records?until=login", "stack")[0];
    assert_eq!(records(&format!("?stack={stack}")), [1]);
    let first = ask("/trace/records?since=login&limit=1");
    let next = first
        .split("\"next\":")
        .nth(1)
        .expect("it says what is next");
    let next = next.split('}').next().expect("a number");
    let rest = format!("?since=login&limit=2&after={next}");
    assert_eq!(records(&rest), [4, 5]);
    let last = ask(&format!("/trace/records{rest}"));
    assert!(last.contains("\"next\":null"), "{last}");
}

#[test]
fn nothing_wanted_behind_a_page_makes_it_the_last() {
    begin();
    let page = ask("/trace/records?until=login&limit=2");
    assert!(page.contains("\"next\":null"), "{page}");
    let page = ask("/trace/records?min_size=5&limit=1");
    assert!(page.contains("\"next\":null"), "{page}");
}

#[test]
fn what_is_no_moment_is_refused_with_where_to_look() {
    begin();
    for query in [
        "since=nothing",
        "until=",
        "since=-1",
        "until=login%20",
        "since=Login",
    ] {
        for path in ["leaks", "records"] {
            let text = ask(&format!("/trace/{path}?{query}"));
            let problem = Answer::all(&text)[0].problem(422);
            assert!(problem.detail.contains("GET /api/v1/marks"), "{problem:?}");
        }
    }
    let text = ask("/trace/leaks?since=logout&until=login");
    let problem = Answer::all(&text)[0].problem(422);
    assert!(problem.detail.contains("later"), "{problem:?}");
}

#[test]
fn a_request_marks_what_firmware_does() {
    Board::trace();
    let answer = post(r#"{"name":"nach dem L\u00f6ten \"x\""}"#);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (mark, _): (Mark, _) =
        serde_json_core::from_slice_escaped(answer.body.as_bytes(), &mut [0; 64]).expect("a mark");
    assert_eq!(Board::marks().after(0), Some(mark.clone()));
    assert_eq!(mark.name, "nach dem Löten \"x\"");
    assert_eq!((mark.id, mark.trace_id), (1, Board::tracer().trace().id()));
    let since = ask("/trace/leaks?since=nach%20dem%20L%C3%B6ten%20%22x%22");
    assert!(since.starts_with("HTTP/1.1 200"), "{since}");
}

#[test]
fn a_name_that_says_nothing_or_too_much_is_refused_and_marks_nothing() {
    for (status, body) in [
        (422, r#"{"name":""}"#),
        (422, r#"{"name":"   "}"#),
        (422, r#"{"name":"123"}"#),
        (422, r#"{"name":"a\u0000b"}"#),
        (422, r#"{"name":"a\nb"}"#),
        (422, r#"{"name":"a\u007fb"}"#),
        (422, r#"{"name":"123456789012345678901234567890123"}"#),
        (422, r#"{"name":null}"#),
        (422, r#"{"name":"a","more":1}"#),
        (422, "{}"),
        (400, r#"{"name":"a"#),
        (400, "name"),
    ] {
        let problem = post(body).problem(status);
        assert!(problem.detail.contains("32 bytes"), "{body}: {problem:?}");
    }
    post(&format!(r#"{{"name":"{}"}}"#, "x".repeat(1000))).problem(413);
    assert_eq!(Board::marks().after(0), None);
    assert_eq!(
        post(&format!(r#"{{"name":"{}"}}"#, "x".repeat(32))).status,
        200
    );
}

#[test]
fn a_start_of_a_trace_leaves_the_marks() {
    begin();
    let first = Board::tracer().trace().id();
    let started = Board::tracer().start(Mode::Leaks, Board::now_us());
    assert!(started.is_ok_and(|id| id > first));
    crate::mark!("again");
    let marks: Vec<_> = [0, 1, 2]
        .map(|id| Board::marks().after(id))
        .into_iter()
        .flatten()
        .collect();
    let traces: Vec<_> = marks.iter().map(|mark| mark.trace_id).collect();
    assert_eq!(traces, [first, first, Board::tracer().trace().id()]);
}

#[test]
fn an_interrupt_marks_between_any_two_holds_of_another_mark() {
    for holds in 0.. {
        interrupt_before_hold(holds, || crate::mark!("interrupt"));
        crate::mark!("thread");
        if !was_interrupted() {
            break;
        }
        let last = Board::marks().newest(|_| true).expect("there is one");
        let before = Board::marks().after(last.id - 2).expect("there are two");
        assert_ne!(last.name, before.name);
        assert_ne!(last.time_us, before.time_us);
    }
}

#[test]
fn a_list_longer_than_a_chunk_is_whole() {
    for number in 0..40 {
        crate::mark!(&format!("\"a\" rather long name number {number}"));
    }
    let ids: Vec<_> = (9..=40).collect();
    assert_eq!(listed("/marks", "id"), ids);
    assert_eq!(listed("/marks", "merged"), [8]);
}

#[test]
fn a_capture_holds_the_marks_up_to_its_moment() {
    begin();
    let moment = Board::tracer().now_us(Board::now_us());
    crate::mark!("later");
    let mut capture = MessageStream::new::<Board>(Content::Everything(moment, None));
    let mut chunk = Chunk::new();
    let mut decoder = Decoder::new();
    let mut names = Vec::new();
    loop {
        chunk.clear();
        let is_more = capture.fill::<Board>(&mut chunk);
        decoder.push(chunk.bytes());
        for message in decoder.by_ref() {
            if let Message::Mark(mark) = message.expect("no damage") {
                names.push(mark.name);
            }
        }
        if !is_more {
            break;
        }
    }
    assert!(decoder.finish().is_ok());
    assert_eq!(names, ["login", "logout"]);
}
