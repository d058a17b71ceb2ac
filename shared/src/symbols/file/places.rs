use alloc::string::String;
use alloc::vec::Vec;

use super::tables::{self, Tables};
use crate::symbols::symbol_table::SymbolTable;
use crate::symbols::{ElfError, Frame};

/// Most functions that may be inlined into one another, as in an ELF.
const MOST_NESTED: u16 = 256;

const BAD_NUMBER: ElfError = ElfError::SymbolFile("a number in it leads nowhere");
const UNEQUAL: ElfError = ElfError::SymbolFile("its columns are not equally long");

/// What a symbol file tells.
pub(in crate::symbols) struct Places {
    has_lines: bool,
    /// The statics, and all names.
    table: SymbolTable,
    /// Where each name begins.
    names: Vec<u32>,
    frames: Vec<Place>,
    /// First address and innermost frame, counted from 1.
    rows: Vec<(u64, u32)>,
    shared: Vec<(u32, Vec<u32>)>,
    pools: Vec<(String, u64)>,
}

/// A function at a line.
struct Place {
    /// The frame that it is inlined into, counted from 1.
    caller: u32,
    function: u32,
    file: u32,
    line: u32,
    /// How many frames it is inlined into, itself included.
    depth: u16,
}

impl Places {
    /// Checks the tables: whatever is looked up then leads somewhere.
    pub(super) fn new(tables: Tables) -> Result<Self, ElfError> {
        let names = name_starts(&tables.names)?;
        let is_name = |name: &u32| *name as usize <= names.len();
        let bodies = &tables.bodies;
        let shared = tables.shared.iter().flat_map(|(_, names)| names);
        let mut all = bodies.function.iter().chain(&bodies.file).chain(shared);
        if !all.all(is_name) || !tables.statics.name.iter().all(is_name) {
            return Err(BAD_NUMBER);
        }
        let frames = frames(&tables)?;
        Ok(Self {
            has_lines: tables.has_lines,
            rows: rows(&tables.rows, frames.len())?,
            table: statics(&tables.statics, &names, tables.names)?,
            frames,
            names,
            shared: tables.shared,
            pools: tables.pools,
        })
    }

    pub(in crate::symbols) fn has_lines(&self) -> bool {
        self.has_lines
    }

    pub(in crate::symbols) fn table(&self) -> &SymbolTable {
        &self.table
    }

    pub(in crate::symbols) fn pool_size(&self, path: &str) -> Option<u64> {
        let mut pools = self.pools.iter();
        pools.find_map(|(pool, tasks)| (pool == path).then_some(*tasks))
    }

    /// Returns the addresses from which on other frames are found than before.
    pub(in crate::symbols) fn boundaries(&self) -> Vec<u64> {
        self.rows.iter().map(|(address, _)| *address).collect()
    }

    /// Finds the functions at an address, innermost first: at least one frame.
    pub(in crate::symbols) fn frames(&self, address: u64) -> Vec<Frame> {
        let after = self.rows.partition_point(|(start, _)| *start <= address);
        let mut number = self.rows[..after].last().map_or(0, |(_, frame)| *frame);
        let mut frames = Vec::new();
        while let Some(place) = self.place(number) {
            frames.push(Frame {
                address,
                function: self.name(place.function),
                file: self.name(place.file),
                line: (place.line > 0).then_some(place.line),
                column: None,
                inlined: place.caller > 0,
                shared_with: self.shared_with(number),
            });
            number = place.caller;
        }
        if frames.is_empty() {
            frames.push(Frame {
                address,
                ..Frame::default()
            });
        }
        frames
    }

    fn place(&self, number: u32) -> Option<&Place> {
        self.frames.get((number as usize).checked_sub(1)?)
    }

    fn name(&self, number: u32) -> Option<String> {
        let start = self.names.get((number as usize).checked_sub(1)?)?;
        Some(String::from(self.table.text(*start)))
    }

    fn shared_with(&self, frame: u32) -> Vec<String> {
        let found = self
            .shared
            .binary_search_by_key(&frame, |(frame, _)| *frame);
        let names = found.map_or(&[][..], |index| &self.shared[index].1);
        names.iter().filter_map(|name| self.name(*name)).collect()
    }
}

fn name_starts(names: &str) -> Result<Vec<u32>, ElfError> {
    let mut starts = Vec::new();
    let mut start = 0;
    for name in names.split_terminator('\0') {
        starts.push(u32::try_from(start).map_err(|_| BAD_NUMBER)?);
        start += name.len() + 1;
    }
    Ok(starts)
}

fn frames(tables: &Tables) -> Result<Vec<Place>, ElfError> {
    let (columns, bodies) = (&tables.frames, &tables.bodies);
    let len = columns.caller.len();
    if columns.body.len() != len || columns.line.len() != len {
        return Err(UNEQUAL);
    }
    if bodies.file.len() != bodies.function.len()
        || bodies.first_line.len() != bodies.function.len()
    {
        return Err(UNEQUAL);
    }
    let mut frames: Vec<Place> = Vec::with_capacity(len);
    let lines = columns.body.iter().zip(&columns.line);
    for (number, (back, (body, line))) in (1_u32..).zip(columns.caller.iter().zip(lines)) {
        let caller = match back {
            0 => 0,
            back => number
                .checked_sub(*back)
                .filter(|caller| *caller > 0)
                .ok_or(BAD_NUMBER)?,
        };
        let outer = (caller as usize).checked_sub(1).map(|index| &frames[index]);
        let depth = 1 + outer.map_or(0, |outer| outer.depth);
        let body = *body as usize;
        let first_line = bodies.first_line.get(body).ok_or(BAD_NUMBER)?;
        if depth > MOST_NESTED {
            return Err(ElfError::SymbolFile("too much is inlined into one another"));
        }
        frames.push(Place {
            caller,
            function: bodies.function[body],
            file: bodies.file[body],
            line: match line {
                0 => 0,
                line => first_line.saturating_add(line - 1),
            },
            depth,
        });
    }
    Ok(frames)
}

fn rows(rows: &tables::Rows, frames: usize) -> Result<Vec<(u64, u32)>, ElfError> {
    if rows.distance.len() != rows.frame.len() {
        return Err(UNEQUAL);
    }
    let (mut address, mut frame) = (0_u64, 0_i64);
    let columns = rows.distance.iter().zip(&rows.frame);
    columns
        .map(|(distance, step)| {
            address = address.checked_add(*distance).ok_or(BAD_NUMBER)?;
            frame = frame.checked_add(*step).ok_or(BAD_NUMBER)?;
            let number = u32::try_from(frame)
                .ok()
                .filter(|number| *number as usize <= frames);
            Ok((address, number.ok_or(BAD_NUMBER)?))
        })
        .collect()
}

fn statics(
    statics: &tables::Statics,
    starts: &[u32],
    names: String,
) -> Result<SymbolTable, ElfError> {
    let len = statics.distance.len();
    if statics.size.len() != len || statics.name.len() != len {
        return Err(UNEQUAL);
    }
    let mut start = 0_u64;
    let mut spans = Vec::with_capacity(len);
    for ((distance, size), name) in statics
        .distance
        .iter()
        .zip(&statics.size)
        .zip(&statics.name)
    {
        start = start.checked_add(*distance).ok_or(BAD_NUMBER)?;
        let end = start.checked_add(*size).ok_or(BAD_NUMBER)?;
        let name = (*name as usize)
            .checked_sub(1)
            .and_then(|index| starts.get(index));
        spans.push((start..end, *name.ok_or(BAD_NUMBER)?));
    }
    Ok(SymbolTable::of_statics(
        spans.into_iter(),
        names.into_bytes(),
    ))
}
