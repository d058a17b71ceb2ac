//! Writes a capture as other tools read it.

use heapbeacon_shared::export::{Format, ReadError, Recording};

use crate::lookup::{File, symbols};

/// Bytes that are read at once.
const PIECE_BYTES: u64 = 64 * 1024;

/// Takes what an export says while it is made.
pub trait Listener {
    /// Takes the next bytes of the document.
    fn write(&mut self, piece: &[u8]);

    /// Is told how much is done, in thousandths.
    fn reached(&mut self, permille: u32);
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// What the name of its file ends in, behind a dot.
    pub extension: &'static str,
    /// What the capture lacks, in sentences.
    pub losses: Vec<String>,
}

/// Writes a capture in the format of a name; `names` is the ELF or symbol file of its build.
///
/// # Errors
/// A sentence: why there is no document.
pub fn export(
    format: &str,
    capture: &dyn File,
    names: Option<&dyn File>,
    listener: &mut dyn Listener,
) -> Result<Exported, String> {
    let format: Format = format.parse().map_err(|error| format!("{error}."))?;
    let size = capture.size().max(1);
    // It is read twice: to see what there is, and to write it.
    let read = |listener: &mut dyn Listener, half: u64, offset: u64, piece: &mut [u8]| {
        listener.reached((500 * half + 500 * offset.min(size) / size) as u32);
        read_at(capture, offset, piece)
    };
    let recording = Recording::read(|offset, piece| read(listener, 0, offset, piece));
    let mut recording = recording.map_err(|error| match error {
        ReadError::Source(sentence) => sentence,
        ReadError::Capture(error) => format!("This can't be exported: {error}."),
    })?;
    if let Some(file) = names {
        let symbols = symbols(file, recording.build_id().text().as_str());
        let symbols = symbols.map_err(|problem| problem.to_string())?;
        recording.name(|address| symbols.frames_of_return(address));
    }
    let listener = core::cell::RefCell::new(listener);
    recording.write(
        format,
        |offset, piece| read(&mut **listener.borrow_mut(), 1, offset, piece),
        |piece| {
            listener.borrow_mut().write(piece);
            Ok(())
        },
    )?;
    Ok(Exported {
        extension: format.extension(),
        losses: recording.loss().sentences(),
    })
}

fn read_at(file: &dyn File, offset: u64, piece: &mut [u8]) -> Result<usize, String> {
    let len = PIECE_BYTES.min(piece.len() as u64);
    let end = file.size().min(offset.saturating_add(len));
    if offset >= end {
        return Ok(0);
    }
    let bytes = file.read(offset..end).ok_or_else(|| {
        "The capture can't be read any more; it may have been moved since. Open it again."
            .to_owned()
    })?;
    piece[..bytes.len()].copy_from_slice(&bytes);
    Ok(bytes.len())
}

#[cfg(test)]
mod tests {
    use core::ops::Range;

    use heapbeacon_shared::trace::{Address, Frames, Record, Stack};
    use heapbeacon_shared::wire::{Encoder, Header, MAX_ENCODED, Message};

    use super::*;

    /// A file in memory; one that is moved away can't be read.
    struct Bytes(Option<Vec<u8>>, u64);

    impl Bytes {
        fn of(bytes: Vec<u8>) -> Self {
            let size = bytes.len() as u64;
            Self(Some(bytes), size)
        }
    }

    impl File for Bytes {
        fn size(&self) -> u64 {
            self.1
        }

        fn read(&self, range: Range<u64>) -> Option<Vec<u8>> {
            let bytes = self.0.as_ref()?;
            Some(bytes[range.start as usize..range.end as usize].to_vec())
        }
    }

    #[derive(Default)]
    struct Told {
        document: Vec<u8>,
        permille: Vec<u32>,
    }

    impl Listener for Told {
        fn write(&mut self, piece: &[u8]) {
            self.document.extend_from_slice(piece);
        }

        fn reached(&mut self, permille: u32) {
            self.permille.push(permille);
        }
    }

    /// A capture of two blocks, of 40 and of 2 bytes, of one call stack.
    fn capture() -> Vec<u8> {
        let mut encoder = Encoder::new();
        let mut buffer = [0; MAX_ENCODED];
        let record = |seq, size| {
            Message::Record(Record {
                seq,
                size,
                address: Address(0x3fc8_0000 + seq * 64),
                stack: 1,
                ..Record::default()
            })
        };
        let messages = [
            Message::Header(Header {
                tick_hz: 1_000_000,
                ..Header::default()
            }),
            Message::Counters(Default::default()),
            Message::Stack(Stack {
                id: 1,
                frames: Frames::from_iter([0x4200_1000_u64, 0x4200_2000]),
                ..Stack::default()
            }),
            record(1, 40),
            record(2, 2),
        ];
        let mut bytes = Vec::new();
        for message in &messages {
            bytes.extend_from_slice(encoder.encode(message, &mut buffer).expect("it fits"));
        }
        let end = encoder.finish();
        bytes.extend_from_slice(encoder.encode(&end, &mut buffer).expect("it fits"));
        bytes
    }

    #[test]
    fn a_capture_is_written_whole_and_how_far_that_is_only_rises() {
        let mut told = Told::default();
        let file = Bytes::of(capture());
        let exported = export("collapsed", &file, None, &mut told).expect("it is a capture");
        assert_eq!((exported.extension, exported.losses.len()), ("folded", 0));
        let text = String::from_utf8(told.document).expect("text");
        assert_eq!(text.trim_end().rsplit(' ').next(), Some("42"), "{text}");

        let mut told = Told::default();
        export("records", &file, None, &mut told).expect("it is a capture");
        assert!(told.permille.is_sorted() && told.permille.last() == Some(&1_000));
    }

    #[test]
    fn what_is_missing_of_a_capture_is_said() {
        let mut cut = capture();
        cut.truncate(cut.len() - 3);
        let exported = export("leaks", &Bytes::of(cut), None, &mut Told::default());
        let losses = exported.expect("most of it is there").losses;
        assert!(losses[0].contains("ends early"), "{losses:?}");
    }

    #[test]
    fn what_can_t_be_written_is_refused_in_a_sentence() {
        let capture = Bytes::of(capture());
        let text = Bytes::of(b"no capture".to_vec());
        let gone = Bytes(None, 4_096);
        let elf = Bytes::of(b"no program".to_vec());
        for (format, file, names, words) in [
            ("svg", &capture, None, "no format `svg`"),
            ("pprof", &text, None, "can't be exported"),
            ("pprof", &gone, None, "Open it again"),
            (
                "pprof",
                &capture,
                Some(&elf as &dyn File),
                "No names in there",
            ),
        ] {
            let refusal = export(format, file, names, &mut Told::default());
            let sentence = refusal.expect_err("it is refused");
            assert!(
                sentence.contains(words) && sentence.ends_with('.'),
                "{sentence}"
            );
        }
    }
}
