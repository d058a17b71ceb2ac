//! A row for each call stack with live blocks as CSV (RFC 4180), most bytes first, as `GET /trace/leaks` lists them.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::out::Out;
use super::recording::{CallStack, Recording, function_of};
use crate::analysis::{ById, judge};
use crate::api::Leak;
use crate::capture::us;
use crate::trace::{Births, Kind, Origin};

pub(super) fn write(recording: &Recording, out: &mut Out<'_>) -> fmt::Result {
    out.write_str(
        "stack,task,origin,count,bytes,oldest_us,newest_us,outlived_count,outlived_bytes,allocations,frees,evicted,\
         longest_lifetime_us,verdict,certain,function,at,frames\r\n",
    )?;
    let mut leaks = leaks(recording);
    leaks.sort_by_key(|(leak, _)| core::cmp::Reverse(leak.bytes));
    leaks
        .iter()
        .try_for_each(|(leak, stack)| row(recording, leak, stack, out))
}

fn leaks(recording: &Recording) -> Vec<(Leak, &CallStack)> {
    let (hz, period) = (recording.header.tick_hz, &recording.period);
    let mut by_stack: ById<Leak> = ById::default();
    for record in &recording.live {
        let leak = by_stack.entry(record.stack, || Leak {
            stack: recording
                .stack(record.stack)
                .map(|stack| stack.stack.clone())
                .unwrap_or_default(),
            oldest_us: u64::MAX,
            births: Births::new(period.started_us, period.time_us),
            ..Leak::default()
        });
        let time_us = us(record.seq, hz);
        leak.add(time_us, record.size);
        leak.weigh(time_us, record.size, period.recorded_until_us());
    }
    let leaks = by_stack.into_values().filter_map(|mut leak| {
        // An older agent says nothing of lifetimes: so nothing is said of what outlives them.
        if recording.is_weighed {
            leak.verdict = judge(
                &leak.evidence(),
                &leak.stack.passed(),
                period,
                Kind::TooEarly,
            );
        }
        let stack = recording.stack(leak.stack.id)?;
        Some((leak, stack))
    });
    leaks.collect()
}

fn row(recording: &Recording, leak: &Leak, stack: &CallStack, out: &mut Out<'_>) -> fmt::Result {
    write!(out, "{},", leak.stack.id)?;
    out.csv(stack.task().unwrap_or_default())?;
    let origin = match leak.stack.origin {
        Origin::Application => "application",
        Origin::Agent => "agent",
        Origin::Driver => "driver",
    };
    write!(
        out,
        ",{origin},{},{},{},{},{},{},{},{},{},{},",
        leak.count,
        leak.bytes,
        leak.oldest_us,
        leak.newest_us,
        leak.outlived.count,
        leak.outlived.bytes,
        leak.stack.allocations,
        leak.stack.frees,
        leak.stack.evicted,
        leak.stack.longest_lifetime_us,
    )?;
    if recording.is_weighed {
        let verdict = &leak.verdict;
        write!(out, "{},{}", verdict.kind.name(), verdict.certain)?;
    } else {
        out.write_char(',')?;
    }
    let (function, at) = recording.call_site(stack);
    for field in [&function, &at] {
        out.write_char(',')?;
        out.csv(field)?;
    }
    let frames = recording.frames_of(stack);
    let names: Vec<_> = frames.map(|(_, frame)| function_of(frame)).collect();
    out.write_char(',')?;
    out.csv(&names.join(" < "))?;
    out.write_str("\r\n")
}
