//! The time in which blocks were allocated that somebody looks at.

use core::ops::Range;

use heapbeacon_shared::api::Record;

/// A part of a trace: from one moment to another, in microseconds since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Where it begins; `None` for the start of the trace.
    pub since_us: Option<u64>,
    /// Where it ends; `None` for now.
    pub until_us: Option<u64>,
}

impl Span {
    /// Returns whether it is all of the trace.
    pub fn is_all(self) -> bool {
        self == Self::default()
    }

    /// Returns what is from one moment on and before another one.
    pub fn between(since_us: u64, until_us: u64) -> Self {
        Self {
            since_us: Some(since_us),
            until_us: Some(until_us),
        }
    }

    /// Returns its moments: it ends before its end.
    pub fn range(self) -> Range<u64> {
        self.since_us.unwrap_or(0)..self.until_us.unwrap_or(u64::MAX)
    }

    /// Returns whether a moment is in it, in microseconds since boot.
    pub fn includes(self, time_us: u64) -> bool {
        self.range().contains(&time_us)
    }

    /// Returns its end of a name in queries and in the address of a view.
    pub fn end(self, name: &str) -> String {
        let end = match name {
            "since" => self.since_us,
            _ => self.until_us,
        };
        end.map(|time_us| time_us.to_string()).unwrap_or_default()
    }

    /// Returns it with another end; what is no number of microseconds is the start of the trace, or now.
    pub fn with_end(self, name: &str, time_us: &str) -> Self {
        let end = time_us.parse().ok();
        match name {
            "since" => Self {
                since_us: end,
                ..self
            },
            _ => Self {
                until_us: end,
                ..self
            },
        }
    }

    /// Returns what a query of the device says of it.
    pub fn query(self) -> String {
        let ends = ["since", "until"].map(|name| (name, self.end(name)));
        let told = ends.into_iter().filter(|(_, end)| !end.is_empty());
        told.map(|(name, end)| format!("&{name}={end}")).collect()
    }
}

/// Returns how many blocks of records were freed in a time, and their bytes.
pub fn freed_in(records: &[Record], span: Span) -> (u64, u64) {
    let freed = records.iter().filter(|record| {
        let freed_us = record.freed_time_us;
        freed_us.is_some_and(|freed_us| span.includes(freed_us))
    });
    freed.fold((0, 0), |(count, bytes), record| {
        (count + 1, bytes + record.size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_what_its_two_ends_in_an_address_or_a_query_say() {
        let all = Span::default();
        assert!(all.is_all() && all.query().is_empty());
        let span = all.with_end("until", "20").with_end("since", "7");
        assert_eq!((span.since_us, span.until_us), (Some(7), Some(20)));
        assert_eq!(span.query(), "&since=7&until=20");
        assert_eq!(
            all.with_end("since", &span.end("since")).query(),
            "&since=7"
        );
        assert_eq!(
            [6, 7, 19, 20].map(|us| span.includes(us)),
            [false, true, true, false]
        );
        assert!(all.includes(0));
        assert_eq!(Span::between(7, 20), span);
        for nothing in ["", "x", "-1"] {
            assert_eq!(span.with_end("since", nothing).since_us, None, "{nothing}");
        }
    }

    #[test]
    fn freed_blocks_count_in_the_time_of_their_free() {
        let record = |time_us, freed_time_us: Option<u64>| Record {
            time_us,
            freed_time_us,
            freed: freed_time_us.is_some(),
            size: 8,
            ..Record::default()
        };
        let records = [
            record(1, Some(7)),
            record(8, Some(9)),
            record(8, Some(20)),
            record(8, None),
        ];
        assert_eq!(freed_in(&records, Span::between(7, 20)), (2, 16));
    }
}
