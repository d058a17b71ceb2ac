//! The functions of a symbol file, found where it lies: in flash, by a device that has no room to unpack the rest.
//!
//! ```text
//! u32           rows; little endian, as all of this is
//! u32           bytes of names
//! rows          u32, u32: the first address that has a name, and where that begins among the names; 0xFFFFFFFF if none has from there on
//! names         UTF-8, each ended by a zero byte
//! u32           the Adler-32 of all before, big endian: the file's last four bytes
//! ```
//!
//! Rows are in the order of their addresses. Of a name, 1,024 bytes at most are told. Whoever reads the whole file checks the sum; a device compares what
//! lies in its flash with what it was sent, and goes by that.

use core::ops::Range;

/// Bytes of a row.
const ROW: u64 = 8;
/// Bytes before the rows.
const BEFORE_ROWS: u64 = 8;
/// Bytes behind the names.
const SUM: u64 = 4;
/// Most bytes of a name that are told.
const MOST_NAME: u64 = 1024;
/// The name of addresses that have none.
pub(crate) const NAMELESS: u32 = u32::MAX;

/// Where a symbol file lies.
pub trait Source {
    /// Reads bytes from a place of the file on. Returns whether all of them could be read.
    fn read(&self, at: u64, bytes: &mut [u8]) -> bool;
}

impl Source for &[u8] {
    fn read(&self, at: u64, bytes: &mut [u8]) -> bool {
        let place = usize::try_from(at).ok();
        let found = place.and_then(|at| self.get(at..)?.get(..bytes.len()));
        found.map(|found| bytes.copy_from_slice(found)).is_some()
    }
}

/// The functions of a symbol file.
///
/// ```
/// use heapbeacon_shared::symbol_file::{Functions, Head};
///
/// # fn example(file: &[u8]) -> Option<()> {
/// let functions = Functions::open(file, Head::read(file)?.functions)?;
/// let mut name = functions.find(0x4200_a0b2).ok()??;
/// let mut piece = [0; 32];
/// let bytes = functions.read_name(&mut name, &mut piece).ok()?;
/// # Some(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Functions<S> {
    source: S,
    /// Where the rows begin.
    rows: u64,
    count: u64,
    names: Range<u64>,
}

/// What is still to be read of a name: a part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionName(Range<u64>);

/// The file can't be read where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl<S: Source> Functions<S> {
    /// Opens those that lie in a part of a file, as its head says ([`Head::functions`](super::Head::functions)); `None` if it has none, or they can't be read.
    pub fn open(source: S, part: Range<u64>) -> Option<Self> {
        let Range { start, end } = part;
        let rows = start.checked_add(BEFORE_ROWS)?;
        let [count, bytes] = pair(&source, start).ok()?.map(u64::from);
        let names = rows.checked_add(count * ROW)?;
        let names = names..names.checked_add(bytes)?;
        (names.end.checked_add(SUM)? == end).then_some(Self {
            source,
            rows,
            count,
            names,
        })
    }

    /// Finds the name of the function that an address lies in, one of the image's own; `None` if it lies in none.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn find(&self, address: u64) -> Result<Option<FunctionName>, Unreadable> {
        // Of the rows from `first` on, `left` may be the last that begins at the address or before.
        let (mut first, mut left) = (0, self.count);
        let mut name = NAMELESS;
        while left > 0 {
            let half = left / 2;
            let [begin, own] = pair(&self.source, self.rows + (first + half) * ROW)?;
            if u64::from(begin) <= address {
                name = own;
                first += half + 1;
                left -= half + 1;
            } else {
                left = half;
            }
        }
        let start = self.names.start + u64::from(name);
        let end = self.names.end.min(start + MOST_NAME);
        Ok((name != NAMELESS && start < end).then_some(FunctionName(start..end)))
    }

    /// Reads the next bytes of a name into some room; returns how many, 0 at its end.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read_name(&self, name: &mut FunctionName, room: &mut [u8]) -> Result<usize, Unreadable> {
        let left = usize::try_from(name.0.end - name.0.start).unwrap_or(usize::MAX);
        let wanted = left.min(room.len());
        let piece = &mut room[..wanted];
        if !self.source.read(name.0.start, piece) {
            return Err(Unreadable);
        }
        let end = piece.iter().position(|byte| *byte == 0);
        let bytes = end.unwrap_or(wanted);
        for byte in &mut piece[..bytes] {
            // None of a program has one; in what was damaged, none may end a line.
            if byte.is_ascii_control() {
                *byte = b'?';
            }
        }
        name.0.start = match end {
            Some(_) => name.0.end,
            None => name.0.start + wanted as u64,
        };
        Ok(bytes)
    }
}

/// Reads two numbers.
fn pair(source: &impl Source, at: u64) -> Result<[u32; 2], Unreadable> {
    let mut bytes = [0; 8];
    if !source.read(at, &mut bytes) {
        return Err(Unreadable);
    }
    let [a, b, c, d, e, f, g, h] = bytes;
    Ok([[a, b, c, d], [e, f, g, h]].map(u32::from_le_bytes))
}
