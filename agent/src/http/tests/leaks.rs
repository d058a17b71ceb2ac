//! A list of leaks that is longer than what is read at one time.

use core::num::NonZeroUsize;
use std::format;
use std::string::String;
use std::vec::Vec;

use crate::http::answer::chunk::Chunk;
use crate::http::answer::pages::LeaksPage;
use crate::platform::Platform;
use crate::read::leaks::{Asked, LEAKS_AT_A_TIME, Leaks};
use crate::tests::board::Board;
use crate::tracer::{Allocation, Free};

/// Call stacks that hold one block each, the larger the later.
const STACKS: usize = 5 * LEAKS_AT_A_TIME / 2;

fn block(stack: usize) -> usize {
    0x1000 + stack * 256
}

fn begin() {
    Board::trace();
    (1..=STACKS).for_each(|stack| allocate(stack, 0));
}

/// Allocates a block by a call stack of its own.
fn allocate(stack: usize, time_us: u64) {
    Board::tracer().allocated(&Allocation {
        address: NonZeroUsize::new(block(stack)).expect("null is no block"),
        size: stack,
        time_us,
        core: 0,
        task: 0,
        stack: &[stack].into_iter().collect(),
    });
}

fn free(stack: usize) {
    Board::tracer().freed(&Free {
        address: block(stack),
        size: 0,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &[].into_iter().collect(),
    });
}

/// Makes an answer, with something done behind its first chunk.
fn answer(limit: u32, meanwhile: impl Fn()) -> String {
    let wanted = Asked {
        limit,
        ..Asked::default()
    };
    answer_to(&wanted, meanwhile)
}

fn answer_to(wanted: &Asked, meanwhile: impl Fn()) -> String {
    let leaks =
        Leaks::begin(Board::tracer(), Board::now_us(), wanted).expect("there is no other query");
    let mut page = LeaksPage::new(leaks);
    let mut chunk = Chunk::new();
    let mut answer = String::new();
    loop {
        chunk.clear();
        let is_more = page.fill::<Board>(&mut chunk);
        answer += core::str::from_utf8(chunk.bytes()).expect("it is text");
        if !is_more {
            return answer;
        }
        meanwhile();
    }
}

/// Returns the bytes of each leak in an answer, and the total that it tells.
fn read(answer: &str) -> (Vec<usize>, usize) {
    let number = |text: &str| {
        text.split([',', '}'])
            .next()
            .and_then(|text| text.parse().ok())
    };
    let (leaks, total) = answer.rsplit_once("],\"total\":").expect("it has one");
    // The last that stand before the age of a leak are its own.
    let entries = leaks.rsplit("\"oldest_us\":").skip(1);
    let bytes = entries.filter_map(|entry| number(entry.rsplit("\"bytes\":").next()?));
    let mut bytes: Vec<_> = bytes.collect();
    bytes.reverse();
    (bytes, number(total).expect("it is a number"))
}

#[test]
fn it_is_whole_in_order_and_counted() {
    begin();
    let (bytes, total) = read(&answer(1000, || {}));
    assert!(bytes.iter().copied().eq((1..=STACKS).rev()), "{bytes:?}");
    assert_eq!(total, STACKS);
}

#[test]
fn what_a_limit_leaves_out_is_counted() {
    begin();
    let limit = LEAKS_AT_A_TIME + 1;
    let (bytes, total) = read(&answer(limit as u32, || {}));
    let largest = (STACKS - limit + 1..=STACKS).rev();
    assert!(bytes.iter().copied().eq(largest), "{bytes:?}");
    assert_eq!(total, STACKS);
}

#[test]
fn what_is_freed_before_it_is_listed_is_not_missing() {
    begin();
    let (bytes, total) = read(&answer(1000, || [1, 2].map(free).into_iter().collect()));
    assert!(bytes.iter().copied().eq((3..=STACKS).rev()), "{bytes:?}");
    assert_eq!(total, bytes.len());
}

#[test]
fn a_call_stack_whose_place_was_taken_is_neither_listed_nor_missed() {
    begin();
    // It is among the first that are read, and not in the first chunk.
    let gone = STACKS + 1 - LEAKS_AT_A_TIME;
    let take_its_place = || {
        free(gone);
        for newcomer in 1000..2000 {
            allocate(newcomer, Board::now_us());
            free(newcomer);
        }
    };
    let (bytes, total) = read(&answer(1000, take_its_place));
    let others = (1..=STACKS).rev().filter(|stack| *stack != gone);
    assert!(bytes.iter().copied().eq(others), "{bytes:?}");
    assert_eq!(total, bytes.len());
}

#[test]
fn frames_that_the_client_has_are_left_out_and_nothing_else_is() {
    begin();
    let all = answer(1000, || {});
    let id = all.split("\"id\":").nth(2).expect("there are two");
    let id = id.split(',').next().and_then(|id| id.parse().ok());
    let known = [id.expect("it is a number")].into_iter().collect();
    let wanted = Asked {
        limit: 1000,
        known,
        ..Asked::default()
    };
    let second = format!("\"frames\":[\"{:#010x}\"]", STACKS - 1);
    assert!(all.contains(&second), "{all}");
    let expected = all.replace(&second, "\"frames\":[]");
    assert_eq!(answer_to(&wanted, || {}), expected);
}
