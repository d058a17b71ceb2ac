//! heaptrack's text, version 2: each allocation and free in time, so that it finds peaks and temporary allocations, too.
//!
//! Source: `src/analyze/accumulatedtracedata.cpp` of heaptrack 1.4. Numbers are hexadecimal; strings, instructions and traces
//! count from 1, allocations from 0. A string is the rest of its line.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::{self, Write};

use super::input::Read;
use super::out::Out;
use super::recording::{Recording, function_of};
use super::strings::Strings;
use super::tree::{Function, Tree};
use super::walk::Step;
use crate::trace::Record;

/// Page size and pages, for a total that heaptrack shows: the bytes of all regions.
const PAGE: u64 = 0x1000;

struct Writer<'a, 'b> {
    recording: &'a Recording,
    tree: Tree,
    strings: Strings,
    /// Numbers of allocations of so many bytes by a call stack.
    allocations: BTreeMap<(u64, u32), usize>,
    now_ms: u64,
    out: &'a mut Out<'b>,
}

pub(super) fn write(recording: &Recording, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
    let mut writer = Writer {
        recording,
        tree: Tree::new(recording),
        strings: Strings::default(),
        allocations: BTreeMap::new(),
        now_ms: 0,
        out,
    };
    writer.head()?;
    writer.traces()?;
    let (from_us, until_us) = recording.span_us();
    recording.walk(read, &mut |now_us, step| {
        let elapsed_ms = now_us.saturating_sub(from_us) / 1_000;
        match step {
            Step::Allocated(record) => writer.event('+', elapsed_ms, record),
            Step::Freed(record, _) => writer.event('-', elapsed_ms, record),
            Step::Sample(_) => Ok(()),
        }
    })?;
    writer.at((until_us - from_us) / 1_000)
}

impl Writer<'_, '_> {
    fn head(&mut self) -> fmt::Result {
        let sizes = self.recording.regions.iter().map(|region| region.size);
        let bytes = sizes.fold(0, u64::saturating_add);
        self.out.write_str("v 10300 2\nX ")?;
        one_line(self.recording.program(), self.out)?;
        writeln!(self.out, "\nI {PAGE:x} {:x}", bytes.div_ceil(PAGE))
    }

    /// Writes each function with its callers.
    fn traces(&mut self) -> fmt::Result {
        let module = self.string(self.recording.program())?;
        let mut instructions: BTreeMap<Function, usize> = BTreeMap::new();
        for index in 0..self.tree.nodes().len() {
            let node = self.tree.nodes()[index];
            let next = instructions.len() + 1;
            let instruction = *instructions.entry(node.key).or_insert(next);
            if instruction == next {
                self.instruction(node.key, module)?;
            }
            let caller = node.parent.map_or(0, |caller| caller + 1);
            writeln!(self.out, "t {instruction:x} {caller:x}")?;
        }
        Ok(())
    }

    /// Writes a function at its address. What it names comes on lines before its own.
    fn instruction(&mut self, function: Function, module: usize) -> fmt::Result {
        let frame = match function {
            Function::Task(task) => {
                let task = self.tree.tasks.iter().nth(task).map(String::from);
                let name = self.string(&task.unwrap_or_default())?;
                return writeln!(self.out, "i 0 0 {name:x}");
            }
            Function::Frame(index) => &self.recording.frames[index],
        };
        let name = self.string(&function_of(frame))?;
        let file = frame.file.as_deref().map(|file| self.string(file));
        write!(self.out, "i {:x} {module:x} {name:x}", frame.address)?;
        if let Some(file) = file.transpose()? {
            write!(self.out, " {file:x} {:x}", frame.line.unwrap_or(0))?;
        }
        self.out.write_char('\n')
    }

    /// Returns the number of a string; names it first if it is new.
    fn string(&mut self, text: &str) -> Result<usize, fmt::Error> {
        let known = self.strings.len();
        let number = self.strings.number(text);
        if number == known {
            self.out.write_str("s ")?;
            one_line(text, self.out)?;
            self.out.write_char('\n')?;
        }
        Ok(number + 1)
    }

    fn event(&mut self, kind: char, elapsed_ms: u64, record: &Record) -> fmt::Result {
        let Some(leaf) = self.tree.leaf(record.stack) else {
            return Ok(());
        };
        let next = self.allocations.len();
        let allocation = *self
            .allocations
            .entry((record.size, record.stack))
            .or_insert(next);
        if allocation == next {
            writeln!(self.out, "a {:x} {:x}", record.size, leaf + 1)?;
        }
        self.at(elapsed_ms)?;
        writeln!(self.out, "{kind} {allocation:x}")
    }

    fn at(&mut self, elapsed_ms: u64) -> fmt::Result {
        if elapsed_ms > self.now_ms {
            self.now_ms = elapsed_ms;
            writeln!(self.out, "c {elapsed_ms:x}")?;
        }
        Ok(())
    }
}

fn one_line(text: &str, out: &mut Out<'_>) -> fmt::Result {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .try_for_each(|c| out.write_char(c))
}
