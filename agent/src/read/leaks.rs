//! Reads the list of leaks: who holds live blocks, and whether that is a leak.

use core::ops::Range;

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::analysis::{Passed, judge};
use heapbeacon_shared::trace::{Births, Kind, Leak, Period, Verdict};
use heapless::Vec;

use crate::tracer::{LeakCursor, Order, Stack, Sums, Trace, TraceEnded, Tracer};

/// Leaks read at one time: as many as are listed when nobody says how many, so that this takes one query.
pub const LEAKS_AT_A_TIME: usize = 20;
/// Leaks whose births are counted at one time, in another sweep over the records: they are long.
const BIRTHS_AT_A_TIME: usize = 4;

/// Most call stacks whose frames a reader may have.
pub const MAX_KNOWN: usize = 64;

/// What a list is to hold.
#[derive(Clone, Debug)]
pub struct Asked {
    /// From when on and up to when its blocks were allocated, in microseconds since boot.
    pub times: Range<u64>,
    /// Blocks that are younger are not listed, in microseconds.
    pub min_age_us: u64,
    /// Most entries.
    pub limit: u32,
    /// What comes first.
    pub order: Order,
    /// What is said of the entries that are listed: others are left out.
    pub kinds: Kinds,
    /// Ids of call stacks whose frames the reader has: those are left out.
    pub known: Vec<u32, MAX_KNOWN>,
    /// Whether another query may end this one: then the list has no more entries.
    pub gives_way: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            times: 0..u64::MAX,
            min_age_us: 0,
            limit: LEAKS_AT_A_TIME as u32,
            order: Order::default(),
            kinds: Kinds::ALL,
            known: Vec::new(),
            gives_way: false,
        }
    }
}

/// A set of kinds of verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    /// No kind.
    pub const NONE: Self = Self(0);
    /// Every kind.
    pub const ALL: Self = Self(u16::MAX);

    /// Returns the set with one kind more.
    pub fn with(self, kind: Kind) -> Self {
        Self(self.0 | 1 << kind as u16)
    }

    /// Returns whether a kind is in the set.
    pub fn has(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u16 != 0
    }
}

/// An entry of the list.
pub struct Listed {
    /// The live blocks.
    pub leak: Leak,
    /// Who allocated them.
    pub stack: Stack,
    /// What is said of them.
    pub verdict: Verdict,
    /// Whether the reader has the frames.
    pub is_known: bool,
}

/// A bounded number of leaks.
pub struct Leaks {
    trace: Trace,
    period: Period,
    /// Blocks from then on, and from before then, are listed.
    since_us: u64,
    before_us: u64,
    cursor: LeakCursor,
    batch: Vec<Sums, LEAKS_AT_A_TIME>,
    taken: usize,
    /// Births of the next few of the batch, each with the id of its call stack.
    births: Vec<(u32, Births), BIRTHS_AT_A_TIME>,
    listed: u32,
    /// Call stacks with such blocks that were not taken yet.
    ahead: u32,
    kinds: Kinds,
    known: Vec<u32, MAX_KNOWN>,
    left: u32,
}

impl Leaks {
    /// Begins a list as of a time by the clock, in microseconds since boot; `None` while another query is running.
    pub fn begin<M: RawMutex>(tracer: &Tracer<M>, clock_us: u64, asked: &Asked) -> Option<Self> {
        loop {
            // A trace that ends meanwhile gives way to the next one.
            let Ok(mut leaks) = Self::new(tracer, clock_us, asked) else {
                continue;
            };
            if let Ok(is_read) = leaks.read(tracer) {
                return is_read.then_some(leaks);
            }
        }
    }

    fn new<M: RawMutex>(
        tracer: &Tracer<M>,
        clock_us: u64,
        asked: &Asked,
    ) -> Result<Self, TraceEnded> {
        let trace = tracer.trace();
        let time_us = tracer.now_us(clock_us);
        let period = tracer.period(trace, time_us)?;
        let before_us = time_us
            .saturating_sub(asked.min_age_us)
            .min(asked.times.end);
        Ok(Self {
            trace,
            before_us,
            since_us: asked.times.start,
            cursor: LeakCursor::before(trace, before_us)
                .since(asked.times.start)
                .at(period.recorded_until_us())
                .by(asked.order)
                .giving_way(asked.gives_way),
            period,
            batch: Vec::new(),
            taken: 0,
            births: Vec::new(),
            listed: 0,
            ahead: 0,
            kinds: asked.kinds,
            known: asked.known.clone(),
            left: asked.limit,
        })
    }

    /// Returns the trace that is read.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Returns the time that the list is of.
    pub fn period(&self) -> &Period {
        &self.period
    }

    /// Returns whether nothing was listed yet.
    pub fn is_at_start(&self) -> bool {
        self.listed == 0
    }

    /// Returns how many call stacks have such blocks: those that were listed, and those that were not looked at.
    pub fn total(&self) -> u32 {
        self.listed + self.ahead
    }

    /// Returns the next entry.
    pub fn read_next<M: RawMutex>(&mut self, tracer: &Tracer<M>) -> Option<Listed> {
        while self.left > 0 {
            if self.taken == LEAKS_AT_A_TIME {
                self.read(tracer).ok().filter(|is_read| *is_read)?;
            }
            let sums = *self.batch.get(self.taken)?;
            let births = self.births_of(tracer, sums.stack).ok()?;
            let stack = tracer.stack(self.trace, sums.stack).ok()?;
            self.taken += 1;
            self.ahead -= 1;
            // None if its last block was freed meanwhile, and its place taken.
            let listed = stack.map(|stack| self.judged(&sums, births, stack));
            if let Some(listed) = listed.filter(|listed| self.kinds.has(listed.verdict.kind)) {
                self.left -= 1;
                self.listed += 1;
                return Some(listed);
            }
        }
        None
    }

    fn judged(&self, sums: &Sums, births: Births, stack: Stack) -> Listed {
        let leak = Leak {
            stack: sums.stack,
            count: sums.count.into(),
            bytes: sums.bytes,
            oldest_us: sums.oldest_us,
            newest_us: sums.newest_us,
            outlived: sums.outlived,
            births,
        };
        // What was not asked for is no pause: the list is judged as of the time that it is of.
        let period = Period {
            started_us: self.period.started_us.max(self.since_us),
            time_us: self.period.time_us.min(self.before_us),
            ..self.period.clone()
        };
        let verdict = judge(&leak, &Passed::of(&stack), &period, Kind::TooEarly);
        Listed {
            leak,
            stack,
            verdict,
            is_known: self.known.contains(&sums.stack),
        }
    }

    /// Returns when the live blocks of a call stack of the batch were allocated.
    fn births_of<M: RawMutex>(
        &mut self,
        tracer: &Tracer<M>,
        id: u32,
    ) -> Result<Births, TraceEnded> {
        if !self.births.iter().any(|(stack, _)| *stack == id) {
            self.births.clear();
            for sums in self.batch.iter().skip(self.taken) {
                let births = Births::new(sums.oldest_us, self.period.time_us);
                if self.births.push((sums.stack, births)).is_err() {
                    break;
                }
            }
            tracer.births(self.trace, self.since_us..self.before_us, &mut self.births)?;
        }
        let mut known = self.births.iter();
        let births = known.find(|(stack, _)| *stack == id);
        Ok(births.map(|(_, births)| births.clone()).unwrap_or_default())
    }

    /// Reads the next piece of the list, at the beginning and behind each one; returns whether no other query is
    /// running.
    fn read<M: RawMutex>(&mut self, tracer: &Tracer<M>) -> Result<bool, TraceEnded> {
        let Some(ahead) = tracer.leaks(&mut self.cursor, &mut self.batch)? else {
            return Ok(false);
        };
        (self.ahead, self.taken) = (ahead, 0);
        Ok(true)
    }
}
