//! Memory that a reset leaves as it is, and what is kept in it: see [`postmortem`](crate::postmortem).

mod ahead;
mod area;
mod ends;
mod log;
mod memory;

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Ending, Reason};
use heapbeacon_shared::wire::{Encoder, MAX_ENCODED, Message, read_first};

pub(crate) use ahead::Ahead;
use area::{Area, Content, Found};
pub use memory::Memory;
use memory::NOTE_BYTES;

/// Why a chip began to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// It got power: memory has anything in it.
    PowerOn,
    /// Something ended the boot before; where the firmware has left a note, that says more.
    Ended(Reason),
}

/// What is known of the boots before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// None ended badly, or what was kept was deleted.
    #[default]
    Nothing,
    /// There is a post-mortem.
    Found,
    /// Memory has lost its content with the power.
    Lost,
    /// Something was kept, and is damaged.
    Damaged,
}

impl Outcome {
    /// Returns its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Found => "found",
            Self::Lost => "lost",
            Self::Damaged => "damaged",
        }
    }
}

/// Whether a note on the end of a boot was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Nothing is kept of this boot.
    Never,
    /// By somebody else: a panic within a panic leaves that as it is.
    Before,
    /// By the caller.
    Now,
}

/// Keeps what is left of a boot.
pub struct BlackBox<M: RawMutex> {
    memory: &'static Memory,
    state: Mutex<M, Cell<State>>,
    /// Whether a note on the end of this boot was begun.
    has_ended: AtomicU32,
}

#[derive(Clone, Copy)]
struct State {
    has_begun: bool,
    outcome: Outcome,
    /// How the boot before has ended, if that is known.
    before: Option<Reason>,
    /// Bytes that are kept: they were found whole when the boot began, and nobody writes there until the next one does.
    kept: usize,
    /// How often state was written ahead in this boot.
    number: u32,
    /// When an allocation last failed.
    failed_us: Option<u64>,
    /// How many lines this boot has logged.
    logged: u32,
    /// Whether they are not kept.
    discards_log: bool,
}

impl<M: RawMutex> BlackBox<M> {
    /// Makes one that keeps nothing yet.
    pub const fn new(memory: &'static Memory) -> Self {
        Self {
            memory,
            state: Mutex::new(Cell::new(State {
                has_begun: false,
                outcome: Outcome::Nothing,
                before: None,
                kept: 0,
                number: 0,
                failed_us: None,
                logged: 0,
                discards_log: false,
            })),
            has_ended: AtomicU32::new(0),
        }
    }

    /// Finds out how the boot before has ended, and begins to keep what is left of this one. To be called once, early in a boot.
    pub fn begin(&self, reset: Reset) {
        let noted = self.noted();
        let before = match (&noted, reset) {
            (Some(ending), _) => Some(ending.reason),
            (None, Reset::Ended(reason)) => Some(reason),
            // Memory outlived a short failure, or has nothing to tell.
            (None, Reset::PowerOn) => None,
        };
        let outcome = self.settle(reset, noted, before);
        ends::count(&self.memory.ends(), before);
        // The note goes last: a reset in between finds by it that what it tells of was kept.
        self.memory.log().clear();
        for area in self.memory.ahead() {
            clear(&area);
        }
        clear(&self.memory.note());
        let kept = match (outcome, self.memory.kept().find()) {
            (Outcome::Found, Found::Content(content)) => content.bytes,
            _ => 0,
        };
        self.update(|state| {
            state.has_begun = true;
            state.outcome = outcome;
            state.before = before;
            state.kept = kept;
        });
    }

    /// Returns why the boot before has ended, whether that is kept or not; `None` where nothing says why.
    pub fn before(&self) -> Option<Reason> {
        let before = self.get().before;
        before.filter(|reason| *reason != Reason::Unknown)
    }

    /// Returns how often boots have ended for each of the [reasons](Reason::ALL), since memory lost its content last; `None` before this
    /// one has begun.
    pub fn endings(&self) -> Option<[u32; Reason::ALL.len()]> {
        let has_begun = self.get().has_begun;
        has_begun.then(|| ends::counts(&self.memory.ends()))
    }

    /// Returns where it keeps what it does.
    pub fn memory(&self) -> &'static Memory {
        self.memory
    }

    /// Returns what is known of the boots before.
    pub fn outcome(&self) -> Outcome {
        self.get().outcome
    }

    /// Deletes what is kept.
    pub fn delete(&self) {
        clear(&self.memory.kept());
        self.update(|state| {
            state.outcome = Outcome::Nothing;
            state.kept = 0;
        });
    }

    /// Keeps the state that was written ahead last while the boot goes on, unless something is kept already.
    pub(crate) fn keep_now(&self, ending: Ending) {
        let state = self.get();
        if !state.has_begun || state.kept > 0 {
            return;
        }
        self.keep(ending);
        if let Found::Content(content) = self.memory.kept().find() {
            self.update(|state| {
                state.outcome = Outcome::Found;
                state.kept = content.bytes;
            });
        }
    }

    /// Reads the message of what is kept that begins at a place, and returns it with the place behind it; `None` at the end. A message
    /// that this firmware does not know is `None`.
    pub fn read(&self, at: usize) -> Option<(Option<Message>, usize)> {
        let mut bytes = [0; MAX_ENCODED];
        let taken = self.copy(at, &mut bytes);
        let (message, length) = read_first(&bytes[..taken])?;
        Some((message, at + length))
    }

    /// Copies bytes of what is kept, a stream of wire messages, from a place on; returns how many there were.
    pub fn copy(&self, at: usize, out: &mut [u8]) -> usize {
        let taken = out.len().min(self.get().kept.saturating_sub(at));
        self.memory.kept().read(at, &mut out[..taken]);
        taken
    }

    /// Begins to note how this boot ends; returns whether it has begun at all, and nobody else does already.
    pub(crate) fn begin_ending(&self) -> Begun {
        if !self.get().has_begun {
            return Begun::Never;
        }
        if self.has_ended.load(Relaxed) != 0 {
            return Begun::Before;
        }
        self.has_ended.store(1, Relaxed);
        Begun::Now
    }

    /// Returns when an allocation last failed, in microseconds since boot.
    pub(crate) fn failed_us(&self) -> Option<u64> {
        self.get().failed_us
    }

    /// Begins to write state ahead, into the area that was not written last; `None` before the boot has begun.
    pub(crate) fn write_ahead(&self) -> Option<Ahead<'_>> {
        let state = self.get();
        let number = state.number.wrapping_add(1);
        let [even, odd] = self.memory.ahead();
        let area = if number.is_multiple_of(2) { even } else { odd };
        state.has_begun.then(|| Ahead::new(area, number))
    }

    /// Seals what was written ahead.
    pub(crate) fn seal(&self, ahead: Ahead<'_>) {
        let number = ahead.seal();
        self.update(|state| state.number = number);
    }

    /// Notes that an allocation has failed. It may be called from inside the allocator.
    pub(crate) fn failed(&self, time_us: u64) {
        self.update(|state| state.failed_us = Some(time_us));
    }

    /// Notes a line that the firmware has logged; before the boot has begun, none.
    pub(crate) fn log(&self, line: &str) {
        let mut number = None;
        self.update(|state| {
            if state.has_begun && !state.discards_log {
                state.logged = state.logged.wrapping_add(1);
                number = Some(state.logged);
            }
        });
        if let Some(number) = number {
            self.memory.log().write(number, line);
        }
    }

    /// Keeps the lines that are logged from now on, or none, and none of those before.
    pub(crate) fn keep_log(&self, keeps: bool) {
        let mut is_changed = false;
        self.update(|state| {
            is_changed = state.discards_log == keeps;
            state.discards_log = !keeps;
        });
        if is_changed && !keeps {
            self.memory.log().clear();
        }
    }

    /// Notes how this boot ends.
    pub fn note(&self, ending: &Ending) {
        let note = self.memory.note();
        let mut bytes = [0; NOTE_BYTES];
        // There is room for any: `the_longest_ending_has_room` sees to it.
        let Ok(encoded) = Encoder::new().encode(&Message::Ending(ending.clone()), &mut bytes)
        else {
            return;
        };
        note.open();
        note.write(0, encoded);
        note.seal(Content {
            number: 0,
            bytes: encoded.len(),
            messages: 1,
        });
    }

    /// Returns the state that was written ahead last.
    fn newest(&self) -> Option<(Area<'_>, Content)> {
        let found = self
            .memory
            .ahead()
            .into_iter()
            .filter_map(|area| match area.find() {
                Found::Content(content) if content.bytes > 0 => Some((area, content)),
                _ => None,
            });
        found.max_by_key(|(_, content)| content.number)
    }

    fn noted(&self) -> Option<Ending> {
        let note = self.memory.note();
        let Found::Content(content) = note.find() else {
            return None;
        };
        let mut bytes = [0; NOTE_BYTES];
        note.read(0, &mut bytes[..content.bytes.min(NOTE_BYTES)]);
        match read_first(&bytes) {
            Some((Some(Message::Ending(ending)), _)) => Some(ending),
            _ => None,
        }
    }

    /// Puts together what is left of the boot before.
    fn settle(&self, reset: Reset, noted: Option<Ending>, before: Option<Reason>) -> Outcome {
        let kept = self.memory.kept();
        let [first, second] = self.memory.ahead();
        if self.memory.has_nothing_to_tell() {
            clear(&kept);
            return match reset {
                Reset::PowerOn | Reset::Ended(Reason::BrownOut) => Outcome::Lost,
                Reset::Ended(_) => Outcome::Nothing,
            };
        }
        if let Some(reason) = before.filter(|reason| *reason != Reason::Requested)
            && self.has_something_to_tell(noted.as_ref())
        {
            let ending = noted.unwrap_or(Ending {
                reason,
                ..Ending::default()
            });
            self.keep(ending);
            return Outcome::Found;
        }
        let others = [first.find(), second.find(), self.memory.note().find()];
        let is_damaged = others.contains(&Found::Damaged);
        match kept.find() {
            Found::Content(content) if content.bytes > 0 => Outcome::Found,
            Found::Content(_) if !is_damaged => Outcome::Nothing,
            _ => Outcome::Damaged,
        }
    }

    /// Checks whether there is more than what is kept already.
    fn has_something_to_tell(&self, noted: Option<&Ending>) -> bool {
        if self.newest().is_some() || self.memory.log().lines().next().is_some() {
            return true;
        }
        noted.is_some_and(|noted| {
            let is_kept = |kept: Ending| {
                // One that did not know when it was has the time of the state.
                let time_us = match noted.time_us {
                    0 => 0,
                    _ => kept.time_us,
                };
                Ending { time_us, ..kept } == *noted
            };
            !self.kept_ending().is_some_and(is_kept)
        })
    }

    /// Returns how the boot ended that is kept.
    fn kept_ending(&self) -> Option<Ending> {
        let kept = self.memory.kept();
        let Found::Content(content) = kept.find() else {
            return None;
        };
        messages(&kept, &content).find_map(|message| match message {
            Message::Ending(ending) => Some(ending),
            _ => None,
        })
    }

    /// Keeps the state that was written ahead last, and behind it how the boot ended.
    fn keep(&self, ending: Ending) {
        let kept = self.memory.kept();
        kept.open();
        let (mut len, mut messages) = (0, 0);
        let mut ending = ending;
        if let Some((area, content)) = self.newest() {
            let mut bytes = [0; 64];
            while len < content.bytes {
                let taken = bytes.len().min(content.bytes - len);
                area.read(len, &mut bytes[..taken]);
                kept.write(len, &bytes[..taken]);
                len += taken;
            }
            messages = content.messages;
            if ending.time_us == 0 {
                ending.time_us = last_us(&area, &content);
            }
        }
        let mut encoder = Encoder::behind(messages);
        let mut bytes = [0; MAX_ENCODED];
        let mut say = |message: &Message| {
            let encoded = encoder.encode(message, &mut bytes).unwrap_or_default();
            kept.write(len, encoded);
            len += encoded.len();
            messages += 1;
            encoder.finish()
        };
        for line in self.memory.log().lines() {
            say(&Message::Log(line));
        }
        let end = say(&Message::Ending(ending));
        say(&end);
        kept.seal(Content {
            number: 0,
            bytes: len,
            messages,
        });
    }

    fn get(&self) -> State {
        self.state.lock(Cell::get)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        self.state.lock(|state| {
            let mut new = state.get();
            change(&mut new);
            state.set(new);
        });
    }
}

/// Returns the time of the counters in a state.
fn last_us(area: &Area<'_>, content: &Content) -> u64 {
    let counted = messages(area, content).find_map(|message| match message {
        Message::Counters(summary) => Some(summary.time_us),
        _ => None,
    });
    counted.unwrap_or(0)
}

/// Returns the messages in an area that this firmware knows.
fn messages(area: &Area<'_>, content: &Content) -> impl Iterator<Item = Message> {
    let mut at = 0;
    let next = move || {
        let mut bytes = [0; MAX_ENCODED];
        let taken = bytes.len().min(content.bytes.checked_sub(at)?);
        area.read(at, &mut bytes[..taken]);
        let (message, length) = read_first(&bytes[..taken])?;
        at += length;
        Some(message)
    };
    core::iter::from_fn(next).flatten()
}

/// Leaves an area sealed and empty: so memory that lost its content is told from one that has nothing to tell.
fn clear(area: &Area<'_>) {
    area.open();
    area.seal(Content {
        number: 0,
        bytes: 0,
        messages: 0,
    });
}
