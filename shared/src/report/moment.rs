//! The leak list of a moment that has passed, or of a part of the trace, as far as records tell.

use alloc::vec::Vec;
use core::ops::Range;

use crate::analysis::{judge, places};
use crate::api::{Leak, LeaksPage, Record, Stack};
use crate::trace::{Births, Kind, Period};

/// Returns who held memory at a moment of a trace, in microseconds since boot: the blocks that were allocated by then and freed later,
/// or not at all. What was freed since is among them only where records of freed blocks are kept.
pub fn leaks_at(records: &[Record], stacks: &[Stack], period: &Period, at_us: u64) -> LeaksPage {
    let period = Period {
        time_us: at_us,
        unrecorded: period
            .unrecorded
            .iter()
            .filter(|gap| gap.from_us < at_us)
            .copied()
            .collect(),
        ..period.clone()
    };
    list(records, stacks, period, &|record| {
        let is_freed = record.freed && record.freed_time_us.is_none_or(|freed| freed <= at_us);
        record.time_us <= at_us && !is_freed
    })
}

/// Returns who holds the blocks that were allocated in a part of a trace, in microseconds since boot, and are live.
pub fn leaks_within(
    records: &[Record],
    stacks: &[Stack],
    period: &Period,
    allocated: Range<u64>,
) -> LeaksPage {
    list(records, stacks, period.clone(), &|record| {
        !record.freed && allocated.contains(&record.time_us)
    })
}

/// Lists who allocated the blocks of some records.
fn list(
    records: &[Record],
    stacks: &[Stack],
    period: Period,
    is_listed: &dyn Fn(&Record) -> bool,
) -> LeaksPage {
    let places = places(&mut stacks.iter().map(|stack| stack.id));
    let mut leaks: Vec<Leak> = stacks.iter().map(|stack| nothing(stack, &period)).collect();
    for record in records.iter().filter(|record| is_listed(record)) {
        let place = places.get(&record.stack);
        if let Some(leak) = place.and_then(|place| leaks.get_mut(*place)) {
            leak.add(record.time_us, record.size);
            leak.weigh(record.time_us, record.size, period.recorded_until_us());
        }
    }
    leaks.retain(|leak| leak.count > 0);
    for leak in &mut leaks {
        let passed = leak.stack.passed();
        leak.verdict = judge(&leak.evidence(), &passed, &period, Kind::TooEarly);
    }
    LeaksPage {
        total: leaks.len() as u32,
        leaks,
        period,
        ..LeaksPage::default()
    }
}

fn nothing(stack: &Stack, period: &Period) -> Leak {
    Leak {
        stack: stack.clone(),
        oldest_us: u64::MAX,
        births: Births::new(period.started_us, period.time_us),
        ..Leak::default()
    }
}
