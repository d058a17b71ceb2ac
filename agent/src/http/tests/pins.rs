//! The holes of a heap with more blocks than a pass finds, whose trace goes on, and ends.

use core::num::NonZeroUsize;
use std::format;
use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::trace::{Address, Region, name};

use super::peer::Peer;
use super::{Answer, get, talk};
use crate::http::answer::chunk::Chunk;
use crate::http::answer::pins_page::PinsPage;
use crate::platform::Platform;
use crate::read::pins::Pins;
use crate::tests::board::{Board, Names, call};
use crate::tracer::{Allocation, Free, Mode};

const PATH: &str = "/api/v1/heap/pins";
/// More than two passes find.
const BLOCKS: usize = 150;
const START: usize = 0x1_0000;
/// Bytes of a block, and of the hole behind it; that of the last block is longer.
const BLOCK: usize = 64;
const STEP: usize = 256;
const SIZE: usize = BLOCKS * STEP + 1024;

/// Returns the address of a block.
fn block(index: usize) -> usize {
    START + index * STEP
}

fn allocate(index: usize) {
    Board::tracer().allocated(&Allocation {
        address: NonZeroUsize::new(block(index)).expect("null is no block"),
        size: BLOCK,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &[index % 2 + 1].into_iter().collect(),
    });
}

fn free(index: usize) {
    Board::tracer().freed(&Free {
        address: block(index),
        size: 0,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &[].into_iter().collect(),
    });
}

/// Traces a heap whose blocks were allocated in an order that has nothing to do with their addresses.
fn trace(handed: usize) {
    Board::trace();
    (0..BLOCKS).for_each(|index| allocate(index * 7 % BLOCKS));
    let region = Region {
        name: name("heap"),
        start: Address(START as u64),
        size: SIZE as u64,
        largest_free_block: 1200,
        blocks: handed as u64,
        ..Region::default()
    };
    call(Names {
        regions: [region].into(),
        ..Names::default()
    });
}

/// Makes an answer, with something done behind each of its pieces; returns it, and how many pieces there were.
fn answer(mut meanwhile: impl FnMut(usize)) -> (String, usize) {
    let mut page = PinsPage::new(Pins::begin::<Board>().expect("there is a trace"));
    let (mut chunk, mut text, mut pieces) = (Chunk::new(), Vec::new(), 0);
    loop {
        chunk.clear();
        let is_more = page.fill::<Board>(&mut chunk);
        text.extend_from_slice(chunk.bytes());
        pieces += 1;
        if !is_more {
            return (String::from_utf8(text).expect("it is text"), pieces);
        }
        meanwhile(pieces);
    }
}

#[test]
fn before_a_trace_it_is_said_how_to_begin_one() {
    let (text, _) = talk(Peer::that_leaves(get(PATH)));
    let problem = Answer::all(&text).remove(0).problem(409);
    assert!(problem.detail.contains("trace/init"), "{problem:?}");
}

#[test]
fn blocks_of_many_passes_are_told_in_the_order_of_their_addresses() {
    trace(BLOCKS);
    let (text, pieces) = answer(|_| ());
    // All of the holes but the last are alike.
    let sums = format!(
        "\"blocks\":{BLOCKS},\"untraced_blocks\":0,\"block_bytes\":{},\"holes\":{BLOCKS},\"hole_bytes\":{},",
        BLOCKS * BLOCK,
        SIZE - BLOCKS * BLOCK
    );
    assert!(text.contains(&sums), "{text}");
    let largest = format!(
        "\"holes\":[{{\"address\":\"{:#010x}\",\"bytes\":1216,",
        block(BLOCKS - 1) + BLOCK
    );
    assert!(text.contains(&largest), "{text}");
    assert!(
        text.contains("\"complete\":true,\"reason\":null,\"untraced_blocks\":0,\"changes\":0}")
    );
    assert!(pieces > BLOCKS / 64, "others had no turn: {pieces}");
}

#[test]
fn blocks_without_a_record_are_counted_and_said() {
    trace(BLOCKS + 3);
    let (text, _) = answer(|_| ());
    assert!(
        text.contains("\"complete\":false,\"reason\":\"3 blocks have no record"),
        "{text}"
    );
    assert_eq!(text.matches("\"untraced_blocks\":3,").count(), 2, "{text}");
}

#[test]
fn what_comes_and_goes_meanwhile_is_counted() {
    trace(BLOCKS);
    let (text, _) = answer(|piece| {
        if piece == 1 {
            // One that was found, and one that was not.
            free(0);
            free(BLOCKS - 1);
        }
    });
    let sums = format!("\"blocks\":{},", BLOCKS - 1);
    assert!(text.contains(&sums), "{text}");
    assert!(text.contains("\"changes\":2}"), "{text}");
}

#[test]
fn an_answer_whose_trace_ends_says_that_it_is_not_whole() {
    trace(BLOCKS);
    let (text, _) = answer(|piece| {
        if piece == 1 {
            let started = Board::tracer().start(Mode::Leaks, 0);
            started.expect("it was initialised");
        }
    });
    assert!(
        text.contains("\"complete\":false,\"reason\":\"The trace was started anew"),
        "{text}"
    );
}
