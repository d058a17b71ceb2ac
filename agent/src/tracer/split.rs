//! How one buffer becomes a record table and a stack table.

use super::Error;
use super::records::Slot;
use super::stacks::{Entry, MAX_STACKS};
use super::table::{Buffer, Table};
use super::view;

/// Records for each call stack when the caller does not say how many records to make.
const RECORDS_PER_STACK: usize = 4;
/// Fewest entries of a stack table: the one that overflowing stacks share, and one real.
const MIN_STACKS: usize = 2;
/// Most records: an index is 16 bits, and 0 means "none".
const MAX_RECORDS: usize = u16::MAX as usize - 1;

/// Records and entries of the stack table; entry 0 is the one that overflowing stacks share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) records: u16,
    pub(super) stacks: u16,
}

impl Split {
    /// Splits `bytes` into `records` records, or as many as leave a fitting stack table, and
    /// gives the stack table what remains.
    pub(super) fn of(bytes: usize, records: Option<u32>) -> Result<Self, Error> {
        let most = max_records(bytes);
        let records = match records {
            Some(wanted) => wanted,
            None => most
                .min((bytes / (size_of::<Slot>() + size_of::<Entry>() / RECORDS_PER_STACK)) as u32),
        };
        if records == 0 || records > most {
            return Err(Error::InvalidArg);
        }
        let stacks = (bytes - record_bytes(records as u16)) / size_of::<Entry>();
        Ok(Self {
            records: records as u16,
            stacks: stacks.min(MAX_STACKS) as u16,
        })
    }

    /// Places both tables in the buffer.
    pub(super) fn place(self, buffer: Buffer) -> (Table<Slot>, Table<Entry>) {
        let (records, stacks) = buffer.split_at_mut(record_bytes(self.records) / size_of::<u64>());
        (
            Table::place(records, self.records + 1, Slot::default),
            Table::place(stacks, self.stacks, Entry::default),
        )
    }

    pub(super) fn view(self, total_bytes: usize) -> view::Split {
        view::Split {
            total_bytes,
            record_bytes: record_bytes(self.records),
            stack_bytes: usize::from(self.stacks) * size_of::<Entry>(),
        }
    }
}

/// Bytes of the record table, rounded up to where the stack table may begin.
fn record_bytes(records: u16) -> usize {
    // One more slot: the head of the list, and index 0.
    ((usize::from(records) + 1) * size_of::<Slot>()).next_multiple_of(size_of::<u64>())
}

/// Returns the most records that a buffer of `bytes` holds beside the smallest stack table.
pub(super) fn max_records(bytes: usize) -> u32 {
    let room = bytes
        .saturating_sub(MIN_STACKS * size_of::<Entry>() + size_of::<Slot>() + size_of::<u64>());
    (room / size_of::<Slot>()).min(MAX_RECORDS) as u32
}
