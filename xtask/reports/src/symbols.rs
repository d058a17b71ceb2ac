//! `cargo xtask symbols`: what names addresses, in a tenth of the ELF's bytes or less.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use heapbeacon_shared::symbols::Symbols;
use object::{Object, ObjectSection, ObjectSymbol};

/// What `heapbeacon::symbol_room!` calls the room.
const ROOM: &str = "HEAPBEACON_SYMBOLS";

/// Writes the symbol file of an ELF, and says how large it is and of which build.
///
/// # Errors
/// When the ELF has no symbols that can be read, and when the file can't be written.
pub(crate) fn write(
    elf: &Path,
    file: &Path,
    with_functions: bool,
    out: &mut impl Write,
) -> Result<()> {
    let bytes = read(elf)?;
    let symbols = symbols(elf, &bytes)?;
    let packed = pack(&symbols, with_functions);
    put(file, &packed)?;
    tell(file, &packed, &bytes, &symbols, out)
}

/// Puts the symbol file of an ELF into the room that its firmware has set aside for it.
///
/// # Errors
/// When the ELF has no symbols that can be read, when it has no room or too little, and when it can't be written.
pub(crate) fn embed(elf: &Path, with_functions: bool, out: &mut impl Write) -> Result<()> {
    let mut bytes = read(elf)?;
    let room = room(&bytes).with_context(|| format!("{} can't hold names", elf.display()))?;
    let symbols = symbols(elf, &bytes)?;
    let packed = pack(&symbols, with_functions);
    let (needed, there) = (packed.len(), room.len());
    ensure!(
        needed <= there,
        "{} has room for {there} bytes of names, and they take {needed}: say `symbol_room!({})`",
        elf.display(),
        needed.next_multiple_of(4096)
    );
    let room = &mut bytes[room];
    // What an earlier, longer file has left there.
    room.fill(0xFF);
    room[..needed].copy_from_slice(&packed);
    put(elf, &bytes)?;
    tell(elf, &packed, &bytes, &symbols, out)
}

fn read(elf: &Path) -> Result<Vec<u8>> {
    fs::read(elf).with_context(|| format!("{} can't be read", elf.display()))
}

fn symbols(elf: &Path, bytes: &[u8]) -> Result<Symbols> {
    Symbols::parse(bytes).with_context(|| format!("{} names no addresses", elf.display()))
}

fn pack(symbols: &Symbols, with_functions: bool) -> Vec<u8> {
    match with_functions {
        true => symbols.pack_with_functions(),
        false => symbols.pack(),
    }
}

fn put(file: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(file, bytes).with_context(|| format!("{} can't be written", file.display()))
}

/// Finds the room in the bytes of an ELF.
fn room(elf: &[u8]) -> Result<Range<usize>> {
    let file = object::File::parse(elf)?;
    let is_room = |symbol: &object::Symbol<'_, '_>| {
        symbol.size() > 0 && symbol.name().is_ok_and(|name| name.contains(ROOM))
    };
    let mut rooms = file.symbols().filter(is_room);
    let room = rooms
        .next()
        .ok_or_else(|| anyhow!("say `heapbeacon::symbol_room!(…)` in its firmware"))?;
    if rooms.next().is_some() {
        bail!("it has several rooms for them: say `symbol_room!` once");
    }
    let section = room.section_index().context("its room is nowhere")?;
    let section = file.section_by_index(section)?;
    let (start, _) = section.file_range().context(
        "its room is memory that the firmware clears at its start: a linker script has moved it there",
    )?;
    let start = start + (room.address() - section.address());
    let range = usize::try_from(start)?..usize::try_from(start + room.size())?;
    ensure!(range.end <= elf.len(), "it is cut off");
    Ok(range)
}

fn tell(
    file: &Path,
    packed: &[u8],
    elf: &[u8],
    symbols: &Symbols,
    out: &mut impl Write,
) -> Result<()> {
    let percent = packed.len() as f64 * 100.0 / elf.len() as f64;
    let bytes = packed.len();
    write!(
        out,
        "{}: {bytes} bytes of names, {percent:.1} % of the ELF",
        file.display()
    )?;
    match symbols.build_id() {
        Some(build_id) => writeln!(out, "; build id {build_id}")?,
        None => writeln!(
            out,
            "; no build id, so nobody can tell whose they are: link with `--build-id`"
        )?,
    }
    for missing in symbols.missing() {
        writeln!(out, "{missing}")?;
    }
    Ok(())
}
