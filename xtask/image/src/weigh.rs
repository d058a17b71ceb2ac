//! What a firmware takes of the chip.

use std::fmt;

use anyhow::{Context, Result};
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionKind};

type Elf<'e> = object::read::elf::ElfFile32<'e, Endianness>;

/// Sections without content that are no statics: what only keeps addresses free because other memory is the same
/// there, and what the bootloader leaves behind.
const NO_STATICS: [&str; 4] = [
    ".rwdata_dummy",
    ".rotext_dummy",
    ".text_gap",
    ".dram2_uninit",
];

/// What a firmware takes of the chip, in bytes. Shown as one name and number a line.
pub(crate) struct Weight {
    /// Code and data in the image.
    flash: u64,
    /// Statics: what is initialised, and what is zero. Not what only uses the bootloader's memory.
    ram: u64,
    /// What the statics leave to the main stack.
    stack: u64,
    /// The record buffer, which is one of the statics; 0 in a firmware without HeapBeacon.
    records: u64,
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "flash {}", self.flash)?;
        writeln!(f, "ram {}", self.ram)?;
        writeln!(f, "stack {}", self.stack)?;
        writeln!(f, "records {}", self.records)
    }
}

/// Weighs a firmware.
///
/// # Errors
/// When it is no ELF for a 32-bit chip.
pub(crate) fn weigh(elf: &[u8]) -> Result<Weight> {
    let elf = Elf::parse(elf).context("this is no ELF of a 32-bit chip")?;
    let mut weight = Weight {
        flash: 0,
        ram: 0,
        stack: 0,
        records: records(&elf),
    };
    for section in elf.sections().filter(|section| section.address() > 0) {
        let (name, size) = (section.name()?, section.size());
        match section.kind() {
            SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => {
                weight.flash += size;
            }
            SectionKind::Data => {
                weight.flash += size;
                weight.ram += size;
            }
            SectionKind::UninitializedData if name == ".stack" => weight.stack = size,
            SectionKind::UninitializedData if NO_STATICS.contains(&name) => {}
            SectionKind::UninitializedData => weight.ram += size,
            _ => {}
        }
    }
    Ok(weight)
}

/// Finds the static `RECORDS` of a firmware, whatever crate it is in: the largest, for the library has one of that name, too.
fn records(elf: &Elf<'_>) -> u64 {
    let named = |name: &str| name.contains("7RECORDS");
    let buffers = elf
        .symbols()
        .filter(|symbol| symbol.name().is_ok_and(named));
    buffers.map(|symbol| symbol.size()).max().unwrap_or(0)
}
