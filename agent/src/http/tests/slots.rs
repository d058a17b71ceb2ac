//! Slots: who is served while others wait, who gives way to whom, and who does not.

use std::string::String;
use std::vec::Vec;

use super::crowd::serve_all;
use super::peer::Peer;
use super::{Answer, get};
use crate::http::Asset;
use crate::tests::board::let_wait;

const DEVICE: &str = "/api/v1/device";
const FILE: &str = "/file-0123456789abcdef.wasm";
const FILE_BYTES: usize = 60_000;
/// A file of the page.
static ASSETS: [Asset; 1] = [Asset {
    path: FILE,
    content_type: "application/wasm",
    gzip: &[b'x'; FILE_BYTES],
    etag: "\"0\"",
}];
/// A round trip of a client that is far away, in milliseconds.
const ROUND_TRIP: u64 = 300;
/// What is on its way at a time to a device's peer, in bytes.
const WINDOW: usize = 1460;
/// As many as it takes to hold each connection of the smallest board for long.
const CROWD: usize = 100;

fn newcomer() -> Peer {
    Peer::that_leaves(get(DEVICE))
}

/// Asks for the end of the connection, and leaves when it comes.
fn last(path: &str) -> String {
    String::from(get(path).trim_end()) + "\r\nConnection: close\r\n\r\n"
}

fn half_body() -> String {
    "POST /api/v1/trace/start HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
     Content-Length: 200\r\n\r\n"
        .into()
}

/// Sends more and more, in pieces.
fn slowly(start: String, piece: &str, every_ms: u64) -> Peer {
    (0..400).fold(Peer::that_stays(start), |peer, _| {
        peer.then(every_ms, piece)
    })
}

/// Checks that the last of a crowd was answered, and returns how long it was there.
#[track_caller]
fn served(talks: &[(String, u64)]) -> u64 {
    let (text, took) = talks.last().expect("there is a last one");
    let answers = Answer::all(text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    *took
}

/// Checks that somebody who comes behind a crowd is answered within `most` milliseconds, on a small board and a larger one. The
/// crowd comes one a millisecond.
#[track_caller]
fn served_behind_a_crowd(most: u64, peer: impl Fn() -> Peer) {
    let crowd = || (0..CROWD).map(|index| (index as u64, peer()));
    let line = || crowd().chain([(CROWD as u64, newcomer())]);
    let took = served(&serve_all::<3, 1>(&ASSETS, line()));
    assert!(took <= most, "3 connections: {took} ms");
    let took = served(&serve_all::<7, 3>(&ASSETS, line()));
    assert!(took <= most, "7 connections: {took} ms");
}

#[test]
fn nobody_gives_way_while_nobody_waits() {
    // Slow enough for the slowest to be cut off when others wait.
    let reader = || Peer::that_leaves(last(FILE)).that_takes(WINDOW, 200);
    let again = || Peer::that_leaves(get(DEVICE)).then(200, last(DEVICE));
    for (is_anyone, answers) in [(None, 1), (Some(false), 2)] {
        let_wait(is_anyone);
        let talks = serve_all::<2, 1>(&ASSETS, [(0, reader()), (0, again())]);
        assert_eq!(Answer::all(&talks[1].0).len(), answers);
        let talks = serve_all::<1, 1>(&ASSETS, [(0, reader())]);
        assert_eq!(talks[0].0.len() > FILE_BYTES, is_anyone == Some(false));
    }
}

#[test]
fn behind_those_who_say_nothing() {
    served_behind_a_crowd(500, || Peer::that_stays(""));
}

#[test]
fn behind_those_who_do_not_go_on_with_a_request() {
    served_behind_a_crowd(500, || Peer::that_stays("GET "));
    served_behind_a_crowd(500, || Peer::that_stays(half_body()));
}

#[test]
fn behind_those_who_go_on_slowly() {
    served_behind_a_crowd(500, || slowly("GET ".into(), "x", 120));
    served_behind_a_crowd(500, || slowly(half_body(), " ", 120));
}

#[test]
fn behind_those_who_were_answered_and_stay() {
    served_behind_a_crowd(500, || Peer::that_stays(get(DEVICE)));
}

#[test]
fn behind_those_who_ask_again_and_again() {
    served_behind_a_crowd(500, || slowly(get(DEVICE), &get(DEVICE), 20));
}

#[test]
fn behind_those_who_do_not_close_their_side() {
    served_behind_a_crowd(500, || Peer::that_stays(last(DEVICE)).that_lingers());
}

#[test]
fn behind_those_who_ask_for_many_things_at_once() {
    served_behind_a_crowd(50, || Peer::that_stays(get(DEVICE).repeat(50)));
}

#[test]
fn behind_those_who_take_nothing_of_an_answer() {
    for path in [DEVICE, FILE] {
        let deaf = (0..2).map(|_| (0, Peer::that_is_deaf(get(path))));
        let took = served(&serve_all::<3, 1>(&ASSETS, deaf.chain([(1, newcomer())])));
        assert!(took <= 2500, "{path}: {took} ms");
    }
}

#[test]
fn behind_those_who_take_little_of_an_answer() {
    for path in [DEVICE, FILE] {
        let slow = || Peer::that_stays(get(path)).that_takes(1, 120);
        let slow = (0..6).map(|_| (0, slow()));
        let took = served(&serve_all::<7, 3>(&ASSETS, slow.chain([(1, newcomer())])));
        assert!(took <= 3000, "{path}: {took} ms");
    }
}

#[test]
fn nobody_waits_for_a_file_that_somebody_else_takes_slowly() {
    let slow = Peer::that_stays(get(FILE)).that_takes(WINDOW, ROUND_TRIP);
    let talks = serve_all::<4, 1>(&ASSETS, [(0, slow), (0, newcomer())]);
    assert_eq!(served(&talks), 0);
}

#[test]
fn one_who_is_far_away_is_heard_among_those_who_say_nothing() {
    let far = || newcomer().that_is_far(ROUND_TRIP);
    let crowd = || (0..CROWD).map(|_| Peer::that_stays(""));
    // Before the crowd, and behind it.
    let before = [far()].into_iter().chain(crowd());
    let behind = crowd().chain([far()]);
    for (index, line) in [before.collect::<Vec<_>>(), behind.collect()]
        .into_iter()
        .enumerate()
    {
        let last = (1000, newcomer());
        let line = line.into_iter().map(|peer| (0, peer)).chain([last]);
        let talks = serve_all::<7, 3>(&[], line);
        let (text, took) = &talks[index * CROWD];
        assert_eq!(Answer::all(text)[0].status, 200);
        assert!(*took <= 1000, "{took} ms");
    }
}

#[test]
fn one_who_lost_a_packet_of_a_request_is_heard_among_those_who_say_nothing() {
    let request = get(DEVICE);
    let (first, second) = request.split_at(20);
    let far = Peer::that_leaves(first).that_is_far(ROUND_TRIP / 2);
    let far = far.then(1000 + ROUND_TRIP, second);
    let crowd = (0..CROWD).map(|index| (index as u64 * 10, Peer::that_stays("")));
    let line = [(0, far)]
        .into_iter()
        .chain(crowd)
        .chain([(2000, newcomer())]);
    let talks = serve_all::<7, 3>(&[], line);
    assert_eq!(Answer::all(&talks[0].0)[0].status, 200);
}

/// Six connections of a browser far away, and others who ask meanwhile.
#[test]
fn a_page_far_away_arrives_while_others_are_served() {
    let file = || Peer::that_leaves(last(FILE)).that_is_far(ROUND_TRIP);
    let page = (0..6).map(|_| (0, file().that_takes(WINDOW, ROUND_TRIP)));
    let others = (1..200).map(|index| (index * 100, Peer::that_stays(get(DEVICE))));
    let talks = serve_all::<7, 3>(&ASSETS, page.chain(others));
    for (text, _) in &talks[..6] {
        assert_eq!(Answer::all(text)[0].body.len(), FILE_BYTES);
    }
    for (text, took) in &talks[6..] {
        assert_eq!(Answer::all(text)[0].status, 200);
        assert!(*took < 1000, "{took} ms");
    }
}

#[test]
fn requests_are_answered_in_the_order_in_which_they_came() {
    let slow = Peer::that_stays(get(DEVICE)).that_takes(200, 100);
    let ahead = Peer::that_stays(get(DEVICE).repeat(100));
    let output = ahead.output();
    let talks = serve_all::<5, 1>(&[], [(0, slow), (1, ahead), (2, newcomer())]);
    served(&talks);
    let before = output.len() / talks[2].0.len();
    assert!(before <= 2, "{before} answers before that of the newcomer");
}

#[test]
fn while_others_wait_for_a_connection_an_answer_is_the_last() {
    let asking = || Peer::that_stays(get(DEVICE)).then(10, get(DEVICE));
    let alone = serve_all::<3, 1>(&[], [(0, asking()), (50, newcomer())]);
    assert_eq!(Answer::all(&alone[0].0).len(), 2);
    let crowd = [(0, asking()), (1, asking()), (2, newcomer())];
    let talks = serve_all::<3, 1>(&[], crowd);
    assert!(Answer::all(&talks[2].0)[0].has("connection: close"));
}

#[test]
fn an_idle_peer_keeps_its_connection_while_nobody_waits() {
    let talks = serve_all::<3, 1>(&[], [(0, newcomer()), (0, Peer::that_stays(get(DEVICE)))]);
    assert_eq!(served(&talks), 500);
}

#[test]
fn who_makes_no_progress_is_left_alone_while_nobody_waits() {
    let request = get(DEVICE);
    let (first, second) = request.split_at(20);
    let slow = Peer::that_leaves(first).then(4000, second);
    let talks = serve_all::<3, 2>(&[], [(0, Peer::that_is_deaf(get(DEVICE))), (0, slow)]);
    assert_eq!(served(&talks), 4000);
}
