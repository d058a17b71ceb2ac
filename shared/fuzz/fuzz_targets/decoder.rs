//! Any bytes, however they are cut, give the same messages, and those survive another round trip.

#![no_main]

use heapbeacon_shared::wire::{
    DecodeError, Decoder, EncodeError, Encoder, MAX_ENCODED, Message, Received,
};
use libfuzzer_sys::fuzz_target;

type Items = Vec<Result<Message, DecodeError>>;
type Outcome = (Items, Received, Result<Received, DecodeError>);

fuzz_target!(|bytes: &[u8]| {
    let outcome = decode([bytes]);
    assert_eq!(decode(pieces(bytes)), outcome);
    assert_eq!(decode(bytes.chunks(1)), outcome);
    assert_round_trip(outcome.0.into_iter().flatten());
});

fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut decoder = Decoder::new();
    let mut items = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        items.extend(decoder.by_ref());
    }
    (items, decoder.summary(), decoder.finish())
}

/// Cuts `bytes` where they say themselves, so that every capture is an input.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let size = usize::from(*bytes.first()?) + 1;
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        bytes = rest;
        Some(piece)
    })
}

fn assert_round_trip(messages: impl Iterator<Item = Message>) {
    let mut encoder = Encoder::new();
    let mut decoder = Decoder::new();
    let mut buffer = [0; MAX_ENCODED];
    for message in messages {
        match encoder.encode(&message, &mut buffer) {
            Ok(bytes) => decoder.push(bytes),
            // It was read from varints that were longer than they had to be.
            Err(EncodeError::ContainsPreamble) => continue,
            Err(error) => panic!("{error}"),
        }
        assert_eq!(decoder.next(), Some(Ok(message)));
    }
}
