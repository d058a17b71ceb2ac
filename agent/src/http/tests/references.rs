//! A scan as an answer: refused, at work already, cut at its limit, ended with its trace.

use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::trace::Scan;
use heapbeacon_shared::wire::{Decoder, Message};

use super::peer::Peer;
use super::{Answer, get, talk};
use crate::http::answer::chunk::Chunk;
use crate::http::answer::references_page::ReferencesPage;
use crate::memory::AreaKind;
use crate::platform::Platform;
use crate::read::references::{LOOKS, References};
use crate::read::scanner::Scanner;
use crate::read::stream::{Content, MessageStream};
use crate::tests::board::{Board, list};
use crate::tests::references::Memory;
use crate::tracer::Mode;

const PATH: &str = "/api/v1/trace/references";
/// References that have no room in one answer, in either form.
const MANY: usize = 40_000;

/// Asks for what is refused.
fn ask(path: &str) -> Answer {
    let (text, _) = talk(Peer::that_leaves(get(path)));
    Answer::all(&text).remove(0)
}

#[track_caller]
fn assert_answers(path: &str) {
    let (text, _) = talk(Peer::that_leaves(get(path)));
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

fn restart() {
    let started = Board::tracer().start(Mode::Leaks, 0);
    started.expect("it was initialised");
}

/// Traces a heap in which every word points somewhere into it.
fn trace(words: usize) {
    let memory = Memory::new(words, |first, index| first + index * 7919 % words * 4);
    Board::trace();
    list([memory.area(AreaKind::Heap, memory.of(0..words))].into(), 1);
}

fn begin() -> References {
    References::begin::<Board>(LOOKS).expect("nothing is in the way")
}

/// Makes an answer, with something done behind its first chunk; returns it, and its longest chunk.
fn answer(mut fill: impl FnMut(&mut Chunk) -> bool, meanwhile: impl FnOnce()) -> Vec<u8> {
    let mut chunk = Chunk::new();
    assert!(fill(&mut chunk), "one chunk is not enough");
    meanwhile();
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

fn json(meanwhile: impl FnOnce()) -> String {
    let mut page = ReferencesPage::new(begin());
    let text = answer(|chunk| page.fill::<Board>(chunk), meanwhile);
    String::from_utf8(text).expect("it is text")
}

/// Makes an answer in postcard; returns its messages and whether it is whole.
fn postcard(is_all: bool, meanwhile: impl FnOnce()) -> (usize, Vec<Message>, bool) {
    let content = Content::Everything(0, Some(Scanner::new(begin(), is_all)));
    let mut stream = MessageStream::new::<Board>(content);
    let bytes = answer(|chunk| stream.fill::<Board>(chunk), meanwhile);
    let mut decoder = Decoder::new();
    decoder.push(&bytes);
    let messages = decoder
        .by_ref()
        .map(|message| message.expect("it is sound"));
    let messages = messages.collect();
    (bytes.len(), messages, decoder.finish().is_ok())
}

/// Returns the references and the scan of an answer in postcard.
fn scan_of(messages: &[Message]) -> (usize, Option<Scan>) {
    let mut found = 0;
    let mut last = None;
    for message in messages {
        match message {
            Message::References(references) => found += references.iter().count(),
            Message::Scan(scan) => last = Some(*scan),
            _ => {}
        }
    }
    (found, last)
}

#[test]
fn a_board_that_lists_no_memory_says_so() {
    Board::trace();
    let problem = ask(PATH).problem(501);
    assert_eq!(problem.code, "ESP_ERR_NOT_SUPPORTED");
    assert!(problem.detail.contains("lists no memory"), "{problem:?}");
    ask("/api/v1/capture?references=1").problem(501);
}

#[test]
fn a_second_scan_is_told_to_come_again_and_may_once_the_first_is_over() {
    trace(64);
    let first = begin();
    let answer = ask(PATH);
    assert_eq!(answer.header("retry-after"), Some("1"));
    answer.problem(503);
    drop(first);
    assert_answers(PATH);
    assert_answers(PATH);
    list(Vec::new(), 0);
}

#[test]
fn what_has_no_room_is_counted_in_json() {
    trace(MANY);
    let text = json(|| {});
    assert!(text.len() <= 64 * 1024, "{}", text.len());
    let (told, scan) = text.split_once("],\"scan\":").expect("it has one");
    let (_, told) = told.split_once("\"references\":[").expect("it has some");
    let told = told.matches("[\"0x").count();
    let (scan, _) = serde_json_core::from_str::<Scan>(&scan[..scan.len() - 1]).expect("a scan");
    assert_eq!(scan.found as usize, told + scan.omitted as usize);
    assert!(scan.found as usize > MANY / 2 && !scan.is_whole && told > 1000);
    list(Vec::new(), 0);
}

#[test]
fn what_has_no_room_is_counted_in_postcard() {
    trace(MANY);
    let (bytes, messages, is_whole) = postcard(true, || {});
    assert!(is_whole && bytes <= 64 * 1024, "{bytes}");
    let (told, scan) = scan_of(&messages);
    let scan = scan.expect("it has one");
    assert_eq!(scan.found as usize, told + scan.omitted as usize);
    assert!(scan.omitted > 0 && told > 10_000, "{told}");
    list(Vec::new(), 0);
}

#[test]
fn a_scan_whose_trace_is_started_anew_does_not_pass_for_whole() {
    trace(3000);
    let text = json(restart);
    assert!(text.ends_with("],\"scan\":null}"), "{text}");
    for is_all in [true, false] {
        let (_, messages, is_whole) = postcard(is_all, restart);
        assert_eq!((scan_of(&messages).1, is_whole), (None, false));
    }
    list(Vec::new(), 0);
}

#[test]
fn a_capture_has_its_references_before_its_records() {
    trace(64);
    let (_, messages, is_whole) = postcard(false, || {});
    assert!(is_whole);
    let place = |is_it: fn(&Message) -> bool| messages.iter().position(is_it);
    let scan = place(|message| matches!(message, Message::Scan(_)));
    let counters = place(|message| matches!(message, Message::Counters(_)));
    assert!(counters.is_some() && counters < scan, "{messages:?}");
    list(Vec::new(), 0);
}
