//! What must be right of a linked firmware for its call stacks and its build id to be right on a chip.
//!
//! `cargo xtask test esp32` builds it, and names the ELF in `HEAPBEACON_ELF` and its image in `HEAPBEACON_IMAGE`.

use std::env;
use std::fs;
use std::ops::Range;
use std::path::Path;

use heapbeacon_shared::{symbols, update};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SymbolKind};

type Elf<'e> = object::read::elf::ElfFile32<'e, Endianness>;

/// Where assets/partitions.csv has the first slot, and where it ends.
const SLOT: Range<usize> = 0x1_0000..0x20_0000;
/// Where a bootloader is: on a C5 two sectors later than on the others.
const BOOTLOADERS: [usize; 2] = [0, 0x2000];
/// Where a bootloader looks for the table of partitions.
const TABLE: usize = 0x8000;

fn file(variable: &str) -> Vec<u8> {
    let path = env::var(variable)
        .unwrap_or_else(|_| panic!("set {variable}, as `cargo xtask test esp32` does"));
    fs::read(&path).unwrap_or_else(|error| panic!("can't read {path}: {error}"))
}

fn elf() -> Vec<u8> {
    file("HEAPBEACON_ELF")
}

fn parse(elf: &[u8]) -> Elf<'_> {
    Elf::parse(elf).expect("it is an ELF for a 32-bit chip")
}

#[track_caller]
fn address(elf: &Elf<'_>, name: &str) -> u64 {
    let symbol = elf.symbols().find(|symbol| symbol.name() == Ok(name));
    symbol
        .unwrap_or_else(|| panic!("there is no `{name}`"))
        .address()
}

#[track_caller]
fn between(elf: &Elf<'_>, start: &str, end: &str) -> Range<u64> {
    address(elf, start)..address(elf, end)
}

/// The driver's code: in flash, and in fast memory.
fn driver(elf: &Elf<'_>) -> [Range<u64>; 2] {
    [
        between(elf, "__heapbeacon_driver_start", "__heapbeacon_driver_end"),
        between(
            elf,
            "__heapbeacon_driver_iram_start",
            "__heapbeacon_driver_iram_end",
        ),
    ]
}

/// Names of the functions that lie in a range.
fn functions_in(elf: &Elf<'_>, range: &Range<u64>) -> Vec<String> {
    let symbols = elf
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0);
    let inside = symbols.filter(|symbol| range.contains(&symbol.address()));
    inside
        .filter_map(|symbol| symbol.name().ok().map(str::to_owned))
        .collect()
}

fn is_rust(name: &str) -> bool {
    name.starts_with("_ZN") || name.starts_with("_R")
}

fn is_driver(name: &str) -> bool {
    [
        "ieee80211_",
        "lmac",
        "nan_",
        "pm_",
        "pp",
        "wpa_",
        "sta_",
        "rc",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

#[test]
fn the_drivers_code_lies_between_its_symbols_and_none_of_rusts() {
    let elf = elf();
    let elf = parse(&elf);
    for range in driver(&elf) {
        let functions = functions_in(&elf, &range);
        let of_driver = functions.iter().filter(|name| is_driver(name)).count();
        assert!(
            of_driver >= 20,
            "only {of_driver} functions of the driver in {range:x?}"
        );
        let foreign: Vec<_> = functions.iter().filter(|name| is_rust(name)).collect();
        assert!(foreign.is_empty(), "Rust in {range:x?}: {foreign:?}");
    }
}

#[test]
fn where_frames_are_walked_there_is_rust_and_no_driver() {
    let elf = elf();
    let elf = parse(&elf);
    for range in [
        between(&elf, "__heapbeacon_code_start", "__heapbeacon_code_end"),
        between(&elf, "_rwtext_start", "__heapbeacon_driver_iram_start"),
    ] {
        let functions = functions_in(&elf, &range);
        assert!(
            functions.iter().any(|name| is_rust(name)),
            "no Rust in {range:x?}"
        );
        let foreign: Vec<_> = functions
            .iter()
            .filter(|name| name.starts_with("ieee80211_"))
            .collect();
        assert!(foreign.is_empty(), "the driver in {range:x?}: {foreign:?}");
    }
}

#[test]
fn traps_enter_where_a_walk_ends_and_are_handled_where_it_goes_on() {
    let elf = elf();
    let elf = parse(&elf);
    let entries = between(&elf, "_trap_section_origin", "_rwtext_start");
    for name in [
        "_start_trap",
        "_start_Trap1_trap",
        "_continue_interrupt_trap",
        "swint_handler_trampoline",
    ] {
        assert!(entries.contains(&address(&elf, name)), "{name}");
    }
    let fast = between(&elf, "_rwtext_start", "__heapbeacon_driver_iram_start");
    assert!(fast.contains(&address(&elf, "handle_interrupts")));
}

#[test]
fn the_hooks_are_functions_of_their_own() {
    let elf = elf();
    let elf = parse(&elf);
    let code = between(&elf, "__heapbeacon_code_start", "__heapbeacon_code_end");
    for hook in ["_esp_alloc_alloc", "_esp_alloc_dealloc"] {
        assert!(code.contains(&address(&elf, hook)), "{hook}");
    }
}

/// Both names are in the debug information of esp-alloc, which has one of the two types.
#[test]
fn the_heap_is_counted_as_the_algorithm_that_was_linked_wants_it() {
    let elf = elf();
    let elf = parse(&elf);
    let seen = byte_at(&elf, address(&elf, "__heapbeacon_heap_algorithm"));
    let names = elf.section_by_name(".debug_str").expect("it has names");
    let names = names.data().expect("they are not compressed");
    let has = |name: &[u8]| names.windows(name.len()).any(|bytes| bytes == name);
    let linked = match (has(b"LlffHeap\0"), has(b"TlsfHeap\0")) {
        (true, false) => 1,
        (false, true) => 2,
        both => panic!("which algorithm was linked? LLFF and TLSF: {both:?}"),
    };
    assert_eq!(seen, linked);
}

/// Reads a byte of the image.
fn byte_at(elf: &Elf<'_>, address: u64) -> u8 {
    let sections = elf.sections();
    let mut bytes = sections.filter_map(|section| section.data_range(address, 1).ok().flatten());
    bytes.next().expect("it is in a section")[0]
}

#[test]
fn the_image_holds_the_build_id_that_the_elf_has() {
    let elf = elf();
    let build_id = symbols::build_id(&elf)
        .expect("it is an ELF")
        .expect("it has a build id");
    assert_eq!(build_id.as_bytes().len(), 20);
    let note = [&b"GNU\0"[..], build_id.as_bytes()].concat();
    let image = file("HEAPBEACON_IMAGE");
    let mut places = image.windows(note.len());
    assert!(
        places.any(|bytes| bytes == note),
        "tools left out the note {build_id}"
    );
    let length = {
        let elf = parse(&elf);
        let notes = between(
            &elf,
            "__heapbeacon_build_id_start",
            "__heapbeacon_build_id_end",
        );
        notes.end - notes.start
    };
    // Three words, the name, and the build id.
    assert_eq!(length, 12 + 4 + 20);
}

#[test]
fn the_image_has_a_bootloader_a_table_with_two_slots_and_a_firmware_that_fits_one() {
    let image = file("HEAPBEACON_IMAGE");
    assert_eq!(image.len(), 4 << 20);
    let bootloader = image.iter().position(|byte| *byte != 0xff);
    let bootloader = bootloader.expect("it is not erased");
    assert!(
        BOOTLOADERS.contains(&bootloader),
        "it begins at {bootloader:#x}"
    );
    assert_eq!(
        (image[bootloader], image[SLOT.start]),
        (0xe9, 0xe9),
        "the mark of an image"
    );
    let entries: Vec<_> = image[TABLE..TABLE + 0xc00]
        .chunks(32)
        .take_while(|entry| entry[..2] == [0xaa, 0x50])
        .collect();
    let labels = entries.iter().map(|entry| {
        entry[12..28]
            .split(|byte| *byte == 0)
            .next()
            .unwrap_or_default()
    });
    let labels: Vec<_> = labels.map(String::from_utf8_lossy).collect();
    assert_eq!(
        labels,
        ["nvs", "otadata", "phy_init", "ota_0", "ota_1", "heapbeacon"]
    );
    let places = [1, 3, 4].map(|index| {
        let entry = entries[index];
        (entry[..4].to_vec(), word(entry, 4), word(entry, 8))
    });
    // What updates look for (ESP-IDF, `esp_partition_info_t`): type, subtype, begin and size.
    let slot = SLOT.len() as u32;
    let [otadata, first, second] = [[1, 0], [0, 0x10], [0, 0x11]];
    let kind = |kind: [u8; 2]| [&[0xaa, 0x50], &kind[..]].concat();
    assert_eq!(
        places,
        [
            (kind(otadata), 0xd000, 0x2000),
            (kind(first), SLOT.start as u32, slot),
            (kind(second), SLOT.end as u32, slot)
        ]
    );
    assert!(
        image[SLOT.end..].iter().all(|byte| *byte == 0xff),
        "the second slot is empty"
    );
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes[at..at + 4].try_into();
    u32::from_le_bytes(word.expect("four bytes"))
}

#[test]
fn the_firmware_alone_is_what_the_slot_holds_and_says_what_an_update_wants_to_know() {
    let image = file("HEAPBEACON_IMAGE");
    let path = env::var("HEAPBEACON_IMAGE").expect("it was read");
    let app = Path::new(&path).with_extension("app.bin");
    let app = fs::read(app).expect("it lies beside the image");
    assert_eq!(app, image[SLOT.start..][..app.len()]);
    let behind = &image[SLOT.start + app.len()..];
    assert!(behind.iter().all(|byte| *byte == 0xff), "that is all of it");
    // The device checks these (heapbeacon's `esp_image`), and `cargo xtask sign` reads them.
    assert_eq!(word(&app, 32), 0xabcd_5432, "`esp_app_desc!()` is missing");
    assert!(update::chip_of(word(&app, 12) as u16).is_some());
}
