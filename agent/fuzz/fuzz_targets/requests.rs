//! Any bytes, however they are cut, are answered alike and whole, and no further once an answer has closed the connection.

#![no_main]

use std::sync::LazyLock;

use heapbeacon::http::Server;
use heapbeacon_fuzz::{Board, agent, record, talk};
use libfuzzer_sys::fuzz_target;

static AGENT: LazyLock<&'static Server<Board>> = LazyLock::new(agent);

const CONTINUE: &str = "HTTP/1.1 100 ";

fuzz_target!(|bytes: &[u8]| {
    let whole = answers([bytes]);
    assert_eq!(answers(pieces(bytes)), whole);
    assert_eq!(answers(bytes.chunks(1)), whole);
});

/// An answer: its status, and whether it is the last.
type Answer = (String, bool);

fn answers<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<Answer> {
    record(*AGENT);
    let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
    let told = String::from_utf8_lossy(&talk(*AGENT, pieces)).into_owned();
    let heads = told.match_indices("HTTP/1.1 ").map(|(start, _)| {
        let head = &told[start..];
        let (head, _) = head.split_once("\r\n\r\n").expect("a head is whole");
        head
    });
    // Whether the client is asked for a body depends on whether it has come already.
    let answers = heads.filter(|head| !head.starts_with(CONTINUE));
    let answers: Vec<_> = answers
        .map(|head| {
            (
                head[9..12].to_owned(),
                head.contains("\r\nConnection: close\r\n"),
            )
        })
        .collect();
    let last = answers.iter().position(|(_, is_last)| *is_last);
    assert!(last.is_none_or(|last| last + 1 == answers.len()), "{told}");
    answers
}

/// Cuts `bytes` where they say themselves, so that every request is an input.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let size = usize::from(*bytes.first()?) + 1;
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        bytes = rest;
        Some(piece)
    })
}
