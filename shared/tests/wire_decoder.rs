//! What a decoder makes of streams that are not as it would like them.

use heapbeacon_shared::trace::{Mark, Record, Scan, Summary};
use heapbeacon_shared::wire::*;

const PREAMBLE: &[u8] = b"\0HBC\x01\0";
const DROPPED: &[u8] = b"\x02\x09\x05";
const END_OF_ONE: &[u8] = b"\x02\x0a\x01";
const END_OF_TWO: &[u8] = b"\x02\x0a\x02";

type Items = Vec<Result<Message, DecodeError>>;

fn dropped() -> Result<Message, DecodeError> {
    Ok(Message::Dropped(Dropped { events: 5 }))
}

fn end(messages: u32) -> Result<Message, DecodeError> {
    Ok(Message::End(End { messages }))
}

fn decode(parts: &[&[u8]]) -> (Items, Decoder) {
    let mut decoder = Decoder::new();
    decoder.push(&parts.concat());
    (decoder.by_ref().collect(), decoder)
}

fn encode(messages: &[Message]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut stream = Vec::new();
    for message in messages {
        stream.extend_from_slice(encoder.encode(message, &mut buffer).unwrap());
    }
    stream.extend_from_slice(encoder.encode(&encoder.finish(), &mut buffer).unwrap());
    stream
}

fn record(seq: u64) -> Message {
    Message::Record(Record {
        seq,
        ..Record::default()
    })
}

#[test]
fn fields_appended_by_a_newer_writer_are_ignored() {
    let longer = b"\x05\x09\x05\x01\x02\x03";
    let (items, decoder) = decode(&[PREAMBLE, longer, END_OF_ONE]);
    assert_eq!(items, [dropped(), end(1)]);
    assert_eq!(decoder.finish().unwrap().unknown_messages, 0);
}

#[test]
fn messages_of_a_newer_writer_are_skipped_and_counted() {
    let unknown = b"\x04\x7f\xff\xff\xff";
    let (items, decoder) = decode(&[PREAMBLE, unknown, DROPPED, END_OF_TWO]);
    assert_eq!(items, [dropped(), end(2)]);
    let summary = decoder.finish().unwrap();
    assert_eq!((summary.messages, summary.unknown_messages), (2, 1));
}

#[test]
fn messages_with_a_state_of_a_newer_writer_are_skipped_and_counted() {
    let mut counters = vec![0; 31];
    counters[..5].copy_from_slice(&[30, 5, 0, 0, 4]);
    let (items, decoder) = decode(&[PREAMBLE, &counters, DROPPED, END_OF_TWO]);
    assert_eq!(items, [dropped(), end(2)]);
    assert_eq!(decoder.finish().unwrap().unknown_messages, 1);
}

#[test]
fn newer_version_is_refused_with_both_versions() {
    let (items, decoder) = decode(&[b"\0HBC\x07\0", DROPPED]);
    let error = DecodeError::NewerVersion { version: 7 };
    assert_eq!(items, [Err(error)]);
    assert_eq!(decoder.finish(), Err(error));
    let text = error.to_string();
    assert!(
        text.contains("version 7") && text.contains("up to 1"),
        "{text}"
    );
}

#[test]
fn file_that_is_no_capture_is_refused_at_its_first_bytes() {
    let (items, mut decoder) = decode(&[b"\x7fE"]);
    assert_eq!(items, [Err(DecodeError::NotACapture)]);
    decoder.push(PREAMBLE);
    assert_eq!(decoder.next(), None);
    let text = decoder.finish().unwrap_err().to_string();
    assert!(text.contains("not a HeapBeacon capture"), "{text}");
    assert!(text.contains("/api/v1/capture"), "{text}");
}

#[test]
fn empty_file_is_no_capture() {
    assert_eq!(Decoder::new().finish(), Err(DecodeError::NotACapture));
}

#[test]
fn damage_is_one_error_and_reading_goes_on_at_the_next_preamble() {
    let (items, decoder) = decode(&[
        PREAMBLE,
        DROPPED,
        b"\0\0\0\0",
        DROPPED,
        PREAMBLE,
        DROPPED,
        END_OF_TWO,
    ]);
    // The search begins at the message before the damage: 3 + 4 + 3 bytes.
    let damage = DecodeError::Damaged { skipped_bytes: 10 };
    assert_eq!(items, [dropped(), Err(damage), dropped(), end(2)]);
    assert_eq!(decoder.summary().skipped_bytes, 10);
}

#[test]
fn preamble_is_found_behind_a_message_that_claims_to_be_longer() {
    let (items, _) = decode(&[PREAMBLE, b"\x40\x0f", PREAMBLE, DROPPED, END_OF_ONE]);
    let damage = DecodeError::Damaged { skipped_bytes: 2 };
    assert_eq!(items, [Err(damage), dropped(), end(1)]);
}

#[test]
fn preamble_is_found_when_a_message_ends_inside_of_it() {
    // Of a kind that there will never be.
    let (items, _) = decode(&[PREAMBLE, b"\x04\x7f\x7f", PREAMBLE, DROPPED, END_OF_ONE]);
    let damage = DecodeError::Damaged { skipped_bytes: 3 };
    assert_eq!(items, [Err(damage), dropped(), end(1)]);
}

#[test]
fn preamble_that_begins_inside_of_another_is_read_the_same_however_it_is_cut() {
    let swallowing = b"\x07\x09\x05\0HBC\x01";
    let stream = [PREAMBLE, swallowing, PREAMBLE, DROPPED].concat();
    let (at_once, _) = decode(&[&stream]);
    let mut decoder = Decoder::new();
    let mut byte_by_byte = Items::new();
    for byte in stream {
        decoder.push(&[byte]);
        byte_by_byte.extend(decoder.by_ref());
    }
    assert_eq!(at_once, byte_by_byte);
}

#[test]
fn body_longer_than_any_is_damage() {
    let (items, _) = decode(&[PREAMBLE, b"\x81\x04", PREAMBLE, DROPPED]);
    assert_eq!(items.len(), 2);
    assert!(matches!(items[0], Err(DecodeError::Damaged { .. })));
}

/// A message of a newer writer, whose body has so many bytes.
fn unknown(body: usize) -> Vec<u8> {
    let length = match body {
        0..0x80 => vec![body as u8],
        _ => vec![body as u8 | 0x80, (body >> 7) as u8],
    };
    let body = vec![0x7f; body];
    [length, body].concat()
}

#[test]
fn bodies_of_every_length_up_to_the_longest_are_passed() {
    for body in (1..=MAX_BODY).filter(|body| [1, 2, 126, 127, 128, 129, 511, 512].contains(body)) {
        let (items, decoder) = decode(&[PREAMBLE, &unknown(body), DROPPED, END_OF_TWO]);
        assert_eq!(items, [dropped(), end(2)], "{body}");
        let summary = decoder.finish().unwrap();
        assert_eq!((summary.messages, summary.unknown_messages), (2, 1));
        assert_eq!(summary.skipped_bytes, 0);
    }
    let (items, decoder) = decode(&[PREAMBLE, &unknown(MAX_BODY + 1), PREAMBLE, DROPPED]);
    let skipped_bytes = unknown(MAX_BODY + 1).len() as u64;
    assert_eq!(
        items,
        [Err(DecodeError::Damaged { skipped_bytes }), dropped()]
    );
    assert_eq!(decoder.summary().messages, 1);
}

#[test]
fn a_message_comes_with_its_last_byte_and_not_before() {
    for body in [1, 127, 128, MAX_BODY] {
        let mut decoder = Decoder::new();
        decoder.push(PREAMBLE);
        let message = unknown(body);
        for byte in &message[..message.len() - 1] {
            decoder.push(&[*byte]);
            assert_eq!(decoder.next(), None);
            assert_eq!(decoder.summary().unknown_messages, 0);
        }
        decoder.push(&message[message.len() - 1..]);
        assert_eq!(decoder.next(), None);
        assert_eq!(decoder.summary().unknown_messages, 1);
    }
}

#[test]
fn versions_from_the_first_on_are_read_and_no_version_is_none() {
    let (items, _) = decode(&[b"\0HBC\0\0", DROPPED]);
    assert_eq!(items, [Err(DecodeError::NotACapture)]);
    let (items, _) = decode(&[b"\0HBC\x02\0", DROPPED]);
    assert_eq!(items, [Err(DecodeError::NewerVersion { version: 2 })]);
    let (items, _) = decode(&[b"\0HBC\x01\x01", DROPPED]);
    assert_eq!(items, [Err(DecodeError::NewerVersion { version: 257 })]);
}

#[test]
fn errors_say_how_much_is_missing() {
    for (error, words) in [
        (
            DecodeError::Damaged { skipped_bytes: 77 },
            "77 bytes were skipped",
        ),
        (DecodeError::CutOff { messages: 78 }, "after 78 messages"),
        (
            DecodeError::MessagesLost {
                sent: 80,
                received: 79,
            },
            "80 messages were sent but 79 arrived",
        ),
    ] {
        let text = error.to_string();
        assert!(text.contains(words), "{text}");
    }
    let small = EncodeError::BufferTooSmall.to_string();
    assert!(
        small.contains(&format!("{MAX_ENCODED} bytes always do")),
        "{small}"
    );
    let preamble = EncodeError::ContainsPreamble.to_string();
    assert!(preamble.contains("leave it out"), "{preamble}");
}

#[test]
fn stream_without_end_is_cut_off() {
    let (_, decoder) = decode(&[PREAMBLE, DROPPED]);
    assert_eq!(decoder.finish(), Err(DecodeError::CutOff { messages: 1 }));
}

#[test]
fn end_tells_that_messages_are_missing() {
    let (_, decoder) = decode(&[PREAMBLE, DROPPED, END_OF_TWO]);
    let lost = DecodeError::MessagesLost {
        sent: 2,
        received: 1,
    };
    assert_eq!(decoder.finish(), Err(lost));
}

#[test]
fn message_behind_the_end_is_not_complete() {
    let (_, decoder) = decode(&[PREAMBLE, DROPPED, END_OF_ONE, DROPPED]);
    assert!(matches!(
        decoder.finish(),
        Err(DecodeError::MessagesLost { .. })
    ));
}

#[test]
fn preamble_is_repeated_every_64_messages() {
    let stream = encode(&(0..200).map(record).collect::<Vec<_>>());
    let preambles = stream.windows(6).filter(|bytes| *bytes == PREAMBLE).count();
    assert_eq!(preambles, 4);
}

#[test]
fn message_that_contains_a_preamble_is_left_out() {
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mark = Mark {
        time_us: 0,
        name: "\0HBC\u{1}\0".try_into().unwrap(),
        ..Mark::default()
    };
    let error = encoder.encode(&Message::Mark(mark), &mut buffer);
    assert_eq!(error, Err(EncodeError::ContainsPreamble));
    assert_eq!(encoder.finish(), Message::End(End { messages: 0 }));
}

#[test]
fn buffer_of_any_size_is_enough_or_refused() {
    let mut buffer = [0; MAX_ENCODED];
    let message = record(u64::MAX);
    let expected = Encoder::new()
        .encode(&message, &mut buffer)
        .unwrap()
        .to_vec();
    for size in 0..=expected.len() + 1 {
        let mut small = vec![0; size];
        match Encoder::new().encode(&message, &mut small) {
            Ok(bytes) => assert_eq!(bytes, expected),
            Err(error) => assert_eq!(error, EncodeError::BufferTooSmall),
        }
    }
}

/// A writer that knows one thing less leaves it out at the end. Whatever the last field is: here it is 0.
#[test]
fn fields_that_an_older_writer_does_not_know_are_zero() {
    let summary = Summary {
        total_allocations: 300,
        ..Summary::default()
    };
    let scan = Scan {
        started_us: 300,
        ..Scan::default()
    };
    for written in [Message::Counters(summary), Message::Scan(scan)] {
        let mut buffer = [0; MAX_ENCODED];
        let mut encoder = Encoder::new();
        let stream = encoder.encode(&written, &mut buffer).unwrap();
        let (preamble, message) = stream.split_at(PREAMBLE.len());
        let older = &message[..message.len() - 1];
        let length = [message[0] - 1];
        let mut decoder = Decoder::new();
        decoder.push(&[preamble, &length, &older[1..]].concat());
        assert_eq!(decoder.next(), Some(Ok(written)));
    }
}

#[test]
fn what_is_too_short_for_counters_of_any_version_is_damage() {
    let mut decoder = Decoder::new();
    let short = [&[31_u8, 5][..], &[0; 30]].concat();
    decoder.push(&[PREAMBLE, &short].concat());
    assert_eq!(decoder.next(), None);
    decoder.push(PREAMBLE);
    assert!(matches!(
        decoder.next(),
        Some(Err(DecodeError::Damaged { .. }))
    ));
}
