use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::input::{self, Parts, Read, ReadError};
use super::sums::{Amount, Sums};
use super::survey::{Survey, Totals};
use super::walk::{Tell, Walk};
use crate::api::Stack;
use crate::capture::{CaptureError, Loss};
use crate::frames::{Frame, SymbolizedStack, short_file, short_name};
use crate::pprof::{NO_FRAMES, file_of};
use crate::trace::{Address, BuildId, Mark, Name, Period, Point, Record, Summary};
use crate::wire::{Header, HeapRegion, Message};

/// A capture, as far as it is kept to write a document of it: all but its events.
#[derive(Debug)]
pub struct Recording {
    /// Which of the captures in the file it is.
    part: u32,
    pub(super) header: Header,
    pub(super) summary: Summary,
    /// Whether verdicts are told of it: an older agent says nothing of lifetimes.
    pub(super) is_weighed: bool,
    pub(super) period: Period,
    pub(super) regions: Vec<HeapRegion>,
    pub(super) marks: Vec<Mark>,
    /// How full the heap was before, in the order of time.
    pub(super) history: Vec<Point>,
    /// By id.
    pub(super) stacks: Vec<CallStack>,
    /// Those that are live at the end, oldest first.
    pub(super) live: Vec<Record>,
    pub(super) totals: Totals,
    /// Functions of all call stacks.
    pub(super) frames: Vec<Frame>,
    loss: Loss,
}

/// A call stack, and what its blocks add up to.
#[derive(Clone, Debug, Default)]
pub struct CallStack {
    /// It, with the counters of the device.
    pub stack: Stack,
    /// Its blocks, as far as there are records or events of them.
    pub sums: Sums,
    /// The same for each region that they lie in; `None` are blocks of no region that is told of.
    pub by_region: Vec<(Option<u8>, Sums)>,
    /// The most that was live at one time.
    pub peak: Amount,
    /// Indices of its functions, innermost first; at least one.
    pub(super) frames: Vec<usize>,
}

impl Recording {
    /// Reads a capture: `read` copies bytes from an offset on into a piece and returns how many, 0 at the end. Of several
    /// captures in a row the last is taken.
    ///
    /// # Errors
    /// Those of `read`; and [`ReadError::Capture`] if it is no capture, or nothing of the trace could be read.
    pub fn read<E>(
        mut read: impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    ) -> Result<Self, ReadError<E>> {
        let mut failed = None;
        let mut read = |offset, piece: &mut [u8]| {
            read(offset, piece).map_err(|error| {
                failed = Some(error);
                fmt::Error
            })
        };
        let result = Self::survey(&mut read);
        match (result, failed) {
            (Ok(result), _) => result.map_err(ReadError::Capture),
            (Err(_), Some(error)) => Err(ReadError::Source(error)),
            // Nothing else fails.
            (Err(_), None) => Err(ReadError::Capture(CaptureError::NothingReadable)),
        }
    }

    fn survey(read: &mut Read<'_>) -> Result<Result<Self, CaptureError>, fmt::Error> {
        let mut parts = Parts::default();
        let mut survey = Survey::default();
        let mut kept = None;
        let read = input::messages(read, &mut |message, counted| {
            let (part, loss) = (parts.now, parts.loss(counted));
            if parts.take(&message, counted) {
                let survey = core::mem::take(&mut survey);
                kept = loss.map(|loss| (survey, part, loss)).or(kept.take());
            }
            survey.take(&message)
        })?;
        let counted = match read {
            Ok(counted) => counted,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(loss) = parts.loss(counted) {
            kept = Some((survey, parts.now, loss));
        }
        match kept {
            Some((survey, part, loss)) => Ok(Ok(Self::new(survey, part, loss)?)),
            None => Ok(Err(CaptureError::NothingReadable)),
        }
    }

    fn new(mut survey: Survey, part: u32, loss: Loss) -> Result<Self, fmt::Error> {
        let live = survey.finish()?;
        let loss = Loss {
            lacks_device: survey.header.is_none(),
            lacks_counters: survey.summary.is_none(),
            other_captures: part,
            ..loss
        };
        let totals = core::mem::take(&mut survey.totals);
        let summary = survey.summary.unwrap_or(Summary {
            started_us: totals.first_us.unwrap_or(0),
            time_us: totals.last_us,
            live_count: totals.all.live.count,
            live_bytes: totals.all.live.bytes,
            ..Summary::EMPTY
        });
        let told = survey.period.as_ref();
        let period = Period {
            started_us: summary.started_us,
            time_us: totals.last_us,
            doubtful_until_us: summary.doubtful_until_us,
            unrecorded: told.map_or_else(Default::default, |period| period.unrecorded.clone()),
        };
        let mut recording = Self {
            part,
            is_weighed: told.is_some(),
            stacks: call_stacks(&survey, &totals),
            header: survey.header.unwrap_or_default(),
            summary,
            period,
            regions: survey.regions,
            marks: survey.marks,
            history: survey.history.finish(),
            live,
            totals,
            frames: Vec::new(),
            loss,
        };
        recording.name(|address| {
            alloc::vec![Frame {
                address,
                ..Frame::default()
            }]
        });
        Ok(recording)
    }

    /// Names the frames: `functions` returns those that a call returns to, innermost first, as
    /// `symbols::Symbols::frames_of_return` does.
    pub fn name(&mut self, mut functions: impl FnMut(u64) -> Vec<Frame>) {
        self.frames.clear();
        let mut known: BTreeMap<u64, Range<usize>> = BTreeMap::new();
        let mut nameless = None;
        for stack in &mut self.stacks {
            stack.frames.clear();
            for Address(address) in &stack.stack.frames {
                let range = known.entry(*address).or_insert_with(|| {
                    let first = self.frames.len();
                    self.frames.extend(functions(*address));
                    // The last is what the others were inlined into, and there is one for each address.
                    match self.frames[first..].last_mut() {
                        Some(last) => last.inlined = false,
                        None => self.frames.push(Frame {
                            address: *address,
                            ..Frame::default()
                        }),
                    }
                    first..self.frames.len()
                });
                stack.frames.extend(range.clone());
            }
            if stack.frames.is_empty() {
                let index = *nameless.get_or_insert(self.frames.len());
                if index == self.frames.len() {
                    self.frames.push(Frame {
                        function: Some(NO_FRAMES.into()),
                        ..Frame::default()
                    });
                }
                stack.frames.push(index);
            }
        }
    }

    /// Returns the build id of the firmware; empty if it has none.
    pub fn build_id(&self) -> &BuildId {
        &self.header.build_id
    }

    /// Returns what could not be read.
    pub fn loss(&self) -> &Loss {
        &self.loss
    }

    /// Returns what all blocks add up to.
    pub fn sums(&self) -> &Sums {
        &self.totals.all
    }

    /// Returns the call stacks by id.
    pub fn stacks(&self) -> &[CallStack] {
        &self.stacks
    }

    /// Tells of what happened to blocks, in the order of time.
    pub(super) fn walk(&self, read: &mut Read<'_>, tell: &mut Tell<'_>) -> fmt::Result {
        let mut parts = Parts::default();
        let mut walk = Walk::default();
        // It was read before: what is wrong about it has been said.
        let _ = input::messages(read, &mut |message: Message, counted| {
            parts.take(&message, counted);
            match parts.now == self.part {
                true => walk.take(&message, tell),
                false => Ok(()),
            }
        })?;
        walk.finish(tell)
    }

    /// Returns a call stack.
    pub(super) fn stack(&self, id: u32) -> Option<&CallStack> {
        let place = self
            .stacks
            .binary_search_by_key(&id, |stack| stack.stack.id);
        self.stacks.get(place.ok()?)
    }

    /// Returns the functions of a call stack, innermost first, with their indices.
    pub(super) fn frames_of(
        &self,
        stack: &CallStack,
    ) -> impl DoubleEndedIterator<Item = (usize, &Frame)> {
        let frames = stack.frames.clone().into_iter();
        frames.filter_map(|index| Some((index, self.frames.get(index)?)))
    }

    /// Returns who allocated: the function of the call site, and its file and line.
    pub(super) fn call_site(&self, stack: &CallStack) -> (String, String) {
        let frames = self.frames_of(stack).map(|(_, frame)| frame.clone());
        let symbolized = SymbolizedStack::new(frames.collect());
        let Some(site) = symbolized.call_site() else {
            return Default::default();
        };
        let file = site.frame.file.as_deref();
        let at = file.map(|file| short_file(file, site.frame.line));
        let function = site.frame.function.as_deref().map(short_name);
        (
            function.unwrap_or_else(|| function_of(&site.frame).into_owned()),
            at.unwrap_or_default(),
        )
    }

    /// Returns what the firmware is called.
    pub(super) fn program(&self) -> &str {
        file_of(&self.header.firmware, &self.header.device)
    }

    /// Returns what a region is called.
    pub(super) fn region(&self, region: Option<u8>) -> Option<&str> {
        let region = self.regions.get(usize::from(region?))?;
        Some(region.name.as_str())
    }

    /// Returns the microseconds since boot of the trace's start and of the capture.
    pub(super) fn span_us(&self) -> (u64, u64) {
        let first = self.totals.first_us.unwrap_or(self.summary.started_us);
        let from = self.summary.started_us.min(first);
        (from, self.totals.last_us.max(from))
    }
}

impl CallStack {
    /// Returns the name of its task.
    pub(super) fn task(&self) -> Option<&str> {
        self.stack.task.as_ref().map(Name::as_str)
    }
}

/// Returns the name of a function, or the address where that has none.
pub(super) fn function_of(frame: &Frame) -> Cow<'_, str> {
    match frame.function.as_deref() {
        None | Some("") => Cow::Owned(format!("{:#010x}", frame.address)),
        Some(function) => Cow::Borrowed(function),
    }
}

fn call_stacks(survey: &Survey, totals: &Totals) -> Vec<CallStack> {
    let stacks = survey.stacks.values().map(|stack| {
        let task = survey.tasks.get(&stack.task);
        let parts = totals
            .sums
            .range((stack.id, None)..=(stack.id, Some(u8::MAX)));
        let by_region: Vec<_> = parts.map(|((_, region), sums)| (*region, *sums)).collect();
        let mut sums = Sums::default();
        by_region.iter().for_each(|(_, part)| sums.join(part));
        CallStack {
            stack: Stack::of(stack, task.map(|task| (&task.name, task.origin))),
            sums,
            by_region,
            peak: totals.peak_of(stack.id),
            frames: Vec::new(),
        }
    });
    stacks.collect()
}
