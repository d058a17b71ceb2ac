//! What is asked for names, well and badly.

use proptest::prelude::*;

use super::{MESSAGE, answer_in_place};

const ADDRESS: core::net::Ipv4Addr = core::net::Ipv4Addr::new(192, 168, 4, 1);

/// A question for the address of `ab.c` (RFC 1035, 4.1).
const QUESTION: &[u8] = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x02ab\x01c\0\0\x01\0\x01";

fn answered(question: &[u8]) -> Option<std::vec::Vec<u8>> {
    let mut message = [0; MESSAGE];
    let room = message.get_mut(..question.len())?;
    room.copy_from_slice(question);
    let length = answer_in_place(&mut message, question.len(), ADDRESS)?;
    Some(message[..length].to_vec())
}

#[test]
fn every_name_is_the_devices() {
    let answer = answered(QUESTION).expect("it is a question");
    assert_eq!(answer[..2], [0x12, 0x34]);
    assert_eq!(answer[2] & 0x80, 0x80, "it is an answer");
    assert_eq!(answer[3] & 0x0F, 0, "it is no error");
    assert_eq!(answer[6..8], [0, 1], "there is one");
    assert!(answer.ends_with(&[0, 0, 0, 0, 0, 4, 192, 168, 4, 1]));
}

#[test]
fn a_name_has_no_other_address() {
    let mut question = QUESTION.to_vec();
    // AAAA (RFC 3596).
    question[18] = 28;
    let answer = answered(&question).expect("it is a question");
    assert_eq!(answer[3] & 0x0F, 0, "the name exists");
    assert_eq!(answer[6..8], [0, 0], "and has no such record");
}

#[test]
fn an_answer_is_not_answered() {
    let mut answer = QUESTION.to_vec();
    answer[2] |= 0x80;
    assert_eq!(answered(&answer), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        answered(&bytes);
    }

    #[test]
    fn no_change_of_a_question_makes_it_panic(at in 0..QUESTION.len(), byte: u8, length in 0..=QUESTION.len()) {
        let mut question = QUESTION.to_vec();
        question[at] = byte;
        answered(&question[..length]);
    }
}
