//! One leak query at a time.

use std::cell::RefCell;
use std::string::String;

use heapless::Vec;

use super::peer::Peer;
use super::{Answer, get, talk};
use crate::platform::Platform;
use crate::tests::board::{Board, interrupt_before_hold};
use crate::tracer::{LeakCursor, Sums};

const LEAKS: &str = "/api/v1/trace/leaks";

fn ask() -> String {
    talk(Peer::that_leaves(get(LEAKS))).0
}

#[test]
fn a_second_leak_query_is_told_to_come_again() {
    std::thread_local! {
        static SECOND: RefCell<String> = const { RefCell::new(String::new()) };
    }
    let mut cursor = LeakCursor::before(Board::tracer().trace(), u64::MAX);
    let mut leaks = Vec::<Sums, 4>::new();
    interrupt_before_hold(1, || SECOND.set(ask()));
    let total = Board::tracer().leaks(&mut cursor, &mut leaks);
    assert_eq!(total, Ok(Some(0)), "the first query is not disturbed");
    let answers = Answer::all(&SECOND.take());
    assert_eq!(answers.len(), 1);
    assert!(answers[0].has("retry-after: 1"), "{}", answers[0].head);
    assert_eq!(answers[0].problem(503).code, "ESP_ERR_NOT_FINISHED");
    let third = ask();
    assert!(third.starts_with("HTTP/1.1 200"), "{third}");
}
