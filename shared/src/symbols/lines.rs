//! Functions and lines of addresses, from the debug information.

use alloc::sync::Arc;
use alloc::vec::Vec;

use addr2line::Context;
use gimli::{Dwarf, SectionId, UnitRef};

use super::demangle::{bounded, demangled};
use super::meter::{Meter, Metered};
use super::shared_code::Place;
use super::survey::survey;
use super::{ElfError, Frame, Missing, boundaries, coroutines, shared_code};

/// The bytes of one section of debug information.
pub(super) type DebugSection = (SectionId, Arc<[u8]>);

/// Bytes that may be read at the start, besides as many as there are: the tables at the start of
/// each unit. What is kept of them is the largest for its bytes.
const READ_AT_START: u64 = 128 << 10;
/// Bytes that may be read by all look-ups together, besides [`READ_FOR_EACH_BYTE`].
const READ_BY_LOOKUPS: u64 = 1 << 20;
/// How often each byte may be read by all look-ups together.
const READ_FOR_EACH_BYTE: u64 = 4;
/// Bytes that may be read to name what was found at one address: nothing of it is kept.
const READ_TO_NAME: u64 = 16 << 20;

/// Debug information that addresses can be looked up in.
pub(super) struct Lines {
    context: Context<Metered>,
    /// What `context` was made from.
    sections: Vec<DebugSection>,
    /// Limits what `context` reads.
    meter: Arc<Meter>,
}

/// What debug information tells of an address.
#[derive(Default)]
pub(super) struct SourceFrames {
    /// Innermost first; empty where nothing is known.
    pub(super) frames: Vec<Frame>,
    /// Whether the only frame has a place and no function because functions are described in
    /// another file: the place may be in a function that was inlined.
    pub(super) is_split: bool,
}

impl Lines {
    /// Reads the start of each unit, and checks that the rest can be looked up safely.
    pub(super) fn new(debug: &[DebugSection]) -> Result<(Self, Option<Missing>), ElfError> {
        let len: u64 = debug.iter().map(|(_, bytes)| bytes.len() as u64).sum();
        let meter = Arc::default();
        let dwarf = dwarf(debug, &meter);
        // Each table of abbreviations, then all entries.
        meter.allow(READ_AT_START + 2 * len);
        let missing = survey(&dwarf);
        meter.check()?;
        let missing = missing?;
        meter.allow(READ_AT_START + len);
        let context = Context::from_dwarf(dwarf);
        meter.check()?;
        let context = context.map_err(ElfError::DebugInfo)?;
        meter.allow(READ_BY_LOOKUPS + READ_FOR_EACH_BYTE * len);
        let sections = debug.to_vec();
        let lines = Self {
            context,
            sections,
            meter,
        };
        Ok((lines, missing))
    }

    /// Returns whether so much was read that nothing further is.
    pub(super) fn is_used_up(&self) -> bool {
        self.meter.is_used_up()
    }

    /// Returns the addresses where a line, a function or a unit begins or ends; what is damaged has none.
    pub(super) fn boundaries(&self) -> Vec<u64> {
        let meter = Arc::default();
        let dwarf = dwarf(&self.sections, &meter);
        let len: u64 = self
            .sections
            .iter()
            .map(|(_, bytes)| bytes.len() as u64)
            .sum();
        meter.allow(READ_BY_LOOKUPS + READ_FOR_EACH_BYTE * len);
        boundaries::of(&dwarf)
    }

    /// Finds the functions at an address, innermost first. `is_shared` is whether several functions
    /// share the code there.
    pub(super) fn frames(&self, address: u64, is_shared: bool) -> SourceFrames {
        self.try_frames(address, is_shared).unwrap_or_default()
    }

    fn try_frames(&self, address: u64, is_shared: bool) -> Result<SourceFrames, gimli::Error> {
        let mut found = self.context.find_frames(address).skip_all_loads()?;
        let unit = self.context.find_dwarf_and_unit(address).skip_all_loads();
        let mut frames = Vec::new();
        while let Some(frame) = found.next()? {
            frames.push(frame);
        }
        let entry = frames.first().and_then(|frame| frame.dw_die_offset);
        let left = self.meter.left();
        self.meter.allow(READ_TO_NAME);
        let mut source = SourceFrames {
            frames: frames
                .iter()
                .map(|frame| source_frame(frame, unit, address))
                .collect(),
            is_split: entry.is_none() && unit.is_some_and(|unit| unit.dwo_id.is_some()),
        };
        if let (true, Some(innermost), Some(unit)) = (is_shared, source.frames.first_mut(), unit) {
            let place = shared_code::place(unit, entry, address);
            put(innermost, place.ok().flatten());
        }
        self.meter.allow(left);
        Ok(source)
    }
}

fn source_frame(
    frame: &addr2line::Frame<'_, Metered>,
    unit: Option<UnitRef<'_, Metered>>,
    address: u64,
) -> Frame {
    let location = frame.location.as_ref();
    let name = frame.function.as_ref();
    let name = name.and_then(|name| name.raw_name().map(|name| demangled(&name)).ok());
    let name = name.map(|name| match (unit, frame.dw_die_offset) {
        (Some(unit), Some(entry)) => coroutines::named(name, unit, entry),
        _ => name,
    });
    Frame {
        address,
        function: name,
        file: location.and_then(|location| location.file).map(bounded),
        line: location.and_then(|location| location.line),
        // Zero stands for the whole line.
        column: location
            .and_then(|location| location.column)
            .filter(|column| *column != 0),
        inlined: true,
        ..Frame::default()
    }
}

/// Gives a frame the place that belongs to its function.
fn put(frame: &mut Frame, place: Option<Place>) {
    frame.line = place
        .as_ref()
        .and_then(|place| u32::try_from(place.line).ok());
    frame.column = place
        .as_ref()
        .and_then(|place| u32::try_from(place.column?).ok());
    frame.file = place.map(|place| place.file);
}

fn dwarf(debug: &[DebugSection], meter: &Arc<Meter>) -> Dwarf<Metered> {
    let section = |id: SectionId| {
        let found = debug.iter().find(|(other, _)| *other == id);
        let bytes = found.map_or_else(|| Arc::from([]), |(_, bytes)| Arc::clone(bytes));
        Metered::new(bytes, meter)
    };
    Dwarf::load(|id| Ok::<_, core::convert::Infallible>(section(id)))
        .unwrap_or_else(|never| match never {})
}
