//! Programs with more sections than their headers have room to number.

use heapbeacon_shared::symbols::Symbols;

use crate::edit::{Edited, Header};
use crate::fixture::{self, BARE, HOST_NO_DEBUG};

/// `SHN_XINDEX`, and the type of the section that then has the number.
const ELSEWHERE: [u8; 2] = [0xFF; 2];
const SHT_SYMTAB_SHNDX: u32 = 18;

fn function_at(elf: &[u8], address: u64) -> Option<String> {
    let symbols = Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"));
    symbols.frames(address).pop()?.function
}

#[test]
fn numbers_in_the_first_section_are_read() {
    for (elf, name, function) in [
        (&BARE, "device4open", "bare::device::open"),
        (&HOST_NO_DEBUG, "outermost", "host::outermost"),
    ] {
        let (start, _) = fixture::function(elf, name);
        let extended = Edited::new(elf).file_with_extended_numbering();
        assert_eq!(function_at(&extended, start).as_deref(), Some(function));
        let [before, after] = [&elf[..], &extended].map(|elf| {
            let symbols = Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"));
            (symbols.frames(start), symbols.build_id().cloned())
        });
        assert_eq!(after, before);
    }
}

/// A program with symbols alone, where one has no size, and its section's number is elsewhere.
fn with_numbers_elsewhere(are_there: bool) -> Vec<u8> {
    let mut edited = Edited::new(&BARE);
    let names = edited.sections.iter().map(|section| section.name.clone());
    let debug: Vec<_> = names.filter(|name| name.starts_with(".debug_")).collect();
    edited.remove(&debug.iter().map(String::as_str).collect::<Vec<_>>());
    let (start, _) = fixture::function(&BARE, "device4open");
    let mut table = edited.content_of(".symtab").to_vec();
    let mut numbers = vec![0; table.len() / 4];
    let symbols = table.chunks_exact_mut(16).zip(numbers.chunks_exact_mut(4));
    for (symbol, number) in symbols {
        let is_function = symbol[12] & 0xF == 2;
        if is_function && symbol[4..8] == (start as u32).to_le_bytes() {
            symbol[8..12].fill(0); // st_size
            number[..2].copy_from_slice(&symbol[14..16]);
            symbol[14..16].copy_from_slice(&ELSEWHERE);
        }
    }
    let index = edited.index(".symtab");
    edited.set_content(index, &table);
    if are_there {
        let header = Header {
            name: ".symtab_shndx".to_owned(),
            kind: SHT_SYMTAB_SHNDX,
            link: index as u32,
            align: 4,
            entry_size: 4,
            ..Header::default()
        };
        edited.add(header, &numbers);
    }
    edited.file_with_extended_numbering()
}

#[test]
fn a_symbol_whose_section_is_numbered_elsewhere_reaches_up_to_its_end() {
    let (start, size) = fixture::function(&BARE, "device4open");
    let elf = with_numbers_elsewhere(true);
    let open = Some("bare::device::open".to_owned());
    assert_eq!(function_at(&elf, start), open);
    assert_eq!(function_at(&elf, start + size - 1), open);
    // Without the numbers nobody knows where it ends.
    assert_eq!(function_at(&with_numbers_elsewhere(false), start), None);
}
