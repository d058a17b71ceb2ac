//! A program whose sections are removed, compressed and renumbered in all sorts of ways: every answer is
//! that of the whole program, or says that it is not known.

use heapbeacon_shared::symbols::{ElfError, Frame, Symbols};

use crate::compressed::compress_section;
use crate::damage::Xorshift;
use crate::edit::Edited;
use crate::fixture::{self, BARE};

const SECTIONS: [&str; 9] = [
    ".symtab",
    ".strtab",
    ".debug_abbrev",
    ".debug_info",
    ".debug_line",
    ".debug_str",
    ".debug_ranges",
    ".debug_aranges",
    ".note.gnu.build-id",
];

fn odd(random: &mut Xorshift) -> (String, Vec<u8>) {
    let mut edited = Edited::new(&BARE);
    let mut name = String::new();
    for section in SECTIONS {
        match random.below(6) {
            0 => {
                name += &format!(" without {section}");
                edited.remove(&[section]);
            }
            1 if !section.starts_with(".note") => {
                name += &format!(" compressed {section}");
                let index = edited.index(section);
                compress_section(&mut edited, index);
            }
            _ => {}
        }
    }
    match random.below(2) {
        0 => (name, edited.file()),
        _ => (name + " extended", edited.file_with_extended_numbering()),
    }
}

/// Returns whether a value is the true one, or not known.
fn is_sure<T: PartialEq>(value: &Option<T>, truth: &Option<T>) -> bool {
    value.is_none() || value == truth
}

fn assert_sure(name: &str, frames: &[Frame], truth: &[Frame]) {
    let message = || format!("{name}: {frames:#?} is not {truth:#?}");
    let outermost = frames.last().expect("a frame");
    let is_whole = frames.len() == truth.len();
    assert!(
        is_whole || (frames.len() == 1 && outermost.line.is_none()),
        "{}",
        message()
    );
    for (frame, truth) in frames.iter().rev().zip(truth.iter().rev()) {
        assert!(is_sure(&frame.function, &truth.function), "{}", message());
        // Without the compiler's folder a path is shorter.
        let (file, whole) = (frame.file.as_deref().unwrap_or_default(), &truth.file);
        let is_same = file.is_empty() || whole.as_ref().is_some_and(|whole| whole.ends_with(file));
        assert!(is_same, "{}", message());
        assert!(is_sure(&frame.line, &truth.line), "{}", message());
        assert_eq!(frame.shared_with, truth.shared_with, "{}", message());
    }
}

#[test]
fn every_answer_about_an_odd_program_is_right_or_not_known() {
    let mut random = Xorshift(0x2545_F491_4F6C_DD1D);
    let whole = Symbols::parse(&BARE).unwrap_or_else(|error| panic!("{error}"));
    let (start, size) = fixture::function(&BARE, "_start");
    let addresses = start.saturating_sub(16)..start + size + 16;
    let (mut read, mut known) = (0, 0);
    for _ in 0..200 {
        let (name, elf) = odd(&mut random);
        let symbols = match Symbols::parse(&elf) {
            Ok(symbols) => symbols,
            Err(ElfError::NoSymbols { .. } | ElfError::DebugInfo(_)) => continue,
            Err(error) => panic!("{name}: {error}"),
        };
        read += 1;
        for address in addresses.clone() {
            let frames = symbols.frames(address);
            assert_sure(&name, &frames, &whole.frames(address));
            known += usize::from(frames.iter().any(|frame| frame.line.is_some()));
        }
    }
    assert!(
        read > 100 && known > 1000,
        "{read} were read, {known} lines were known"
    );
}
