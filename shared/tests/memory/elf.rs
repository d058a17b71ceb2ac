//! Programs that are made of given sections.

use std::ops::Range;

/// The addresses that each program says to have code at.
pub(crate) const CODE: Range<u64> = 0x1_0000..0x1_8000;

/// One section of a file.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) kind: u32,
    pub(crate) flags: u64,
    pub(crate) link: u32,
    pub(crate) address: u64,
    pub(crate) content: Vec<u8>,
}

/// A section without addresses.
pub(crate) fn debug(name: &'static str, content: Vec<u8>) -> Section {
    Section {
        name,
        kind: 1,
        flags: 0,
        link: 0,
        address: 0,
        content,
    }
}

/// Makes a program of 64 bit with code and the given sections.
pub(crate) fn elf(sections: Vec<Section>) -> Vec<u8> {
    let code = Section {
        flags: 6,
        address: CODE.start,
        // It has no bytes in the file, as after `objcopy --only-keep-debug`.
        kind: 8,
        ..debug(".text", Vec::new())
    };
    let mut all = vec![debug("", Vec::new()), code];
    all[0].kind = 0;
    all.extend(sections);
    let names: Vec<u8> = all
        .iter()
        .flat_map(|s| [s.name.as_bytes(), &[0]].concat())
        .collect();
    all.push(debug("", names));
    let mut bytes = b"\x7FELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    bytes.extend([2, 0, 62, 0, 1, 0, 0, 0]);
    bytes.resize(64, 0);
    let mut headers = Vec::new();
    let mut name = 0_u32;
    for section in &all {
        let size = match section.kind {
            8 => CODE.end - CODE.start,
            _ => section.content.len() as u64,
        };
        headers.extend(name.to_le_bytes());
        headers.extend(section.kind.to_le_bytes());
        for number in [section.flags, section.address, bytes.len() as u64, size] {
            headers.extend(number.to_le_bytes());
        }
        headers.extend(section.link.to_le_bytes());
        headers.extend([0; 20]);
        bytes.extend(&section.content);
        name += section.name.len() as u32 + 1;
    }
    let table = bytes.len() as u64;
    bytes.extend(headers);
    bytes[0x28..0x30].copy_from_slice(&table.to_le_bytes());
    bytes[0x3A..0x3C].copy_from_slice(&64_u16.to_le_bytes());
    bytes[0x3C..0x3E].copy_from_slice(&(all.len() as u16).to_le_bytes());
    bytes[0x3E..0x40].copy_from_slice(&(all.len() as u16 - 1).to_le_bytes());
    bytes
}
