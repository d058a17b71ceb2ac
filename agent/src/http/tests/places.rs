//! Places: who holds one, and what becomes of those who find none.

use super::peer::Peer;
use super::{Answer, get, talk_both};

const COUNT: &str = "/api/v1/trace/count";

fn newcomer() -> Peer {
    Peer::that_leaves(get(COUNT))
}

#[test]
fn a_newcomer_is_turned_away_while_a_slow_peer_holds_the_only_place() {
    let (text, took) = talk_both(1, Peer::that_stays("GET "), newcomer());
    let answers = Answer::all(&text);
    assert_eq!(answers.len(), 1);
    assert!(answers[0].has("retry-after: 1"), "{}", answers[0].head);
    assert!(answers[0].has("connection: close"), "{}", answers[0].head);
    answers[0].problem(503);
    assert_eq!(took, 1000);
}

#[test]
fn a_newcomer_gets_the_place_of_a_peer_that_is_only_idle() {
    let (text, took) = talk_both(1, Peer::that_stays(get(COUNT)), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 500);
}

#[test]
fn a_newcomer_gets_the_place_of_a_peer_that_leaves() {
    let (text, took) = talk_both(1, newcomer(), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 0);
}

#[test]
fn a_newcomer_does_not_wait_while_there_is_a_place() {
    let (text, took) = talk_both(2, Peer::that_stays("GET "), newcomer());
    let answers = Answer::all(&text);
    assert_eq!((answers.len(), answers[0].status), (1, 200));
    assert_eq!(took, 0);
}
