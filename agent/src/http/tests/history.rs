//! The history of the heap, which is longer than a chunk.

use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::trace::{Point, Region};
use heapbeacon_shared::wire::{Decoder, Message};

use super::peer::Peer;
use super::{get, talk};
use crate::history::PERIOD_US;
use crate::http::answer::chunk::Chunk;
use crate::platform::{Device, Platform};
use crate::read::stream::{Content, MessageStream};
use crate::sample;
use crate::tests::board::Board;

fn ask() -> String {
    let text = talk(Peer::that_leaves(get("/api/v1/heap/history"))).0;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    text
}

#[test]
fn it_is_whole_with_the_largest_regions() {
    let four_gib = 1 << 32;
    let region = Region {
        size: four_gib,
        used: four_gib - 1,
        largest_free_block: four_gib,
        ..Region::default()
    };
    let regions = [(); 4].map(|()| region.clone());
    let history = Board::history().expect("it keeps one");
    for period in 1..=60 {
        history.note((1 << 46) + period * PERIOD_US, &regions);
    }
    let text = ask();
    assert_eq!(text.matches("\"from_us\"").count(), 60);
    assert_eq!(text.matches("\"least_used\"").count(), 4 * 60);
    assert!(text.contains("\"points\":[{\"from_us\":0,"), "{text}");
    assert!(text.ends_with("]}\r\n0\r\n\r\n"), "{text}");
}

#[test]
fn a_capture_holds_it_up_to_its_moment() {
    let region = Region {
        size: 1000,
        used: 300,
        free: 700,
        window_minimum_free: 700,
        ..Region::default()
    };
    let history = Board::history().expect("it keeps one");
    for period in 1..=40 {
        history.note(period * PERIOD_US, core::slice::from_ref(&region));
    }
    let mut capture = MessageStream::new::<Board>(Content::Everything(30 * PERIOD_US, None));
    let told = points(|chunk| capture.fill::<Board>(chunk));
    let ends: Vec<_> = told.iter().map(|point| point.until_us).collect();
    let expected: Vec<_> = (1..=30).map(|period| period * PERIOD_US).collect();
    assert_eq!(ends, expected);
    assert_eq!(told[0].regions[0].free, 700);
}

/// Returns the points that messages tell, which come in chunks.
fn points(mut fill: impl FnMut(&mut Chunk) -> bool) -> Vec<Point> {
    let (mut chunk, mut decoder) = (Chunk::new(), Decoder::new());
    let mut points = Vec::new();
    let mut is_more = true;
    while is_more {
        chunk.clear();
        is_more = fill(&mut chunk);
        decoder.push(chunk.bytes());
        for message in decoder.by_ref() {
            if let Message::History(point) = message.expect("no damage") {
                points.push(point);
            }
        }
    }
    points
}

#[test]
fn it_is_empty_before_the_first_sample_and_reaches_until_the_last() {
    let text = ask();
    assert!(text.contains("\"regions\":[],\"points\":[]}"), "{text}");
    sample::<Board>();
    let until = Board::history().map(|history| history.until_us());
    assert_eq!(until, Some(Board::now_us()));
    let text = ask();
    assert!(
        text.contains("{\"from_us\":0,\"until_us\":1000000,"),
        "{text}"
    );
}
