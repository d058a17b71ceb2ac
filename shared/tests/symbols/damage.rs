//! Files that are not, or no longer, what they should be.

use heapbeacon_shared::symbols::{ElfError, ElfReader, Lookalike, Symbols, build_id};

use crate::fixture::{self, BARE, HOST, HOST_STRIPPED};

fn error(bytes: &[u8]) -> ElfError {
    Symbols::parse(bytes).err().expect("no symbols")
}

#[test]
fn files_of_other_kinds_are_told_apart() {
    let kinds: [(&[u8], Lookalike); 29] = [
        (b"", Lookalike::Empty),
        (&[0xE9, 0x05, 0x02, 0x1F], Lookalike::EspImage),
        (&[0xFF; 64], Lookalike::EspImage),
        (b"UF2\nWQ]\x9E", Lookalike::Uf2),
        (
            b":10010000214601360121470136007EFE09D21901\r\n",
            Lookalike::IntelHex,
        ),
        (
            b":0200000440009A\n:20000000DEADBEEFDEADBEEFDEADBEEFDEADBEEFDEADBEEFDE",
            Lookalike::IntelHex,
        ),
        (b"S00F000068656C6C6F202020202000003C\n", Lookalike::SRecords),
        (&[0x1F, 0x8B, 0x08], Lookalike::Compressed("gzip")),
        (b"\xFD7zXZ\0\0", Lookalike::Compressed("xz")),
        (&[0x28, 0xB5, 0x2F, 0xFD], Lookalike::Compressed("zstd")),
        (b"BZh91AY", Lookalike::Compressed("bzip2")),
        (b"PK\x03\x04\x14", Lookalike::Archive("ZIP")),
        (b"7z\xBC\xAF\x27\x1C", Lookalike::Archive("7z")),
        (b"!<arch>\n", Lookalike::Library),
        (b"!<thin>\n", Lookalike::Library),
        (b"MZ\x90\0", Lookalike::WindowsProgram),
        (b"Microsoft C/C++ MSF 7.00", Lookalike::WindowsSymbols),
        (&[0xCF, 0xFA, 0xED, 0xFE], Lookalike::MacProgram),
        (&[0xFE, 0xED, 0xFA, 0xCE], Lookalike::MacProgram),
        (&[0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 2], Lookalike::MacProgram),
        (b"\0asm\x01\0\0\0", Lookalike::WebAssembly),
        (b"BC\xC0\xDE", Lookalike::Bitcode),
        (b"<!DOCTYPE html><title>404", Lookalike::Html),
        (b"<html lang=\"en\">", Lookalike::Html),
        (b"     VMA      LMA     Size Align Out", Lookalike::Text),
        ("Größe 1 Ω".as_bytes(), Lookalike::Text),
        // Text whose last character is cut off, and bytes that only begin as text does.
        (b"Gr\xC3", Lookalike::Text),
        (b"Gr\xC3(", Lookalike::Unknown),
        (&[0, 1, 2], Lookalike::Unknown),
    ];
    for (bytes, kind) in kinds {
        assert_eq!(error(bytes), ElfError::NotElf(kind));
        assert_eq!(build_id(bytes), Err(ElfError::NotElf(kind)));
    }
}

#[test]
fn messages_say_what_is_wrong_and_what_to_do() {
    let message = error(&[0xE9]).to_string();
    assert_eq!(
        message,
        "this is an ESP flash image, not an ELF file; choose the ELF that it was made from, \
         e.g. target/<target>/release/<name>"
    );
    assert!(
        error(&HOST_STRIPPED)
            .to_string()
            .contains("debug = \"limited\"")
    );
}

#[test]
fn a_stripped_program_has_no_symbols() {
    assert_eq!(
        error(&HOST_STRIPPED),
        ElfError::NoSymbols { elsewhere: None }
    );
}

#[test]
fn wrong_headers_have_their_own_errors() {
    let with = |offset: usize, value: u8| {
        let mut elf = BARE.clone();
        elf[offset] = value;
        error(&elf)
    };
    assert_eq!(with(4, 7), ElfError::UnknownClass(7));
    assert_eq!(with(5, 2), ElfError::UnsupportedByteOrder(2));
    assert_eq!(with(16, 1), ElfError::NotAProgram(1));
    assert!(matches!(with(46, 1), ElfError::Damaged(_))); // e_shentsize
}

#[test]
fn a_table_without_entries_may_have_entries_of_any_size() {
    let mut elf = BARE.clone();
    elf[46..52].fill(0); // e_shentsize, e_shnum, e_shstrndx
    assert_eq!(error(&elf), ElfError::NoSymbols { elsewhere: None });
    assert!(build_id(&elf).is_ok_and(|id| id.is_some()));
}

#[test]
fn a_truncated_file_says_how_much_is_missing() {
    let len = HOST.len() / 2;
    let truncated = error(&HOST[..len]);
    assert!(
        matches!(truncated, ElfError::Truncated { needed, len: l } if needed > l && l == len as u64),
        "{truncated:?}"
    );
}

#[test]
fn a_file_cut_off_anywhere_is_an_error_and_never_panics() {
    for elf in [&HOST, &BARE] {
        let lengths = (0..4096).chain((4096..elf.len()).step_by(elf.len() / 512 + 1));
        for len in lengths.filter(|len| *len < elf.len()) {
            assert!(Symbols::parse(&elf[..len]).is_err(), "{len}");
            let _ = build_id(&elf[..len]);
        }
    }
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_truncated() {
    let mut reader = ElfReader::new(HOST.len() as u64);
    reader.provide(&HOST[..64]).expect("a good header");
    let needed = reader.needs().expect("a table");
    let result = reader.provide(&[0; 8]);
    assert_eq!(
        result,
        Err(ElfError::Truncated {
            needed: needed.end,
            len: needed.start + 8
        })
    );
}

#[test]
fn random_damage_never_panics() {
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    let rounds = 4000;
    let readable = (0..rounds).filter(|round| {
        // Every other round hits the headers and tables, where each byte counts.
        let reach = if round % 2 == 0 { BARE.len() } else { 256 };
        let elf = damaged(&BARE, &mut random, reach, round % 4 == 1);
        look_up_everything(&elf)
    });
    let readable = readable.count();
    assert!(
        readable > rounds / 10,
        "only {readable} of {rounds} files got as far as a look-up"
    );
}

fn damaged(elf: &[u8], random: &mut Xorshift, reach: usize, from_end: bool) -> Vec<u8> {
    let mut elf = elf.to_vec();
    for _ in 0..=random.below(20) {
        let at = random.below(reach);
        let at = if from_end { elf.len() - 1 - at } else { at };
        elf[at] = random.below(256) as u8;
    }
    elf
}

/// Returns whether the file had symbols.
fn look_up_everything(elf: &[u8]) -> bool {
    let _ = build_id(elf);
    let Ok(symbols) = Symbols::parse(elf) else {
        return false;
    };
    let (start, size) = fixture::function(&BARE, "_start");
    for address in start.saturating_sub(size)..start + 2 * size {
        assert!(!symbols.frames(address).is_empty());
    }
    true
}

/// A small generator, so that a failure happens again.
pub(crate) struct Xorshift(pub(crate) u64);

impl Xorshift {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
