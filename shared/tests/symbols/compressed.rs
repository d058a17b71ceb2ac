//! Compressed sections: the same names as without, or a sentence that says why not.

use heapbeacon_shared::symbols::{ElfError, InflateError, Missing, Symbols};

use crate::edit::{Edited, SHF_COMPRESSED};
use crate::fixture::{self, BARE, HOST_LIMITED};

/// `ch_type` of the methods that linkers know.
const ZLIB: u32 = 1;
const ZSTD: u32 = 2;

fn packed(content: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(content, 6)
}

/// Compresses a section as `elfcompress --force --name=…` does.
pub(crate) fn compress_section(edited: &mut Edited, index: usize) {
    let section = edited.sections[index].clone();
    let mut compressed = edited.compression_header(ZLIB, section.size);
    compressed.extend(packed(edited.content(&section)));
    edited.sections[index].flags |= SHF_COMPRESSED;
    edited.set_content(index, &compressed);
}

fn compress(elf: &[u8], names: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut edited = Edited::new(elf);
    for index in 0..edited.sections.len() {
        if names(&edited.sections[index].name) {
            compress_section(&mut edited, index);
        }
    }
    edited.file()
}

/// Compresses debug information as `objcopy --compress-debug-sections=zlib-gnu` does.
fn compress_by_name(elf: &[u8]) -> Vec<u8> {
    let mut edited = Edited::new(elf);
    for index in 0..edited.sections.len() {
        let section = edited.sections[index].clone();
        let Some(name) = section.name.strip_prefix(".debug_") else {
            continue;
        };
        let mut compressed = b"ZLIB".to_vec();
        compressed.extend(section.size.to_be_bytes());
        compressed.extend(packed(edited.content(&section)));
        edited.sections[index].name = format!(".zdebug_{name}");
        edited.set_content(index, &compressed);
    }
    edited.file()
}

fn is_debug(name: &str) -> bool {
    name.starts_with(".debug_")
}

fn is_any(name: &str) -> bool {
    is_debug(name) || name == ".symtab" || name == ".strtab"
}

/// Checks that two files tell the same of all addresses of a function.
fn assert_same(elf: &[u8], original: &[u8], function: &str) {
    let symbols = Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"));
    let expected = Symbols::parse(original).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(symbols.missing(), []);
    assert_eq!(symbols.build_id(), expected.build_id());
    let (start, size) = fixture::function(original, function);
    for address in start..start + size {
        assert_eq!(symbols.frames(address), expected.frames(address));
    }
    assert!(symbols.frames(start)[0].line.is_some());
}

#[test]
fn compressed_sections_tell_the_same_as_others() {
    assert_same(&compress(&BARE, is_debug), &BARE, "device4open");
    assert_same(&compress(&BARE, is_any), &BARE, "device4open");
    assert_same(&compress_by_name(&BARE), &BARE, "device4open");
    // Of 64 bit.
    assert_same(&compress(&HOST_LIMITED, is_any), &HOST_LIMITED, "outermost");
}

#[test]
fn what_a_linker_compresses_is_read_or_missed_in_words() {
    for (name, method) in [("zlib", ZLIB), ("zstd", ZSTD)] {
        let option = format!("-Clink-arg=--compress-debug-sections={name}");
        let elf = fixture::bare(&format!("bare-{name}"), &["-g", &option]);
        let edited = Edited::new(&elf);
        let info = &edited.sections[edited.index(".debug_info")];
        assert_ne!(info.flags & SHF_COMPRESSED, 0, "{name}");
        assert_eq!(edited.content(info)[..4], method.to_le_bytes());
        match method {
            ZLIB => assert_same(&elf, &BARE, "device4open"),
            _ => assert_names_alone(&elf, InflateError::Zstd),
        }
    }
}

/// Checks that a program's symbol table names its functions, and that it says why there is no more.
fn assert_names_alone(elf: &[u8], cause: InflateError) {
    let symbols = Symbols::parse(elf).unwrap_or_else(|error| panic!("{error}"));
    let missing = symbols.missing();
    assert!(
        matches!(&missing[..], [Missing::Section { name, cause: c }] if name.starts_with(".debug_") && *c == cause),
        "{missing:?}"
    );
    let (start, _) = fixture::function(&BARE, "device4open");
    let frames = symbols.frames(start);
    assert_eq!(frames[0].function.as_deref(), Some("bare::device::open"));
    assert_eq!((frames.len(), frames[0].line), (1, None));
    assert!(!symbols.has_debug_info());
}

#[test]
fn compressed_symbol_tables_alone_give_names() {
    let plain = fixture::HOST_NO_DEBUG.clone();
    for names in [
        [".symtab"].as_slice(),
        &[".strtab"],
        &[".symtab", ".strtab"],
    ] {
        let elf = compress(&plain, |name| names.contains(&name));
        let symbols = Symbols::parse(&elf).unwrap_or_else(|error| panic!("{error}"));
        let (start, _) = fixture::function(&plain, "outermost");
        let function = symbols.frames(start)[0].function.clone();
        assert_eq!(function.as_deref(), Some("host::outermost"));
        assert_eq!(symbols.missing(), []);
    }
}

/// Compresses a section, and then changes what was compressed.
fn spoiled(elf: &[u8], name: &str, spoil: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let elf = compress(elf, |other| other == name);
    let mut edited = Edited::new(&elf);
    let mut content = edited.content_of(name).to_vec();
    spoil(&mut content);
    let index = edited.index(name);
    edited.set_content(index, &content);
    edited.file()
}

#[test]
fn debug_information_that_can_not_be_inflated_is_missed_in_words() {
    type Case = (fn(&mut Vec<u8>), InflateError);
    let cases: [Case; 7] = [
        (|content| content[0] = 7, InflateError::UnknownMethod(7)),
        (|content| content[0] = 2, InflateError::Zstd),
        (|content| content.truncate(20), InflateError::Damaged),
        (|content| content.truncate(3), InflateError::Damaged),
        (|content| content[40] ^= 0x55, InflateError::Damaged),
        // The sizes are the second word: one more than there is, and more than there can be.
        (
            |content| content[4] = content[4].wrapping_add(1),
            InflateError::Damaged,
        ),
        (|content| content[7] = 0x7F, InflateError::TooLarge),
    ];
    for (spoil, cause) in cases {
        let elf = spoiled(&BARE, ".debug_info", spoil);
        assert_names_alone(&elf, cause);
        let no_names = spoiled(&elf, ".symtab", spoil);
        let error = Symbols::parse(&no_names).err().expect("nothing is left");
        assert!(
            matches!(error, ElfError::Compressed { cause: c, .. } if c == cause),
            "{error}"
        );
    }
}

#[test]
fn names_that_can_not_be_inflated_are_never_garbage() {
    for name in [".symtab", ".strtab"] {
        let elf = spoiled(&BARE, name, |content| content[30] ^= 0x55);
        let symbols = Symbols::parse(&elf).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(symbols.missing().len(), 1);
        let (open, _) = fixture::function(&BARE, "device4open");
        assert_eq!(
            symbols.frames(open)[0].function.as_deref(),
            Some("bare::device::open")
        );
        let (start, _) = fixture::function(&BARE, "_start");
        let frames = symbols.frames(start);
        assert_eq!(
            frames.last().and_then(|f| f.function.as_deref()),
            Some("_start")
        );
    }
}
