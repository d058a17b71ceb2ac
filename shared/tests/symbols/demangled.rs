//! Names of other languages, and names that are too long.

use heapbeacon_shared::symbols::{Symbols, short_name};

use crate::edit::Edited;
use crate::fixture::{self, BARE, RISCV};

const CPP: [&str; 7] = [
    "_ZN5probe3boxIiEclEi",
    "_ZNK5probe3boxIiEltERKS1_",
    "_ZN5probe3boxIiElsEi",
    "_ZN5probe3boxIiEC2Ei",
    "_ZN5probe12_GLOBAL__N_16hiddenEi",
    "_ZZN5probe4mainEvENKUliE_clEi",
    "_ZN5probe3boxIiE2asIdEET_S3_",
];

#[test]
fn names_of_cpp_are_as_the_linker_knows_them() {
    for (name, option) in [("full", "-g"), ("no-debug", "-Cstrip=debuginfo")] {
        let options = [&RISCV[..], &[option]].concat();
        let elf = fixture::compile("exported", &format!("exported-{name}"), &options);
        let symbols = Symbols::parse(&elf).unwrap_or_else(|error| panic!("{error}"));
        for symbol in CPP {
            let (start, _) = fixture::function(&elf, symbol);
            let frame = symbols.frames(start).pop().expect("a frame");
            assert_eq!(frame.function.as_deref(), Some(symbol), "{name}");
            assert_eq!(short_name(symbol), symbol);
        }
    }
}

#[test]
fn operators_of_cpp_keep_their_signs() {
    for (function, short) in [
        ("operator<", "operator<"),
        ("operator<<", "operator<<"),
        ("operator<=>", "operator<=>"),
        ("operator->", "operator->"),
        ("operator()", "operator()"),
        ("operator[]", "operator[]"),
        ("operator<< <int>", "operator<< <int>"),
        ("operator_of<int>", "operator_of"),
        ("app::operator::run", "operator::run"),
    ] {
        assert_eq!(short_name(function), short, "{function}");
    }
}

#[test]
fn names_that_are_too_long_are_cut_where_a_character_ends() {
    let mut edited = Edited::new(&BARE);
    let names = edited.index(".strtab");
    let mut strings = edited.content_of(".strtab").to_vec();
    let long_name = strings.len() as u32;
    strings.push(b'_');
    strings.extend("ä".repeat(10_000).bytes());
    strings.push(0);
    edited.set_content(names, &strings);
    let (start, _) = fixture::function(&BARE, "device4open");
    let mut table = edited.content_of(".symtab").to_vec();
    for symbol in table.chunks_exact_mut(16) {
        if symbol[4..8] == (start as u32).to_le_bytes() {
            symbol[..4].copy_from_slice(&long_name.to_le_bytes());
        }
    }
    let index = edited.index(".symtab");
    edited.set_content(index, &table);
    let debug = [".debug_info"];
    edited.remove(&debug);
    let elf = edited.file();
    let symbols = Symbols::parse(&elf).unwrap_or_else(|error| panic!("{error}"));
    let function = symbols.frames(start)[0].function.clone().expect("a name");
    assert!(function.starts_with("_ää") && function.ends_with("ä…"));
    assert!(function.len() < 5000, "{} bytes", function.len());
}
