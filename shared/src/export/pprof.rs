//! A profile of a capture: see [`pprof`](crate::pprof).

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::out::Out;
use super::recording::{Recording, function_of};
use super::strings::Strings;
use super::sums::Sums;
use crate::frames::Frame;
use crate::pprof::{self, Line, Mapping, REGION, Shown, TASK, TEXTS, Time};

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
    for text in TEXTS {
        profile.text(text);
    }
    profile.write(|out| out.head(Shown::InUse, Time::default()))?;
    profile.mapping()?;
    let locations = profile.locations()?;
    profile.samples(&locations)?;
    profile.strings()
}

impl Profile<'_, '_> {
    fn text(&mut self, text: &str) -> u64 {
        self.strings.number(text) as u64
    }

    fn write(&mut self, write: impl FnOnce(&mut pprof::Profile<'_>)) -> fmt::Result {
        let mut bytes = Vec::new();
        write(&mut pprof::Profile::new(&mut bytes));
        self.out.bytes(&bytes)
    }

    fn mapping(&mut self) -> fmt::Result {
        let frames = &self.recording.frames;
        // What stands for a missing call stack has a name, and no address to find one by.
        let frames = frames.iter().filter(|frame| frame.address > 0);
        let has = |what: fn(&Frame) -> bool| frames.clone().any(what);
        let known = [
            has(|frame| frame.function.is_some()),
            has(|frame| frame.file.is_some()),
            has(|frame| frame.line.is_some()),
            has(|frame| frame.inlined),
        ];
        let build_id = self.recording.build_id().text();
        let mapping = Mapping {
            file: self.text(self.recording.program()),
            build_id: self.text(&build_id),
            known,
        };
        self.write(|out| out.mapping(&mapping))
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
                    self.write(|out| out.function(function, name, file))?;
                }
                lines.push(Line {
                    function,
                    line: frame.line.unwrap_or(0).into(),
                    column: frame.column.unwrap_or(0).into(),
                });
            }
            if frame.inlined {
                continue;
            }
            let id = locations.len() as u64 + 1;
            self.write(|out| out.location(id, frame.address, &lines))?;
            lines.clear();
            locations.insert(index, id);
        }
        Ok(locations)
    }

    /// Writes a sample for each call stack and region.
    fn samples(&mut self, locations: &BTreeMap<usize, u64>) -> fmt::Result {
        let recording = self.recording;
        for stack in &recording.stacks {
            let ids = stack.frames.iter();
            let ids: Vec<_> = ids
                .filter_map(|index| locations.get(index).copied())
                .collect();
            for (region, sums) in &stack.by_region {
                let labels = [(TASK, stack.task()), (REGION, recording.region(*region))];
                let labels = labels.into_iter();
                let labels: Vec<_> = labels
                    .filter_map(|(name, value)| Some((name, self.text(value?))))
                    .collect();
                self.write(|out| out.sample(&ids, values(sums), &labels))?;
            }
        }
        Ok(())
    }

    fn strings(&mut self) -> fmt::Result {
        let mut bytes = Vec::new();
        for text in self.strings.iter() {
            pprof::Profile::new(&mut bytes).text(text);
            self.out.bytes(&bytes)?;
            bytes.clear();
        }
        Ok(())
    }
}

/// Returns the values of a sample, in the order of its types.
fn values(sums: &Sums) -> [i64; 4] {
    let Sums {
        allocated, live, ..
    } = sums;
    [allocated.count, allocated.bytes, live.count, live.bytes].map(pprof::signed)
}
