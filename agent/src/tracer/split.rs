//! How one buffer becomes a record table and a stack table.

use super::Error;
use super::records::Slot;
use super::stacks::{Entry, MAX_STACKS};
use super::table::{Buffer, Table};

/// Records for each call stack when the caller does not say how many records to make.
const RECORDS_PER_STACK: usize = 4;
/// Records for each call stack, and call stacks, that [`max_records`] leaves room for.
const MOST_RECORDS_PER_STACK: usize = 16;
const FAIR_STACKS: usize = 16;
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
        let most = records_beside(bytes, MIN_STACKS);
        let records = records.unwrap_or(default_records(bytes));
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
    pub(super) fn place(self, buffer: Buffer) -> (Table<'static, Slot>, Table<'static, Entry>) {
        let (records, stacks) = buffer.split_at_mut(record_bytes(self.records) / size_of::<u64>());
        (
            Table::place(records, self.records + 1, Slot::default),
            Table::place(stacks, self.stacks, Entry::default),
        )
    }

    pub(super) fn view(self, total_bytes: usize) -> super::values::Split {
        super::values::Split {
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

/// Returns how many records a buffer of `bytes` gets when the caller does not say.
fn default_records(bytes: usize) -> u32 {
    let fitting = bytes / (size_of::<Slot>() + size_of::<Entry>() / RECORDS_PER_STACK);
    records_beside(bytes, MIN_STACKS).min(fitting as u32)
}

/// Returns the most records that a buffer of `bytes` holds beside so many entries of a stack table.
fn records_beside(bytes: usize, stacks: usize) -> u32 {
    let other = stacks * size_of::<Entry>() + size_of::<Slot>() + size_of::<u64>();
    let room = bytes.saturating_sub(other);
    (room / size_of::<Slot>()).min(MAX_RECORDS) as u32
}

/// Returns the most records that leave a buffer of `bytes` a fair stack table, or those that it gets
/// when the caller does not say, if that is more.
pub(super) fn max_records(bytes: usize) -> u32 {
    let share = MOST_RECORDS_PER_STACK * size_of::<Slot>() + size_of::<Entry>();
    let room = bytes.saturating_sub(size_of::<Entry>() + size_of::<Slot>() + size_of::<u64>());
    let shared = (MOST_RECORDS_PER_STACK * room / share) as u32;
    let fair = records_beside(bytes, FAIR_STACKS + 1).min(shared);
    fair.max(default_records(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Miri tries few buffers.
    const STEP: usize = if cfg!(miri) { 997 } else { 1 };

    /// An index is 16 bits: with one record more, the table would have one slot more than it can name.
    #[test]
    fn a_buffer_without_end_has_as_many_records_as_can_be_named() {
        let plenty = 64 << 20;
        assert_eq!(MAX_RECORDS + 1, usize::from(u16::MAX));
        assert_eq!(max_records(plenty), u32::from(u16::MAX) - 1);
        let most = u32::from(u16::MAX) - 1;
        let split = Split::of(plenty, Some(most)).expect("there is room");
        assert_eq!(u32::from(split.records), most);
        assert!(Split::of(plenty, Some(most + 1)).is_err());
    }

    #[test]
    fn as_many_records_as_fit_beside_so_many_call_stacks_fit_and_hardly_one_more() {
        for stacks in [MIN_STACKS, FAIR_STACKS + 1] {
            for bytes in (0..8_192).step_by(STEP) {
                let bytes_with = |records| record_bytes(records) + stacks * size_of::<Entry>();
                let records = records_beside(bytes, stacks) as u16;
                assert!(records == 0 || bytes_with(records) <= bytes, "{bytes}");
                // To fit in spite of rounding, one may be left out.
                assert!(bytes_with(records + 2) > bytes, "{bytes}");
            }
        }
    }

    #[test]
    fn the_most_records_leave_a_call_stack_for_sixteen_of_them_and_sixteen_at_least() {
        let [record, stack] = [size_of::<Slot>(), size_of::<Entry>()];
        for bytes in (0..60_000).step_by(STEP) {
            // A sixteenth of a call stack for each, beside what both tables need anyhow.
            let fits = |records: usize| {
                let rest = record + stack + size_of::<u64>();
                16 * (rest + records * record) + records * stack <= 16 * bytes
            };
            let most = max_records(bytes) as usize;
            let beside_sixteen = records_beside(bytes, 17) as usize;
            let usual = default_records(bytes) as usize;
            if most > usual {
                assert!(fits(most) && most <= beside_sixteen, "{bytes}");
            }
            assert!(
                most >= usual && (!fits(most + 1) || most >= beside_sixteen),
                "{bytes}"
            );
        }
    }
}
