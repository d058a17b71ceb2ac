//! A trace that is started anew while an answer is made: the answer must not take one trace for the other, nor pass for
//! whole.

use core::num::NonZeroUsize;
use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::trace::Address;
use heapbeacon_shared::wire::Decoder;

use crate::http::answer::chunk::Chunk;
use crate::http::answer::dump_page::DumpPage;
use crate::http::answer::pages::{LeaksPage, RecordsAndStacks, RecordsPage, StacksPage};
use crate::platform::Platform;
use crate::read::cursors::{PageRecords, Stacks};
use crate::read::leaks::{Asked, Leaks};
use crate::read::stream::{Content, MessageStream};
use crate::read::wanted::Wanted;
use crate::tests::board::Board;
use crate::tracer::{Allocation, Mode};

/// Call stacks of each trace, every one with some blocks: more than a chunk has room for.
const STACKS: usize = 24;
/// Where the code of each trace lies.
const OLD: usize = 0x4200_0000;
const NEW: usize = 0x4300_0000;

/// Begins a trace whose blocks were all allocated by some code.
fn trace(code: usize) {
    let tracer = Board::tracer();
    tracer.start(Mode::Leaks, 0).expect("it was initialised");
    for block in 0..8 * STACKS {
        tracer.allocated(&Allocation {
            address: NonZeroUsize::new(0x1000 + block * 64).expect("null is no block"),
            size: 32,
            time_us: 0,
            core: 0,
            task: 0,
            stack: &[code + block % STACKS * 16].into_iter().collect(),
        });
    }
}

/// Begins the old trace, in a buffer with room for more.
fn begin() {
    Board::trace();
    trace(OLD);
}

/// Makes an answer, with the new trace begun behind its first chunk.
fn answer(mut fill: impl FnMut(&mut Chunk) -> bool) -> Vec<u8> {
    let mut chunk = Chunk::new();
    assert!(fill(&mut chunk), "one chunk is not enough");
    trace(NEW);
    let mut answer = chunk.bytes().to_vec();
    loop {
        chunk.clear();
        let is_more = fill(&mut chunk);
        answer.extend_from_slice(chunk.bytes());
        if !is_more {
            return answer;
        }
    }
}

fn text(answer: Vec<u8>) -> String {
    let text = String::from_utf8(answer).expect("it is text");
    let new = std::format!("{}", Address(NEW as u64));
    assert!(
        !text.contains(&new[..6]),
        "code of the other trace in {text}"
    );
    text
}

#[test]
fn a_page_of_records_leads_on_to_the_new_trace() {
    begin();
    let mut page = RecordsPage::new(RecordsAndStacks::new(PageRecords::new::<Board>(
        0,
        Wanted::default(),
        1000,
    )));
    let text = text(answer(|chunk| page.fill::<Board>(chunk)));
    assert!(text.starts_with("{\"trace_id\":2,"), "{text}");
    let (_, next) = text.rsplit_once("\"next\":").expect("it has one");
    assert!(next.trim_end_matches('}').parse::<u64>().is_ok(), "{text}");
}

#[test]
fn a_page_of_stacks_leads_on_to_the_new_trace() {
    begin();
    let stacks = Stacks::new::<Board>(Board::tracer().trace(), None, 1000);
    let mut page = StacksPage::new(stacks);
    let text = text(answer(|chunk| page.fill::<Board>(chunk)));
    let (_, next) = text.rsplit_once("\"next\":").expect("it has one");
    assert!(next.trim_end_matches('}').parse::<u64>().is_ok(), "{text}");
}

#[test]
fn a_list_of_leaks_has_fewer_than_it_counts() {
    begin();
    let leaks = Leaks::begin(Board::tracer(), Board::now_us(), &Asked::default())
        .expect("there is no other query");
    let mut page = LeaksPage::new(leaks);
    let text = text(answer(|chunk| page.fill::<Board>(chunk)));
    assert!(
        text.ends_with(&std::format!("\"total\":{STACKS}}}")),
        "{text}"
    );
    assert!(text.matches("\"oldest_us\"").count() < STACKS, "{text}");
}

#[test]
fn a_dump_says_that_it_is_incomplete() {
    begin();
    let mut page = DumpPage::new::<Board>();
    let text = text(answer(|chunk| page.fill::<Board>(chunk)));
    assert!(text.contains("incomplete"), "{text}");
}

#[track_caller]
fn assert_has_no_end(content: Content) {
    let mut capture = MessageStream::new::<Board>(content);
    let bytes = answer(|chunk| capture.fill::<Board>(chunk));
    let mut decoder = Decoder::new();
    decoder.push(&bytes);
    assert!(decoder.by_ref().all(|message| message.is_ok()));
    assert!(decoder.finish().is_err());
}

#[test]
fn a_capture_has_no_end() {
    begin();
    assert_has_no_end(Content::Everything(Board::now_us(), None));
}

#[test]
fn a_page_in_postcard_has_no_end() {
    begin();
    assert_has_no_end(Content::Records(PageRecords::new::<Board>(
        0,
        Wanted::default(),
        1000,
    )));
}
