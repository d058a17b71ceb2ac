//! speedscope's own JSON: a sample for each call stack, weighted by its blocks.
//!
//! Source: <https://github.com/jlfwong/speedscope/blob/main/src/lib/file-format-spec.ts>.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::out::Out;
use super::recording::{CallStack, Recording, function_of};
use super::strings::Strings;

/// What a call stack is weighted by: name, unit, and number.
type Weight = (&'static str, &'static str, fn(&CallStack) -> u64);

const WEIGHTS: [Weight; 3] = [
    ("live bytes", "bytes", |stack| stack.sums.live.bytes),
    ("live blocks", "none", |stack| stack.sums.live.count),
    ("allocated bytes", "bytes", |stack| {
        stack.sums.allocated.bytes
    }),
];

pub(super) fn write(recording: &Recording, out: &mut Out<'_>) -> fmt::Result {
    let mut tasks = Strings::default();
    for stack in &recording.stacks {
        stack.task().map(|task| tasks.number(task));
    }
    out.write_str(
        r#"{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"HeapBeacon","name":"#,
    )?;
    out.json(recording.program())?;
    out.write_str(r#","shared":{"frames":["#)?;
    for (index, frame) in recording.frames.iter().enumerate() {
        out.write_str(if index > 0 {
            r#",{"name":"#
        } else {
            r#"{"name":"#
        })?;
        out.json(&function_of(frame))?;
        if let Some(file) = &frame.file {
            out.write_str(r#","file":"#)?;
            out.json(file)?;
        }
        if let Some(line) = frame.line {
            write!(out, r#","line":{line}"#)?;
        }
        if let Some(column) = frame.column {
            write!(out, r#","col":{column}"#)?;
        }
        out.write_char('}')?;
    }
    for (index, task) in tasks.iter().enumerate() {
        let is_first = recording.frames.is_empty() && index == 0;
        out.write_str(if is_first {
            r#"{"name":"#
        } else {
            r#",{"name":"#
        })?;
        out.json(task)?;
        out.write_char('}')?;
    }
    out.write_str(r#"]},"profiles":"#)?;
    out.list(WEIGHTS, |out, weight| {
        profile(recording, &mut tasks, weight, out)
    })?;
    out.write_char('}')
}

fn profile(
    recording: &Recording,
    tasks: &mut Strings,
    (name, unit, weight): Weight,
    out: &mut Out<'_>,
) -> fmt::Result {
    let weighted = recording.stacks.iter().filter(|stack| weight(stack) > 0);
    let weighted: Vec<_> = weighted.collect();
    let weights = weighted.iter().map(|stack| weight(stack));
    let sum = weights.fold(0, u64::saturating_add);
    write!(
        out,
        r#"{{"type":"sampled","name":"{name}","unit":"{unit}","startValue":0,"endValue":{sum},"samples":"#
    )?;
    out.list(&weighted, |out, stack| {
        let task = stack
            .task()
            .map(|task| recording.frames.len() + tasks.number(task));
        let frames = recording.frames_of(stack).rev().map(|(index, _)| index);
        out.list(task.into_iter().chain(frames), |out, index| {
            write!(out, "{index}")
        })
    })?;
    out.write_str(r#","weights":"#)?;
    out.list(&weighted, |out, stack| write!(out, "{}", weight(stack)))?;
    out.write_char('}')
}
