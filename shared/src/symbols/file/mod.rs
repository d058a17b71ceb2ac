//! Symbol files: what an ELF tells of addresses, without the rest. [`symbol_file`](crate::symbol_file) has what they begin with.

mod functions;
mod places;
mod tables;
mod write;

use alloc::vec::Vec;
use core::cmp::Ordering;

pub(super) use places::Places;
pub(super) use write::pack;

use super::inflate::inflate_to;
use super::layout::HEADER_LEN;
use super::{BuildId, ElfError, Missing};
use crate::symbol_file::{MAGIC, VERSION, VERSION_WITH_FUNCTIONS};
use tables::Tables;

/// Most bytes of a build id: as many as are read before the rest is.
const MOST_BUILD_ID: usize = HEADER_LEN as usize - MAGIC.len() - 2;
/// How many times their compressed size the tables may have; those of programs have four times. What is made of them takes up to
/// sixteen times as much again.
const MOST_GROWTH: u64 = 32;
/// The size that any tables may have, in bytes.
const ALWAYS_ALLOWED: u64 = 1 << 16;

const CUT_OFF: ElfError = ElfError::SymbolFile("it is cut off");

/// Reads the build id from the first bytes of a symbol file; `None` if it is none.
pub(super) fn build_id(header: &[u8]) -> Result<Option<Option<BuildId>>, ElfError> {
    match header.strip_prefix(&MAGIC) {
        Some(rest) => Ok(Some(after_magic(rest)?.0)),
        None => Ok(None),
    }
}

fn after_magic(bytes: &[u8]) -> Result<(Option<BuildId>, &[u8]), ElfError> {
    let (&[version, len], rest) = bytes.split_first_chunk().ok_or(CUT_OFF)?;
    if ![VERSION, VERSION_WITH_FUNCTIONS].contains(&version) {
        return Err(ElfError::SymbolFileVersion(version));
    }
    let (build_id, rest) = rest.split_at_checked(len.into()).ok_or(CUT_OFF)?;
    let build_id = (!build_id.is_empty()).then(|| BuildId::new(build_id));
    Ok((build_id, rest))
}

/// Reads a whole symbol file.
pub(super) fn read(file: &[u8]) -> Result<(Places, Vec<Missing>), ElfError> {
    let (_, rest) = after_magic(file.get(MAGIC.len()..).unwrap_or_default())?;
    let (size, rest) = rest.split_first_chunk().ok_or(CUT_OFF)?;
    let (len, rest) = rest.split_first_chunk().ok_or(CUT_OFF)?;
    // Devices read the functions; here the tables tell more, and the sum whether they are whole.
    let (functions, rest) = match file.get(MAGIC.len()) {
        Some(&VERSION_WITH_FUNCTIONS) => rest.split_first_chunk().ok_or(CUT_OFF)?,
        _ => (&[0; 4], rest),
    };
    let [len, functions] = [len, functions].map(|bytes| u64::from(u32::from_le_bytes(*bytes)));
    match (len + functions).cmp(&(rest.len() as u64)) {
        Ordering::Greater => return Err(CUT_OFF),
        Ordering::Less => return Err(ElfError::SymbolFile("something follows its end")),
        Ordering::Equal => {}
    }
    let (packed, functions) = rest.split_at(rest.len() - functions as usize);
    if !functions.is_empty() && !functions::is_whole(functions) {
        return Err(ElfError::SymbolFile("its functions are others"));
    }
    let most = ALWAYS_ALLOWED.max(packed.len() as u64 * MOST_GROWTH);
    let tables = inflate_to(packed, u32::from_le_bytes(*size).into(), most)
        .map_err(|_| ElfError::SymbolFile("it can't be unpacked"))?;
    let (mut tables, rest) = postcard::take_from_bytes::<Tables>(&tables)
        .map_err(|_| ElfError::SymbolFile("its tables can't be read"))?;
    if !rest.is_empty() {
        return Err(ElfError::SymbolFile("something follows its tables"));
    }
    let missing = core::mem::take(&mut tables.missing);
    let missing = missing.into_iter().map(Missing::InElf).collect();
    Ok((Places::new(tables)?, missing))
}
