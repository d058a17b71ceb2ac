//! The records of one trace, page by page.

use heapbeacon_shared::capture::{CaptureReader, Page};
use heapbeacon_shared::wire::DecodeError;

use crate::model::record_list::RecordList;

/// Records of one page of the list.
const RECORDS_PER_PAGE: u32 = 256;

/// What there is to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for the next one.
    More,
    /// That was the last one.
    Done,
    /// Start over: another trace began, and what was read is of no use.
    OtherTrace,
}

/// Records that are being read.
#[derive(Debug)]
pub(super) struct Reading {
    reader: CaptureReader,
    after: u64,
    enough: u64,
}

impl Reading {
    /// Begins at the oldest record, and ends behind the sequence number `enough`.
    pub(super) fn new(enough: u64) -> Self {
        let reader = CaptureReader::new();
        Self {
            reader,
            after: 0,
            enough,
        }
    }

    /// Returns the query of the next page.
    pub(super) fn query(&self) -> String {
        format!("?limit={RECORDS_PER_PAGE}&after={}", self.after)
    }

    /// Takes the next page.
    ///
    /// # Errors
    /// If it is damaged.
    pub(super) fn take(&mut self, page: &[u8]) -> Result<Step, DecodeError> {
        match self.reader.take_page(page)? {
            Page::Other => Ok(Step::OtherTrace),
            // A page that leads nowhere would be asked for again and again.
            Page::Same(Some(next)) if next > self.after && next < self.enough => {
                self.after = next;
                Ok(Step::More)
            }
            Page::Same(_) => Ok(Step::Done),
        }
    }

    /// Returns how many records there are so far.
    pub(super) fn records(&self) -> usize {
        self.reader.records()
    }

    /// Returns what was read until `read_us`.
    pub(super) fn finish(self, read_us: u64) -> RecordList {
        let trace_id = self.reader.trace_id();
        let (records, stacks) = self.reader.into_records();
        let newest = records.last().map(|record| record.time_us);
        RecordList {
            trace_id,
            records,
            stacks,
            read_us: read_us.max(newest.unwrap_or(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::wire::{self, Header, Message};

    use super::*;
    use crate::capture_messages::{record, stream};

    const SECOND: u64 = 1_000_000;

    /// A page that ends with the last of these records, and whether it says that there are more.
    fn page(trace_id: u32, seconds: &[u64], has_more: bool) -> Vec<u8> {
        let header = Header {
            tick_hz: 1_000_000,
            trace_id,
            ..Header::default()
        };
        let records = seconds.iter().map(|second| record(*second, 8, 1));
        let last = seconds.last().map(|second| second * SECOND);
        let next = last.filter(|_| has_more);
        let messages: Vec<_> = [Message::Header(header)]
            .into_iter()
            .chain(records)
            .chain([Message::Page(wire::Page { next })])
            .collect();
        stream(&messages)
    }

    #[test]
    fn pages_are_read_until_the_last_or_it_is_enough() {
        for (last, has_more) in [(&[60, 61][..], true), (&[50], false), (&[], false)] {
            let mut reading = Reading::new(60 * SECOND);
            assert_eq!(reading.query(), "?limit=256&after=0");
            assert_eq!(reading.take(&page(3, &[20, 30], true)), Ok(Step::More));
            assert_eq!(reading.query(), "?limit=256&after=30000000");
            assert_eq!(reading.take(&page(3, last, has_more)), Ok(Step::Done));
            let list = reading.finish(40 * SECOND);
            assert_eq!((list.trace_id, list.records.len()), (3, 2 + last.len()));
            // Ages are told from the newest on.
            assert_eq!(list.read_us, last.last().copied().unwrap_or(40) * SECOND);
        }
    }

    #[test]
    fn a_page_of_a_trace_that_began_meanwhile_ends_the_reading() {
        let mut reading = Reading::new(60 * SECOND);
        assert_eq!(reading.take(&page(3, &[20], true)), Ok(Step::More));
        assert_eq!(reading.take(&page(4, &[50], true)), Ok(Step::OtherTrace));
        // Another reading finds the new one.
        let mut again = Reading::new(60 * SECOND);
        assert_eq!(again.take(&page(4, &[50, 70], true)), Ok(Step::Done));
        assert_eq!(again.finish(0).trace_id, 4);
    }
}
