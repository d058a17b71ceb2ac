//! Files whose debug information refers to the same parts again and again.

use super::elf::{CODE, Section, debug, elf};

/// How many bytes each file has, about.
const BUDGET: usize = 150_000;

/// The files, each with a name.
pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("one table of abbreviations", shared_abbreviations()),
        ("one header of lines", shared_line_header(false)),
        ("one header of lines, version 5", shared_line_header(true)),
        ("one table of lines", shared_lines()),
        ("one list of ranges, functions", shared_ranges()),
        ("one list of ranges, units", shared_unit_ranges()),
        ("one folder for all files", shared_folder()),
        ("units without anything", empty_units()),
        ("functions inlined for ever", nested()),
        ("attributes that take no bytes", free_attributes()),
        ("sections that lie on each other", overlapping_sections()),
        ("one name for all symbols", shared_name()),
        ("a bomb", bomb()),
        ("a block as long as memory", endless_block(BLOCK)),
        ("an expression as long as memory", endless_block(EXPRESSION)),
        ("a symbol file of rows", symbol_file(1_800_000)),
        ("a symbol file that is a bomb", symbol_file(4 << 20)),
    ]
}

/// An unsigned number of variable length.
fn uleb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// One abbreviation: code, tag, whether there are children, attributes with their forms.
fn abbreviation(code: u64, tag: u64, children: bool, attributes: &[(u64, u64)]) -> Vec<u8> {
    let mut bytes = [uleb(code), uleb(tag), vec![children.into()]].concat();
    for (name, form) in attributes {
        bytes.extend(uleb(*name));
        bytes.extend(uleb(*form));
    }
    bytes.extend([0, 0]);
    bytes
}

const COMPILE_UNIT: u64 = 0x11;
const SUBPROGRAM: u64 = 0x2E;
const INLINED: u64 = 0x1D;
const LOW_PC: (u64, u64) = (0x11, 0x01); // addr
const HIGH_PC: (u64, u64) = (0x12, 0x06); // data4: a size
const STMT_LIST: (u64, u64) = (0x10, 0x17); // sec_offset
const RANGES: (u64, u64) = (0x55, 0x17);
const PRESENT: u64 = 0x19; // takes no bytes

/// Lengths of these have as many bytes as they like.
const BLOCK: u64 = 0x09;
const EXPRESSION: u64 = 0x18;

/// An attribute whose length leaves no room for the next one, in all the numbers there are.
fn endless_block(form: u64) -> Vec<u8> {
    let location = (0x02, form);
    let table = [
        abbreviation(1, COMPILE_UNIT, true, &[LOW_PC, HIGH_PC]),
        abbreviation(2, SUBPROGRAM, false, &[location, LOW_PC, HIGH_PC]),
        vec![0],
    ];
    let entries = [
        &[1][..],
        &whole_code(),
        &[2],
        &uleb(u64::MAX),
        &whole_code(),
        &[0],
    ];
    elf(vec![
        debug(".debug_abbrev", table.concat()),
        debug(".debug_info", unit(&entries.concat())),
    ])
}

/// A unit of version 4.
fn unit(entries: &[u8]) -> Vec<u8> {
    let len = entries.len() as u32 + 7;
    [&len.to_le_bytes()[..], &[4, 0, 0, 0, 0, 0, 8], entries].concat()
}

/// The whole of the code, as `LOW_PC` and `HIGH_PC`.
fn whole_code() -> Vec<u8> {
    let size = (CODE.end - CODE.start) as u32;
    [&CODE.start.to_le_bytes()[..], &size.to_le_bytes()].concat()
}

fn repeated(unit: &[u8], budget: usize) -> Vec<u8> {
    unit.repeat(budget / unit.len())
}

fn shared_abbreviations() -> Vec<u8> {
    let mut table = abbreviation(1, COMPILE_UNIT, false, &[]);
    for code in 2.. {
        table.extend(abbreviation(code, SUBPROGRAM, false, &[]));
        if table.len() > BUDGET / 2 {
            break;
        }
    }
    table.push(0);
    elf(vec![
        debug(".debug_abbrev", table),
        debug(".debug_info", repeated(&unit(&[1]), BUDGET / 2)),
    ])
}

/// A table of lines with files and the given program.
fn line_table(files: &[u8], program: &[u8]) -> Vec<u8> {
    // Length of an instruction, is_stmt, line base and range, opcodes and how long they are.
    let fixed = [1, 1, 1, 0, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    let header = [&fixed[..], files].concat();
    let header_len = (header.len() as u32).to_le_bytes();
    let rest = [&4_u16.to_le_bytes()[..], &header_len, &header, program].concat();
    [&(rest.len() as u32).to_le_bytes()[..], &rest].concat()
}

fn units_with_lines(lines: Vec<u8>, further: Vec<Section>) -> Vec<u8> {
    let table = [
        abbreviation(1, COMPILE_UNIT, false, &[STMT_LIST, LOW_PC, HIGH_PC]),
        vec![0],
    ];
    let entry = [&[1, 0, 0, 0, 0][..], &whole_code()].concat();
    let budget = BUDGET - lines.len();
    let sections = vec![
        debug(".debug_abbrev", table.concat()),
        debug(".debug_line", lines),
        debug(".debug_info", repeated(&unit(&entry), budget)),
    ];
    elf(sections.into_iter().chain(further).collect())
}

fn shared_line_header(is_5: bool) -> Vec<u8> {
    if !is_5 {
        let files = b"a\0\0\0\0".repeat(BUDGET / 2 / 5);
        return units_with_lines(
            line_table(&[&[0], &files[..], &[0]].concat(), &[]),
            Vec::new(),
        );
    }
    let count = BUDGET as u64 / 2;
    // Of directories one, by a string; of files many, by the index of a string in one byte.
    let fixed = [1, 1, 1, 0, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    let mut header = [&fixed[..], &[1, 1, 8, 1, b'd', 0, 1, 1, 0x25], &uleb(count)].concat();
    header.resize(header.len() + count as usize, 0);
    let header_len = (header.len() as u32).to_le_bytes();
    let rest = [&[5, 0, 8, 0][..], &header_len, &header].concat();
    let lines = [&(rest.len() as u32).to_le_bytes()[..], &rest].concat();
    units_with_lines(lines, Vec::new())
}

fn shared_lines() -> Vec<u8> {
    // Begins at the code; then each opcode is a row.
    let mut program = [&[0, 9, 2][..], &CODE.start.to_le_bytes()].concat();
    program.resize(BUDGET / 2, 0x20);
    program.extend([2, 0x80, 0x80, 2, 0, 1, 1]);
    units_with_lines(line_table(&[0, b'a', 0, 0, 0, 0, 0], &program), Vec::new())
}

fn range_list(budget: usize) -> Vec<u8> {
    let range = [CODE.start.to_le_bytes(), CODE.end.to_le_bytes()].concat();
    [repeated(&range, budget), vec![0; 16]].concat()
}

fn shared_ranges() -> Vec<u8> {
    let table = [
        abbreviation(1, COMPILE_UNIT, true, &[LOW_PC, HIGH_PC]),
        abbreviation(2, SUBPROGRAM, false, &[RANGES]),
        vec![0],
    ];
    let functions = [2, 0, 0, 0, 0].repeat(BUDGET / 2 / 5);
    let entries = [&[1][..], &whole_code(), &functions, &[0]].concat();
    elf(vec![
        debug(".debug_abbrev", table.concat()),
        debug(".debug_ranges", range_list(BUDGET / 2)),
        debug(".debug_info", unit(&entries)),
    ])
}

fn shared_unit_ranges() -> Vec<u8> {
    let table = [abbreviation(1, COMPILE_UNIT, false, &[RANGES]), vec![0]];
    elf(vec![
        debug(".debug_abbrev", table.concat()),
        debug(".debug_ranges", range_list(BUDGET / 2)),
        debug(".debug_info", repeated(&unit(&[1, 0, 0, 0, 0]), BUDGET / 2)),
    ])
}

fn shared_folder() -> Vec<u8> {
    let folder = [&b"d".repeat(BUDGET / 2)[..], &[0, 0]].concat();
    let files = b"a\0\x01\0\0".repeat(BUDGET / 4 / 5);
    let mut program = [&[0, 9, 2][..], &CODE.start.to_le_bytes()].concat();
    program.extend([0x20, 2, 0x80, 0x80, 2, 0, 1, 1]);
    let lines = line_table(&[&folder, &files[..], &[0]].concat(), &program);
    units_with_lines(lines, Vec::new())
}

fn empty_units() -> Vec<u8> {
    let table = [abbreviation(1, COMPILE_UNIT, false, &[]), vec![0]].concat();
    elf(vec![
        debug(".debug_abbrev", table),
        debug(".debug_info", repeated(&unit(&[1]), BUDGET)),
    ])
}

fn nested() -> Vec<u8> {
    let table = [
        abbreviation(1, COMPILE_UNIT, true, &[LOW_PC, HIGH_PC]),
        abbreviation(2, SUBPROGRAM, true, &[LOW_PC, HIGH_PC]),
        abbreviation(3, INLINED, true, &[]),
        vec![0],
    ];
    let inlined = [3].repeat(BUDGET / 2);
    let ends = [0].repeat(BUDGET / 2 + 2);
    let code = whole_code();
    let entries = [&[1][..], &code, &[2], &code, &inlined, &ends].concat();
    elf(vec![
        debug(".debug_abbrev", table.concat()),
        debug(".debug_info", unit(&entries)),
    ])
}

fn free_attributes() -> Vec<u8> {
    let attributes = [(0x3F, PRESENT)].repeat(BUDGET / 4);
    let table = [
        abbreviation(1, COMPILE_UNIT, true, &[LOW_PC, HIGH_PC]),
        abbreviation(2, SUBPROGRAM, false, &attributes),
        vec![0],
    ];
    let functions = [2].repeat(BUDGET / 2);
    let entries = [&[1][..], &whole_code(), &functions, &[0]].concat();
    elf(vec![
        debug(".debug_abbrev", table.concat()),
        debug(".debug_info", unit(&entries)),
    ])
}

fn overlapping_sections() -> Vec<u8> {
    let mut bytes = elf(vec![debug(".debug_abbrev", vec![0; BUDGET / 2])]);
    // As many headers of notes as there is room for, each of which has the whole file.
    let table = bytes.len();
    let mut note = [0; 64];
    note[4] = 7;
    let count = BUDGET / 2 / 64;
    note[32..40].copy_from_slice(&((table + count * 64) as u64).to_le_bytes());
    bytes.extend(note.repeat(count));
    bytes[0x28..0x30].copy_from_slice(&(table as u64).to_le_bytes());
    bytes[0x3C..0x3E].copy_from_slice(&(count as u16).to_le_bytes());
    bytes
}

fn shared_name() -> Vec<u8> {
    let mut symbol = vec![0; 24];
    symbol[4] = 2;
    symbol[6] = 1;
    symbol[8..16].copy_from_slice(&CODE.start.to_le_bytes());
    symbol[16..24].copy_from_slice(&(CODE.end - CODE.start).to_le_bytes());
    let mut table = Vec::new();
    for offset in 0..BUDGET as u32 / 2 / 24 {
        symbol[..4].copy_from_slice(&offset.to_le_bytes());
        table.extend(&symbol);
    }
    let symbols = Section {
        kind: 2,
        link: 3,
        ..debug(".symtab", table)
    };
    let names = [b"n".repeat(BUDGET / 2), vec![0]].concat();
    elf(vec![symbols, debug(".strtab", names)])
}

/// Debug information that claims to be gigabytes, and has content for some of them.
fn bomb() -> Vec<u8> {
    let content = miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; 28 << 20], 9);
    let sizes = [28_u64 << 20, 4 << 30, 1 << 40, 28 << 20, 3 << 20];
    let names = [
        ".debug_str",
        ".debug_info",
        ".debug_abbrev",
        ".debug_line",
        ".debug_ranges",
    ];
    let sections = sizes.iter().zip(names).map(|(size, name)| {
        let header = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &size.to_le_bytes(), &[0; 8]].concat();
        Section {
            flags: 1 << 11,
            ..debug(name, [header, content.clone()].concat())
        }
    });
    elf(sections.collect())
}

/// Makes a symbol file with so many rows, and names that hardly shrink beside them.
fn symbol_file(rows: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b' ' + (state >> 24) as u8 % 95
    };
    let names: Vec<u8> = (0..BUDGET).map(letter).collect();
    let tables = [
        // Whether there are lines, what is missing, names, bodies, frames.
        &[0, 0][..],
        &uleb(BUDGET as u64),
        &names,
        &[0; 6],
        // Each row a byte further, without a frame.
        &uleb(rows as u64),
        &vec![1; rows],
        &uleb(rows as u64),
        &vec![0; rows],
        // What is shared, statics, pools.
        &[0; 5],
    ]
    .concat();
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&tables, 9);
    let sizes = [tables.len(), packed.len()].map(|size| (size as u32).to_le_bytes());
    [&b"\0HBS\x01\0"[..], &sizes.concat(), &packed].concat()
}
