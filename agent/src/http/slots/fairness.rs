//! Which connection is closed when another one needs what it holds.
//!
//! Nobody has to give way while there is room, or nobody waits for it. When there is none, whoever has been answered gives way to those who have
//! not, then whoever waits for the rest of an answer, and whoever makes no progress to those who do; the limits are such that a client with a round trip of 300 ms, or a
//! lost packet, is in time.

use core::task::Waker;

use crate::http::link::Phase;

/// How often a second connections are looked at.
pub(crate) const TICKS_PER_SECOND: u16 = 10;

/// Within how many ticks a peer has to say something: its first packet comes one round trip after it connects, at the latest.
const FIRST_WORD: u16 = 5;
/// Within how many ticks, from its first byte, a request has to be complete: a lost packet is sent again after a second, and takes a
/// round trip.
const REQUEST: u16 = 15;
/// For how many ticks a peer may take nothing of an answer, or send nothing of an upload: as long.
const STALL: u16 = 15;
/// For how many ticks nothing at all may become free before the slowest gives way, though it makes progress.
const PATIENCE: u16 = 20;
/// How many ticks of progress it gets in any case.
const TENURE: u16 = 5;
/// How many of whom nothing was heard make a rush, and how many ticks after the last of them it is over.
const RUSH: u8 = 3;
const CALM: u16 = 10;

/// Whether too many come of whom nothing is heard.
#[derive(Default)]
pub(crate) struct Rush {
    unheard: u8,
    ticks: u16,
}

impl Rush {
    pub(crate) fn is_on(&self) -> bool {
        self.unheard >= RUSH
    }

    /// Counts one of whom nothing was heard.
    pub(crate) fn count(&mut self) {
        self.unheard = self.unheard.saturating_add(1);
        self.ticks = 0;
    }

    /// Counts a tick of one of so many connections.
    pub(crate) fn tick(&mut self, connections: usize) {
        self.ticks = self.ticks.saturating_add(1);
        if usize::from(self.ticks) >= usize::from(CALM) * connections {
            *self = Self::default();
        }
    }
}

/// What is known of one connection.
pub(crate) struct Slot {
    /// `None` if there is no connection.
    pub(crate) phase: Option<Phase>,
    /// A number that grows with each phase that a connection comes to.
    pub(crate) since: u32,
    /// Ticks since it came to its phase.
    pub(crate) age: u16,
    /// Ticks since the peer took something, or sent something of an upload.
    pub(crate) quiet: u16,
    /// Ticks since any connection has ended, while others wait for a slot.
    pub(crate) pressed: u16,
    /// How many connections had ended at the last tick.
    departures: u32,
    /// What the peer has taken of the answer, in bytes.
    pub(crate) sent: u32,
    /// Whether it holds a workspace.
    pub(crate) is_working: bool,
    /// Whether it was told to end.
    pub(crate) is_dismissed: bool,
    /// What polls it.
    waker: Option<Waker>,
}

impl Slot {
    pub(crate) const FREE: Self = Self {
        phase: None,
        since: 0,
        age: 0,
        quiet: 0,
        pressed: 0,
        departures: 0,
        sent: 0,
        is_working: false,
        is_dismissed: false,
        waker: None,
    };

    /// Begins a phase.
    pub(crate) fn begin(&mut self, phase: Phase, since: u32) {
        // Who says its first word waits for as long as it did before.
        if self.phase != Some(Phase::Silent) || phase != Phase::Request {
            self.since = since;
        }
        self.phase = Some(phase);
        self.age = 0;
        self.quiet = 0;
        self.pressed = 0;
        self.sent = 0;
    }

    /// Counts a tick.
    pub(crate) fn tick(&mut self, is_short: bool, departures: u32) {
        self.age = self.age.saturating_add(1);
        self.quiet = self.quiet.saturating_add(1);
        self.pressed = match is_short && departures == self.departures {
            true => self.pressed.saturating_add(1),
            false => 0,
        };
        self.departures = departures;
    }

    /// Notes that the peer has taken bytes, or sent some of an upload.
    pub(crate) fn send(&mut self, bytes: u32) {
        if bytes > 0 {
            self.quiet = 0;
            self.sent = self.sent.saturating_add(bytes);
        }
    }

    /// Asks the connection to end.
    pub(crate) fn dismiss(&mut self) {
        self.is_dismissed = true;
        self.wake();
    }

    pub(crate) fn register(&mut self, waker: &Waker) {
        match &mut self.waker {
            Some(known) => known.clone_from(waker),
            None => self.waker = Some(waker.clone()),
        }
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    pub(crate) fn is_in(&self, phase: Phase) -> bool {
        self.phase == Some(phase) && !self.is_dismissed
    }

    /// Checks whether the peer has had its time.
    fn is_overdue(&self) -> bool {
        match self.phase {
            Some(Phase::Silent) => self.age >= FIRST_WORD,
            Some(Phase::Request) => self.age >= REQUEST,
            Some(Phase::Answer) => self.quiet >= STALL,
            Some(Phase::Upload) => self.quiet >= STALL,
            _ => false,
        }
    }

    /// Checks whether it has asked for nothing yet, and still has time.
    fn is_fresh(&self) -> bool {
        let has_asked = !self.is_in(Phase::Silent) && !self.is_in(Phase::Request);
        !has_asked && !self.is_overdue()
    }

    /// Returns bytes a tick.
    fn rate(&self) -> u32 {
        self.sent / u32::from(self.age.max(1))
    }
}

/// Chooses who gives way to a connection that is to come, when there is no free slot.
pub(crate) fn to_make_room(slots: &[Slot]) -> Option<usize> {
    oldest(slots, |slot| slot.is_in(Phase::Closing))
        .or_else(|| oldest(slots, |slot| slot.is_in(Phase::Idle)))
        .or_else(|| oldest(slots, |slot| slot.is_in(Phase::Pausing)))
        .or_else(|| oldest(slots, |slot| !slot.is_dismissed && slot.is_overdue()))
        .or_else(|| {
            let is_held_up = |slot: &Slot| slot.is_in(Phase::Answer) && slot.pressed >= PATIENCE;
            slowest(slots, is_held_up)
        })
}

/// Chooses who gives way then among those who have not asked yet though they still have time: the last who came, for all
/// others were there before, once those who are near would have asked.
///
/// In a rush, when too many came of whom nothing was heard, one after the other would hold up everybody for that long. So
/// only half of all slots are theirs for their whole time, and one who is far away is heard; the others follow
/// each other as fast as they come, and one who is near is heard.
pub(crate) fn to_make_room_unheard(slots: &[Slot], is_rush: bool) -> Option<usize> {
    let earlier = |slot: &Slot| {
        let is_earlier = |other: &&Slot| other.is_fresh() && is_before(other.since, slot.since);
        slots.iter().filter(is_earlier).count()
    };
    if is_rush {
        return oldest(slots, |slot| {
            slot.is_fresh() && earlier(slot) >= slots.len() / 2
        });
    }
    let last = choose(slots, Slot::is_fresh, |slot, best| {
        is_before(best.since, slot.since)
    })?;
    (slots[last].age > 0).then_some(last)
}

/// Chooses who gives its workspace up for a request that has waited for so many ticks.
pub(crate) fn to_make_way(slots: &[Slot], waited: u16) -> Option<usize> {
    let is_working = |slot: &Slot| slot.is_working && !slot.is_dismissed;
    oldest(slots, |slot| is_working(slot) && slot.is_overdue()).or_else(|| {
        let is_long = |slot: &Slot| is_working(slot) && slot.age >= TENURE;
        slowest(slots, is_long).filter(|_| waited >= PATIENCE)
    })
}

/// Returns who waits for a workspace first.
pub(crate) fn first_in_line(slots: &[Slot]) -> Option<usize> {
    oldest(slots, |slot| slot.is_in(Phase::Waiting))
}

fn oldest(slots: &[Slot], is_meant: impl Fn(&Slot) -> bool) -> Option<usize> {
    choose(slots, is_meant, |slot, best| {
        is_before(slot.since, best.since)
    })
}

fn slowest(slots: &[Slot], is_meant: impl Fn(&Slot) -> bool) -> Option<usize> {
    choose(slots, is_meant, |slot, best| slot.rate() < best.rate())
}

fn choose(
    slots: &[Slot],
    is_meant: impl Fn(&Slot) -> bool,
    is_better: impl Fn(&Slot, &Slot) -> bool,
) -> Option<usize> {
    let meant = slots.iter().enumerate().filter(|(_, slot)| is_meant(slot));
    let best = meant.reduce(|best, next| match is_better(next.1, best.1) {
        true => next,
        false => best,
    });
    best.map(|(index, _)| index)
}

/// Compares numbers that begin again at zero when there are no more.
fn is_before(one: u32, other: u32) -> bool {
    (one.wrapping_sub(other) as i32) < 0
}
