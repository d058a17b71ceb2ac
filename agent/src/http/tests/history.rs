//! The history of the heap, which is longer than a chunk.

use std::string::String;

use heapbeacon_shared::trace::Region;

use super::peer::Peer;
use super::{get, talk};
use crate::history::PERIOD_US;
use crate::platform::{Device, Platform};
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
