//! How much memory an export of many events takes.

mod memory {
    pub(crate) mod counted;
    pub(crate) mod events;
}

use heapbeacon_shared::export::{Format, Recording};

use memory::counted;
use memory::events::stream;

/// Bytes that an export may take at once.
const MOST: usize = 1 << 20;

#[test]
fn what_an_export_takes_does_not_grow_with_its_events() {
    let bytes = stream(200_000, 50);
    let mut read = |offset: u64, piece: &mut [u8]| {
        let rest = &bytes[offset as usize..];
        let count = rest.len().min(piece.len());
        piece[..count].copy_from_slice(&rest[..count]);
        Ok::<_, String>(count)
    };
    for format in Format::ALL {
        let (peak, written) = counted::peak(|| {
            let recording = Recording::read(&mut read).expect("readable");
            assert!(recording.sums().allocated.count == 200_000);
            let mut written = 0;
            let write = |piece: &[u8]| {
                written += piece.len();
                Ok(())
            };
            recording
                .write(format, &mut read, write)
                .expect("it is written");
            written
        });
        assert!(peak < MOST, "{format:?} takes {peak} bytes for {written}");
    }
}
