//! What the export of a million events takes: seconds, which are printed, and bytes, which have a budget.

#[path = "../tests/memory/counted.rs"]
mod counted;
#[path = "../tests/memory/events.rs"]
mod events;

use std::time::Instant;

use heapbeacon_shared::export::{Format, Recording};

/// Half of them are frees.
const ALLOCATIONS: u64 = 500_000;
/// Seconds that a format may take, and bytes that may be held at once.
const MOST_SECONDS: f64 = 5.0;
const MOST_BYTES: usize = 200_000_000;

fn main() {
    let bytes = events::stream(ALLOCATIONS);
    println!("A million events, {} bytes, exported:", bytes.len());
    let mut read = |offset: u64, piece: &mut [u8]| {
        let rest = &bytes[offset as usize..];
        let count = rest.len().min(piece.len());
        piece[..count].copy_from_slice(&rest[..count]);
        Ok::<_, String>(count)
    };
    for format in Format::ALL {
        let started = Instant::now();
        let (peak, written) = counted::peak(|| {
            let recording = Recording::read(&mut read).expect("it is a capture");
            let mut written = 0;
            let write = |piece: &[u8]| {
                written += piece.len();
                Ok(())
            };
            let outcome = recording.write(format, &mut read, write);
            outcome.expect("it is written");
            written
        });
        let seconds = started.elapsed().as_secs_f64();
        let name = format.name();
        println!("{seconds:>7.2} s, {peak:>9} bytes held, {written:>9} written  {name}");
        assert!(
            seconds <= MOST_SECONDS,
            "{name} takes more than {MOST_SECONDS} s"
        );
        assert!(
            peak <= MOST_BYTES,
            "{name} holds more than {MOST_BYTES} bytes"
        );
    }
}
