//! What the export of a million events takes: seconds of a processor, and bytes.

#[path = "../tests/memory/counted.rs"]
mod counted;
#[path = "../tests/memory/events.rs"]
mod events;

use std::fs;

use heapbeacon_shared::export::{Format, Recording};

/// Half of them are frees.
const ALLOCATIONS: u64 = 500_000;
/// Live blocks at a time: of a small device, and of a heap of many megabytes.
const LIVE: [u64; 2] = [50, 20_000];
/// Seconds that a format may take, and bytes that may be held at once.
const MOST_SECONDS: f64 = 5.0;
const MOST_BYTES: usize = 200_000_000;

fn main() {
    for live in LIVE {
        let bytes = events::stream(ALLOCATIONS, live);
        let len = bytes.len();
        println!("A million events, {live} live blocks at a time, {len} bytes, exported:");
        Format::ALL
            .into_iter()
            .for_each(|format| export(&bytes, format));
    }
}

/// Returns how long this thread has had a processor, which others may want meanwhile.
fn seconds() -> f64 {
    let times = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let ns: f64 = times
        .split(' ')
        .next()
        .expect("it comes first")
        .parse()
        .expect("a number");
    ns / 1e9
}

/// Exports a capture; prints what that takes, and checks it.
fn export(bytes: &[u8], format: Format) {
    let mut read = |offset: u64, piece: &mut [u8]| {
        let rest = &bytes[offset as usize..];
        let count = rest.len().min(piece.len());
        piece[..count].copy_from_slice(&rest[..count]);
        Ok::<_, String>(count)
    };
    let started = seconds();
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
    let seconds = seconds() - started;
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
