//! Functions that a device finds in a symbol file where it lies are those that the ELF tells of.

use std::sync::LazyLock;

use heapbeacon_shared::symbol_file::{self, Functions, Head, Source};
use heapbeacon_shared::symbols::Symbols;
use object::{Object, ObjectSection, SectionKind};
use proptest::prelude::*;

use crate::fixture::{self, BARE, RISCV};

/// The symbol file of a program, with functions.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let symbols = Symbols::parse(&BARE).expect("it has symbols");
    symbols.pack_with_functions()
});

/// Opens the functions of a file.
fn functions(file: &[u8]) -> Functions<&[u8]> {
    let head = Head::read(file).expect("it is a symbol file");
    Functions::open(file, head.functions).expect("it has functions")
}

/// Returns what functions call an address, read in pieces of a few bytes.
fn named<S: Source>(functions: &Functions<S>, address: u64) -> Option<String> {
    let mut name = functions.find(address).ok()??;
    let mut text = Vec::new();
    let mut piece = [0; 7];
    loop {
        let bytes = functions.read_name(&mut name, &mut piece).ok()?;
        text.extend_from_slice(&piece[..bytes]);
        if bytes == 0 {
            return Some(String::from_utf8_lossy(&text).into_owned());
        }
    }
}

#[test]
fn every_address_is_in_the_function_that_the_elf_says() {
    let fold = ["-Clink-arg=--icf=all", "-Copt-level=1", "-g"];
    let folded = fixture::compile("folded", "folded-functions", &[&RISCV[..], &fold].concat());
    for elf in [&*BARE, &folded] {
        let symbols = Symbols::parse(elf).expect("it has symbols");
        let file = symbols.pack_with_functions();
        let functions = functions(&file);
        let object = object::File::parse(&**elf).expect("it is an ELF");
        let code = object
            .sections()
            .filter(|section| section.kind() == SectionKind::Text);
        let mut known = 0;
        for section in code {
            for address in section.address() - 8..section.address() + section.size() + 8 {
                let outermost = symbols.frames(address).pop();
                let expected = outermost.and_then(|frame| frame.function);
                known += usize::from(expected.is_some());
                assert_eq!(named(&functions, address), expected, "{address:#x}");
            }
        }
        assert!(known > 50, "{known}");
        assert_eq!(named(&functions, 0), None);
        assert_eq!(
            named(&functions, u64::MAX),
            None,
            "beyond the last there is none"
        );
    }
}

#[test]
fn a_file_with_functions_tells_all_else_as_one_without() {
    let symbols = Symbols::parse(&BARE).expect("it has symbols");
    let (plain, with) = (symbols.pack(), &*FILE);
    assert!(with.len() > plain.len());
    assert_eq!(symbol_file::len(with), Some(with.len()));
    let end = with.last_chunk().expect("it is longer");
    assert!(symbol_file::is_end(*end));
    let read = Symbols::parse(with).expect("it is read as one without");
    assert_eq!(read.pack(), plain);
    let head = Head::read(&plain).expect("it is one");
    assert!(head.functions.is_empty() && Functions::open(&*plain, head.functions).is_none());
}

#[test]
fn functions_that_are_others_than_were_written_are_told_by_who_reads_the_whole_file() {
    let part = Head::read(&FILE).expect("it is one").functions;
    for place in [part.start, (part.start + part.end) / 2, part.end - 1] {
        let mut file = FILE.clone();
        file[place as usize] ^= 1;
        assert!(Symbols::parse(&file).is_err(), "{place}");
    }
}

/// Memory that can't be read from some place on.
struct Failing<'f>(&'f [u8], u64);

impl Source for Failing<'_> {
    fn read(&self, at: u64, bytes: &mut [u8]) -> bool {
        at + (bytes.len() as u64) <= self.1 && self.0.read(at, bytes)
    }
}

proptest! {
    /// Neither panics nor reads on for long: a name has 1,024 bytes at most.
    #[test]
    fn whatever_lies_there_is_read_within_bounds(
        mut bytes in prop::collection::vec(any::<u8>(), 0..4096),
        rows in 0_u32..600,
        address in any::<u64>(),
        start in 0_u64..32,
    ) {
        let length = bytes.len() as u64;
        let names = (length.saturating_sub(start + 12) as u32).saturating_sub(rows * 8);
        let head = [rows.to_le_bytes(), names.to_le_bytes()].concat();
        if let Some(place) = bytes.get_mut(start as usize..start as usize + 8) {
            place.copy_from_slice(&head);
        }
        for part in [start..length, 0..u64::MAX, u64::MAX - 1..u64::MAX] {
            let Some(functions) = Functions::open(&*bytes, part) else { continue };
            for address in [address, address >> 32, 0] {
                let name = named(&functions, address);
                prop_assert!(name.is_none_or(|name| name.chars().count() <= 1024 && !name.contains('\n')));
            }
        }
    }

    /// It has the name that it has, or none: never another.
    #[test]
    fn where_it_can_not_be_read_there_is_no_name(readable in 0_u64..100_000, step in 0_u64..5_000) {
        let whole = functions(&FILE);
        let part = Head::read(&FILE).expect("it is one").functions;
        let object = object::File::parse(&**BARE).expect("it is an ELF");
        let address = object.entry() + step;
        if let Some(functions) = Functions::open(Failing(&FILE, readable % FILE.len() as u64), part) {
            let name = named(&functions, address);
            prop_assert!(name.is_none() || name == named(&whole, address));
            if let Ok(found) = functions.find(address) {
                prop_assert_eq!(Ok(found), whole.find(address));
            }
        }
    }
}
