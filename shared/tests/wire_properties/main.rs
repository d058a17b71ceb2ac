//! What holds for every stream, every way to cut it, and every damage.

mod strategies;

use heapbeacon_shared::wire::*;
use proptest::collection::vec;
use proptest::prelude::*;
use strategies::{message, record};

type Items = Vec<Result<Message, DecodeError>>;
type Outcome = (Items, Received, Result<Received, DecodeError>);

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

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Outcome {
    let mut decoder = Decoder::new();
    let mut items = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        items.extend(decoder.by_ref());
    }
    (items, decoder.summary(), decoder.finish())
}

/// Decodes `bytes` in pieces of the `sizes`, in turn.
fn decode_in_pieces(bytes: &[u8], sizes: &[usize]) -> Outcome {
    let mut rest = bytes;
    let mut sizes = sizes.iter().cycle();
    decode(std::iter::from_fn(|| {
        let size = (*sizes.next()?).min(rest.len());
        let (piece, left) = rest.split_at(size);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    }))
}

fn decode_at_once(bytes: &[u8]) -> Outcome {
    decode(std::iter::once(bytes))
}

/// Records that tell which of them are missing.
fn numbered_records() -> impl Strategy<Value = Vec<Message>> {
    vec(record(), 1..200).prop_map(|mut records| {
        for (number, message) in records.iter_mut().enumerate() {
            if let Message::Record(record) = message {
                record.seq = number as u64;
            }
        }
        records
    })
}

proptest! {
    #[test]
    fn every_stream_survives_the_round_trip(messages in vec(message(), 0..80)) {
        let (mut items, _, summary) = decode_at_once(&encode(&messages));
        let count = messages.len() as u32;
        prop_assert_eq!(items.pop(), Some(Ok(Message::End(End { messages: count }))));
        prop_assert_eq!(items, messages.into_iter().map(Ok).collect::<Items>());
        prop_assert_eq!(summary.unwrap().messages, count);
    }

    #[test]
    fn every_way_to_cut_a_stream_gives_the_same(
        messages in vec(message(), 0..80),
        damage in vec(any::<(prop::sample::Index, u8)>(), 0..4),
        sizes in vec(1..50usize, 1..10),
    ) {
        let mut stream = encode(&messages);
        for (index, byte) in damage {
            *index.get_mut(&mut stream) = byte;
        }
        prop_assert_eq!(decode_in_pieces(&stream, &sizes), decode_at_once(&stream));
    }

    #[test]
    fn noise_never_panics_however_it_is_cut(
        noise in vec(prop_oneof![any::<u8>(), Just(0), 1..16u8], 0..1000),
        sizes in vec(1..600usize, 1..10),
    ) {
        let stream = [b"\0HBC\x01\0", &noise[..]].concat();
        prop_assert_eq!(decode_in_pieces(&stream, &sizes), decode_at_once(&stream));
        let _ = decode_at_once(&noise);
    }

    #[test]
    fn every_stream_cut_short_is_noticed(
        messages in vec(message(), 0..80),
        cut in any::<prop::sample::Index>(),
    ) {
        let stream = encode(&messages);
        let (_, _, result) = decode_at_once(&stream[..cut.index(stream.len())]);
        prop_assert!(result.is_err());
    }

    #[test]
    fn one_damaged_byte_costs_no_more_than_the_messages_up_to_the_next_preamble(
        records in numbered_records(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut stream = encode(&records);
        let (_, behind_first_preamble) = stream.split_at_mut(6);
        *place.get_mut(behind_first_preamble) = byte;
        let (items, ..) = decode_at_once(&stream);
        let lost = records.iter().filter(|&record| !items.contains(&Ok(record.clone())));
        prop_assert!(lost.count() <= PREAMBLE_EVERY as usize);
    }
}
