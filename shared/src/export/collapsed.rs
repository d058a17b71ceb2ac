//! Collapsed stacks: a line for each call stack with live blocks, outermost function first, and its live bytes.
//!
//! Source: Brendan Gregg's `stackcollapse.pl`, <https://github.com/brendangregg/FlameGraph>.

use core::fmt::{self, Write};

use super::out::Out;
use super::recording::{Recording, function_of};

pub(super) fn write(recording: &Recording, out: &mut Out<'_>) -> fmt::Result {
    let held = recording.stacks.iter();
    for stack in held.filter(|stack| stack.sums.live.bytes > 0) {
        if let Some(task) = stack.task() {
            name(task, out)?;
            out.write_char(';')?;
        }
        for (index, (_, frame)) in recording.frames_of(stack).rev().enumerate() {
            if index > 0 {
                out.write_char(';')?;
            }
            name(&function_of(frame), out)?;
        }
        writeln!(out, " {}", stack.sums.live.bytes)?;
    }
    Ok(())
}

/// Writes a name without what separates names and lines.
fn name(name: &str, out: &mut Out<'_>) -> fmt::Result {
    name.chars().try_for_each(|c| match c {
        ';' => out.write_char(':'),
        c if c.is_control() => out.write_char(' '),
        c => out.write_char(c),
    })
}
