//! Bytes that outlive a reset, and are told from what else such memory holds.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed, compiler_fence};

/// What a sealed area begins with: "HBP" and the version of its layout.
const SEAL: u32 = u32::from_le_bytes(*b"HBP\x01");
/// Words before the content: seal, number, lengths, checksum.
pub(super) const HEAD: usize = 4;
const CRC: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

/// Memory of a fixed size that a reset leaves as it is, after a power failure with anything in it.
///
/// Words are atomic so that any of them may be read whatever is in it; nobody writes two at once.
pub(super) struct Area<'m>(pub(super) &'m [AtomicU32]);

/// What an area says of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// Rises from one to the next.
    pub(super) number: u32,
    pub(super) bytes: usize,
    /// Messages among these bytes.
    pub(super) messages: u32,
}

/// What is in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It was never sealed, or not since the power failed.
    Nothing,
    /// It was sealed, and has changed since.
    Damaged,
    /// What it was sealed with.
    Content(Content),
}

impl Area<'_> {
    /// Returns the bytes that it holds at most.
    pub(super) fn capacity(&self) -> usize {
        self.0.len().saturating_sub(HEAD) * size_of::<u32>()
    }

    /// Breaks the seal, so that what is written from now on is not taken for whole before it is sealed again.
    pub(super) fn open(&self) {
        self.set(0, 0);
        compiler_fence(core::sync::atomic::Ordering::SeqCst);
    }

    /// Writes bytes at a place of the content; those beyond its end are left out.
    pub(super) fn write(&self, at: usize, bytes: &[u8]) {
        for (offset, byte) in bytes.iter().enumerate() {
            let (word, shift) = place(at + offset);
            let Some(word) = self.0.get(HEAD + word) else {
                return;
            };
            let others = word.load(Relaxed) & !(0xff << shift);
            word.store(others | u32::from(*byte) << shift, Relaxed);
        }
    }

    /// Seals what was written.
    pub(super) fn seal(&self, content: Content) {
        let bytes = content.bytes.min(self.capacity());
        self.set(1, content.number);
        self.set(2, lengths(bytes, content.messages));
        self.set(3, self.checksum(bytes));
        compiler_fence(core::sync::atomic::Ordering::SeqCst);
        self.set(0, SEAL);
    }

    /// Returns what is in it.
    pub(super) fn find(&self) -> Found {
        if self.get(0) != SEAL {
            return Found::Nothing;
        }
        let bytes = (self.get(2) & 0xffff) as usize;
        let content = Content {
            number: self.get(1),
            bytes,
            messages: self.get(2) >> 16,
        };
        match bytes <= self.capacity() && self.get(3) == self.checksum(bytes) {
            true => Found::Content(content),
            false => Found::Damaged,
        }
    }

    /// Reads bytes from a place of the content on.
    pub(super) fn read(&self, at: usize, out: &mut [u8]) {
        for (offset, byte) in out.iter_mut().enumerate() {
            let (word, shift) = place(at + offset);
            *byte = (self.get(HEAD + word) >> shift) as u8;
        }
    }

    fn checksum(&self, bytes: usize) -> u32 {
        let mut digest = CRC.digest();
        digest.update(&self.get(1).to_le_bytes());
        digest.update(&self.get(2).to_le_bytes());
        for word in 0..bytes.div_ceil(size_of::<u32>()) {
            let left = bytes - word * size_of::<u32>();
            let word = self.get(HEAD + word).to_le_bytes();
            digest.update(&word[..left.min(size_of::<u32>())]);
        }
        digest.finalize()
    }

    fn get(&self, word: usize) -> u32 {
        self.0.get(word).map_or(0, |word| word.load(Relaxed))
    }

    fn set(&self, word: usize, value: u32) {
        if let Some(word) = self.0.get(word) {
            word.store(value, Relaxed);
        }
    }
}

fn lengths(bytes: usize, messages: u32) -> u32 {
    (bytes as u32 & 0xffff) | messages << 16
}

/// Returns the word that a byte is in, and how far it is shifted there.
fn place(byte: usize) -> (usize, usize) {
    (byte / size_of::<u32>(), byte % size_of::<u32>() * 8)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn words(words: &[u32]) -> Vec<AtomicU32> {
        words.iter().map(|word| AtomicU32::new(*word)).collect()
    }

    fn sealed(bytes: &[u8]) -> Vec<AtomicU32> {
        let memory = words(&[0xdead_beef; 32]);
        let area = Area(&memory);
        area.open();
        assert_eq!(area.find(), Found::Nothing);
        area.write(0, bytes);
        area.seal(Content {
            number: 7,
            bytes: bytes.len(),
            messages: 3,
        });
        memory
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_sealed_is_found_and_one_changed_bit_is_damage(
            bytes in proptest::collection::vec(any::<u8>(), 0..112),
            word in 1..32usize,
            bit in 0..32u32,
        ) {
            let memory = sealed(&bytes);
            let area = Area(&memory);
            let content = Content { number: 7, bytes: bytes.len(), messages: 3 };
            prop_assert_eq!(area.find(), Found::Content(content));
            let mut read = [0; 112];
            area.read(0, &mut read[..bytes.len()]);
            prop_assert_eq!(&read[..bytes.len()], &bytes[..]);

            let is_used = word < HEAD + bytes.len() / 4;
            memory[word].fetch_xor(1 << bit, Relaxed);
            let found = area.find();
            let is_right = if is_used { found == Found::Damaged } else { found != Found::Nothing };
            prop_assert!(is_right);
        }
    }

    /// A million images of memory after a power failure, in a few seconds: most are refused by their first word, so that one is
    /// right in half of them.
    #[test]
    fn no_random_memory_passes_for_a_content() {
        let images = if cfg!(miri) { 100 } else { 1_000_000 };
        let mut state = 0x9e37_79b9_u32;
        let memory = words(&[0; 16]);
        for image in 0..images {
            for word in &memory {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                word.store(state, Relaxed);
            }
            if image % 2 == 0 {
                memory[0].store(SEAL, Relaxed);
                // A length that has room, or next to no image would have one.
                memory[2].store(state % 48, Relaxed);
            }
            assert!(
                !matches!(Area(&memory).find(), Found::Content(_)),
                "{image}"
            );
        }
    }
}
