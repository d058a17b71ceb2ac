//! `profile.proto`, as Go's heap profiles have it: what was allocated and what is in use, in objects and in bytes.
//!
//! Source: <https://github.com/google/pprof/blob/main/proto/profile.proto>. It is not compressed: pprof, Parca and Pyroscope
//! take both. Parca looks ids up as index + 1, so they are 1, 2, 3, …

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::out::Out;
use super::proto::Proto;
use super::recording::{Recording, function_of};
use super::strings::Strings;
use super::sums::Sums;
use crate::frames::Frame;

/// Sample types in the order of Go's heap profile: name and unit.
const SAMPLE_TYPES: [(&str, &str); 4] = [
    ("alloc_objects", "count"),
    ("alloc_space", "bytes"),
    ("inuse_objects", "count"),
    ("inuse_space", "bytes"),
];

/// Fields of `Profile`.
mod field {
    pub(super) const SAMPLE_TYPE: u64 = 1;
    pub(super) const SAMPLE: u64 = 2;
    pub(super) const MAPPING: u64 = 3;
    pub(super) const LOCATION: u64 = 4;
    pub(super) const FUNCTION: u64 = 5;
    pub(super) const STRING_TABLE: u64 = 6;
    pub(super) const DURATION_NANOS: u64 = 10;
    pub(super) const PERIOD_TYPE: u64 = 11;
    pub(super) const PERIOD: u64 = 12;
    pub(super) const DEFAULT_SAMPLE_TYPE: u64 = 14;
}

/// A profile that is being written.
struct Profile<'a, 'b> {
    recording: &'a Recording,
    strings: Strings,
    out: &'a mut Out<'b>,
}

pub(super) fn write(recording: &Recording, out: &mut Out<'_>) -> fmt::Result {
    let mut profile = Profile {
        recording,
        strings: Strings::default(),
        out,
    };
    // The first has to be empty: 0 is no text.
    profile.text("");
    profile.head()?;
    profile.mapping()?;
    let locations = profile.locations()?;
    profile.samples(&locations)?;
    profile.strings()
}

impl Profile<'_, '_> {
    fn text(&mut self, text: &str) -> u64 {
        self.strings.number(text) as u64
    }

    fn write(&mut self, proto: &Proto) -> fmt::Result {
        self.out.bytes(proto.bytes())
    }

    fn value_type(&mut self, (name, unit): (&str, &str)) -> Proto {
        Proto::default()
            .number(1, self.text(name))
            .number(2, self.text(unit))
    }

    fn head(&mut self) -> fmt::Result {
        let mut head = Proto::default();
        for sample_type in SAMPLE_TYPES {
            head = head.message(field::SAMPLE_TYPE, self.value_type(sample_type));
        }
        let (from_us, until_us) = self.recording.span_us();
        let period_type = self.value_type(("space", "bytes"));
        let head = head
            .number(
                field::DURATION_NANOS,
                (until_us - from_us).saturating_mul(1_000),
            )
            .message(field::PERIOD_TYPE, period_type)
            .number(field::PERIOD, 1)
            .number(field::DEFAULT_SAMPLE_TYPE, self.text("inuse_space"));
        self.write(&head)
    }

    /// Writes the one mapping. It is all memory: then pprof takes addresses for those of the ELF file, which they are, and finds
    /// the names there that are missing here.
    fn mapping(&mut self) -> fmt::Result {
        let frames = &self.recording.frames;
        // What stands for a missing call stack has a name, and no address to find one by.
        let frames = frames.iter().filter(|frame| frame.address > 0);
        let has = |what: fn(&Frame) -> bool| u64::from(frames.clone().any(what));
        let build_id = self.recording.build_id().text();
        let mapping = Proto::default()
            .number(1, 1)
            .number(3, u64::MAX)
            .number(5, self.text(self.recording.program()))
            .number(6, self.text(&build_id))
            .number(7, has(|frame| frame.function.is_some()))
            .number(8, has(|frame| frame.file.is_some()))
            .number(9, has(|frame| frame.line.is_some()))
            .number(10, has(|frame| frame.inlined));
        self.write(&Proto::default().message(field::MAPPING, mapping))
    }

    /// Writes a location for each address, with the functions that were inlined there; returns its id by the index of the
    /// function that is around them.
    fn locations(&mut self) -> Result<BTreeMap<usize, u64>, fmt::Error> {
        let mut functions: BTreeMap<(u64, u64), u64> = BTreeMap::new();
        let mut locations = BTreeMap::new();
        let mut lines = Vec::new();
        for (index, frame) in self.recording.frames.iter().enumerate() {
            if frame.function.is_some() {
                let name = self.text(&function_of(frame));
                let file = self.text(frame.file.as_deref().unwrap_or_default());
                let next = functions.len() as u64 + 1;
                let function = *functions.entry((name, file)).or_insert(next);
                if function == next {
                    self.function(function, name, file)?;
                }
                lines.push((function, frame));
            }
            if frame.inlined {
                continue;
            }
            let id = locations.len() as u64 + 1;
            // A call returns behind itself.
            let address = frame.address.saturating_sub(1);
            let mut location = Proto::default()
                .number(1, id)
                .number(2, 1)
                .number(3, address);
            for (function, frame) in lines.drain(..) {
                let line = Proto::default()
                    .number(1, function)
                    .number_but_0(2, frame.line.unwrap_or(0).into())
                    .number_but_0(3, frame.column.unwrap_or(0).into());
                location = location.message(4, line);
            }
            self.write(&Proto::default().message(field::LOCATION, location))?;
            locations.insert(index, id);
        }
        Ok(locations)
    }

    fn function(&mut self, id: u64, name: u64, file: u64) -> fmt::Result {
        // Without a name for linkers beside it, pprof takes this one as it is, and removes nothing between `<` and `>`.
        let function = Proto::default()
            .number(1, id)
            .number(2, name)
            .number(4, file);
        self.write(&Proto::default().message(field::FUNCTION, function))
    }

    /// Writes a sample for each call stack and region.
    fn samples(&mut self, locations: &BTreeMap<usize, u64>) -> fmt::Result {
        let recording = self.recording;
        for stack in &recording.stacks {
            let ids = stack.frames.iter();
            let ids: Vec<_> = ids.filter_map(|index| locations.get(index)).collect();
            for (region, sums) in &stack.by_region {
                let mut sample = Proto::default()
                    .packed(1, ids.iter().map(|id| **id))
                    .packed(2, values(sums));
                let labels = [
                    ("task", stack.task()),
                    ("region", recording.region(*region)),
                ];
                for (key, value) in labels {
                    let Some(value) = value else { continue };
                    let label = Proto::default()
                        .number(1, self.text(key))
                        .number(2, self.text(value));
                    sample = sample.message(3, label);
                }
                self.write(&Proto::default().message(field::SAMPLE, sample))?;
            }
        }
        Ok(())
    }

    fn strings(&mut self) -> fmt::Result {
        for text in self.strings.iter() {
            let text = Proto::default().text(field::STRING_TABLE, text);
            self.out.bytes(text.bytes())?;
        }
        Ok(())
    }
}

/// Returns the values of a sample, in the order of [`SAMPLE_TYPES`]. They are signed.
fn values(sums: &Sums) -> [u64; 4] {
    let Sums {
        allocated, live, ..
    } = sums;
    [allocated.count, allocated.bytes, live.count, live.bytes]
        .map(|value| value.min(i64::MAX as u64))
}
