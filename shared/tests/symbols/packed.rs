//! Symbol files tell what the ELF does that they were made from.

use std::ops::Range;

use heapbeacon_shared::symbols::{ElfError, ElfReader, Frame, Symbols, build_id};
use object::{Object, ObjectSection, SectionKind};

use crate::damage::Xorshift;
use crate::fixture::{self, BARE, BUILD_ID, HOST_LINES, HOST_NO_DEBUG, RISCV};

/// Bytes before the sizes: magic, version, length of the build id, build id.
const BEFORE_SIZES: usize = 6 + 20;
const BEFORE: usize = BEFORE_SIZES + 4 + 4;

fn symbols(file: &[u8]) -> Symbols {
    Symbols::parse(file).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the addresses of the code and of the variables of a program, with a little around them.
fn memory(elf: &[u8]) -> (Vec<Range<u64>>, Vec<Range<u64>>) {
    let file = object::File::parse(elf).expect("it is an ELF");
    let of = |kinds: &[SectionKind]| {
        let sections = file
            .sections()
            .filter(|section| kinds.contains(&section.kind()));
        let around = |section: object::Section<'_, '_>| {
            section.address().saturating_sub(64)..section.address() + section.size() + 64
        };
        sections.map(around).collect()
    };
    let data = [
        SectionKind::Data,
        SectionKind::UninitializedData,
        SectionKind::ReadOnlyData,
    ];
    (of(&[SectionKind::Text]), of(&data))
}

/// Returns frames without what a symbol file leaves out.
fn without_columns(frames: Vec<Frame>) -> Vec<Frame> {
    let without = |frame| Frame {
        column: None,
        ..frame
    };
    frames.into_iter().map(without).collect()
}

/// Compares what both tell of every `step`th address.
fn assert_same(elf: &[u8], name: &str, step: usize) {
    let whole = symbols(elf);
    let packed = whole.pack();
    let file = symbols(&packed);
    assert_eq!(file.build_id(), whole.build_id(), "{name}");
    assert_eq!(file.has_debug_info(), whole.has_debug_info(), "{name}");
    let (code, data) = memory(elf);
    for address in code.into_iter().flatten().step_by(step) {
        let expected = without_columns(whole.frames(address));
        assert_eq!(file.frames(address), expected, "{name}: {address:#x}");
    }
    for address in data.into_iter().flatten().step_by(step) {
        assert_eq!(
            file.static_at(address),
            whole.static_at(address),
            "{name}: {address:#x}"
        );
        assert_eq!(
            file.task_at(address),
            whole.task_at(address),
            "{name}: {address:#x}"
        );
    }
    assert!(
        packed.len() * 10 < elf.len() || elf.len() < 100_000,
        "{name}: {}",
        packed.len()
    );
}

#[test]
fn every_address_of_a_program_has_the_names_and_lines_that_it_has_in_the_elf() {
    let tasks = fixture::compile("tasks", "tasks-packed", &[&RISCV[..], &["-g"]].concat());
    let fold = ["-Clink-arg=--icf=all", "-Copt-level=1", "-g"];
    let folded = [&RISCV[..], &fold].concat();
    let folded = fixture::compile("folded", "folded-packed", &folded);
    for (name, elf) in [("bare", &*BARE), ("tasks", &tasks), ("folded", &folded)] {
        assert_same(elf, name, 1);
    }
}

#[test]
fn so_has_every_address_of_programs_of_64_bits_whatever_debug_information_they_have() {
    for (name, elf) in [("lines", &HOST_LINES), ("no debug", &HOST_NO_DEBUG)] {
        assert_same(elf, name, 61);
    }
}

#[test]
fn a_symbol_file_packs_to_itself() {
    let packed = symbols(&BARE).pack();
    assert_eq!(symbols(&packed).pack(), packed);
}

#[test]
fn the_build_id_is_known_before_the_tables_are_read() {
    let packed = symbols(&BARE).pack();
    let id = build_id(&packed)
        .expect("it is read")
        .expect("there is one");
    assert_eq!(id.to_string(), BUILD_ID);
    let mut reader = ElfReader::new(packed.len() as u64);
    reader.provide(&packed).expect("a good header");
    assert!(reader.is_build_id_known());
    assert_eq!(reader.build_id(), Some(&id));
    assert_eq!(reader.needs(), Some(0..packed.len() as u64));
}

#[test]
fn a_symbol_file_cut_off_anywhere_is_an_error() {
    let symbols = symbols(&BARE);
    for packed in [symbols.pack(), symbols.pack_with_functions()] {
        for len in 4..packed.len() {
            assert!(Symbols::parse(&packed[..len]).is_err(), "{len}");
        }
        let longer = [&packed[..], &[0]].concat();
        let longer = Symbols::parse(&longer).err();
        assert!(
            matches!(longer, Some(ElfError::SymbolFile(_))),
            "{longer:?}"
        );
    }
}

#[test]
fn a_version_of_later_is_told() {
    let mut packed = symbols(&BARE).pack();
    packed[4] = 3;
    assert_eq!(
        Symbols::parse(&packed).err(),
        Some(ElfError::SymbolFileVersion(3))
    );
}

/// Damage in what is packed: its sum of bytes is right again, so that only the checks of the tables are left.
#[test]
fn tables_with_random_damage_never_panic() {
    let packed = symbols(&BARE).pack();
    let tables = miniz_oxide::inflate::decompress_to_vec_zlib(&packed[BEFORE..]);
    let tables = tables.expect("the tables are packed");
    let mut random = Xorshift(0x2545_F491_4F6C_DD1D);
    let rounds = 3000;
    let readable = (0..rounds).filter(|_| {
        let mut tables = tables.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(tables.len());
            tables[at] = random.below(256) as u8;
        }
        let size = (tables.len() as u32).to_le_bytes();
        let tables = miniz_oxide::deflate::compress_to_vec_zlib(&tables, 1);
        let len = (tables.len() as u32).to_le_bytes();
        let file = [&packed[..BEFORE_SIZES], &size, &len, &tables].concat();
        look_up_everything(&file)
    });
    let readable = readable.count();
    assert!(readable > rounds / 20, "{readable} were read");
}

/// Returns whether the file had symbols.
fn look_up_everything(file: &[u8]) -> bool {
    let Ok(symbols) = Symbols::parse(file) else {
        return false;
    };
    let (code, data) = memory(&BARE);
    for address in code.into_iter().chain(data).flatten() {
        assert!(!symbols.frames(address).is_empty());
        let _ = (symbols.static_at(address), symbols.task_at(address));
    }
    symbols.pack();
    true
}
