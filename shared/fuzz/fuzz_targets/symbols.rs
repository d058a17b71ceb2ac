//! Any ELF file, and any debug information in a good one, is read within bounds: of time, of memory, of stack.

#![no_main]

#[path = "../../tests/memory/counted.rs"]
mod counted;
#[path = "../../tests/memory/elf.rs"]
mod elf;

use elf::{CODE, Section, debug};
use heapbeacon_shared::symbols::{SymbolizedStack, Symbols};
use libfuzzer_sys::fuzz_target;

/// What the bytes are cut into, where they are no ELF file.
const SECTIONS: [&str; 10] = [
    ".debug_abbrev",
    ".debug_info",
    ".debug_line",
    ".debug_ranges",
    ".debug_rnglists",
    ".debug_addr",
    ".debug_line_str",
    ".debug_str",
    ".symtab",
    ".strtab",
];

/// The longest input that is tried, in bytes: short ones are tried more often.
const LONGEST: usize = 16 << 10;
/// What may be on the heap at once, in bytes.
const MOST: usize = 64 << 20;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LONGEST {
        return;
    }
    let (peak, ()) = counted::peak(|| match bytes {
        [0x7F, b'E', ..] => look_up(bytes),
        _ => look_up(&elf::elf(sections(bytes))),
    });
    assert!(peak < MOST, "{peak} bytes");
});

fn look_up(file: &[u8]) {
    let Ok(symbols) = Symbols::parse(file) else {
        return;
    };
    let addresses = (0..64).map(|step| CODE.start + 0x10C0 + 5 * step);
    let edges = [0, CODE.start, CODE.end - 1, CODE.end, u64::MAX];
    for address in addresses.chain(edges) {
        let frames = symbols.frames(address);
        assert!(frames.last().is_some_and(|frame| !frame.inlined));
        assert!(SymbolizedStack::new(frames).call_site().is_some());
        let _ = symbols.task_at(address);
    }
    for missing in symbols.missing() {
        assert!(!missing.to_string().is_empty());
    }
}

/// Cuts bytes into sections: before each stands its length, in two bytes.
fn sections(mut bytes: &[u8]) -> Vec<Section> {
    let mut section = |name| {
        let (content, rest) = match bytes.split_first_chunk() {
            Some((len, rest)) => rest.split_at(rest.len().min(u16::from_le_bytes(*len).into())),
            None => Default::default(),
        };
        bytes = rest;
        match name {
            // Two sections come before those of this list.
            ".symtab" => Section {
                kind: 2,
                link: 11,
                ..debug(name, content.to_vec())
            },
            _ => debug(name, content.to_vec()),
        }
    };
    SECTIONS.into_iter().map(&mut section).collect()
}
