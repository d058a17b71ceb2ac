//! Slots: what connections share, and how each gets its turn.
//!
//! A connection has a slot for as long as it is open. There is one for each socket. To be answered, it needs a workspace, of which
//! there are fewer: it gets one when its request is complete, in the order in which requests came, and for that answer only.
//! When slots or workspaces run out, [`fairness`] chooses who gives way.

mod fairness;

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use picoserve::Timer;
use picoserve::time::Duration;

use self::fairness::{Rush, Slot, TICKS_PER_SECOND};
use crate::http::answer::chunk::Chunk;
use crate::http::answer::frame::Frame;
use crate::http::answer::reply::Reply;
use crate::http::link::{Link, Phase};
use crate::place::Place;
use crate::read::feed::Feed;

const TICK: Duration = Duration::from_millis(1000 / TICKS_PER_SECOND as u64);

/// The memory of connections that are open at a time, of those that are answered at a time, and of those that are told of
/// events; a board has it in a static.
///
/// Of all connections at most `VIEWERS` are told of events, which they may be for days: so the others are always there for
/// requests.
pub struct Memory<const CONNECTIONS: usize, const ANSWERS: usize, const VIEWERS: usize> {
    slots: [Slot; CONNECTIONS],
    workspaces: [Workspace; ANSWERS],
    idle: [Option<&'static mut Workspace>; ANSWERS],
    views: [View; VIEWERS],
    free: [Option<&'static mut View>; VIEWERS],
}

/// What it takes to tell a viewer of events.
pub(crate) struct View {
    pub(crate) feed: Feed,
    pub(crate) frame: Frame,
}

/// Where an answer is made.
struct Workspace {
    reply: Place<Reply>,
    chunk: Chunk,
}

/// What connections share.
pub(crate) struct Slots<M: RawMutex>(Mutex<M, RefCell<State>>);

struct State {
    slots: &'static mut [Slot],
    idle: &'static mut [Option<&'static mut Workspace>],
    views: &'static mut [Option<&'static mut View>],
    is_anyone_waiting: fn() -> Option<bool>,
    /// Phases that connections have come to.
    phases: u32,
    /// Connections that have ended.
    departures: u32,
    rush: Rush,
}

/// A connection that is open until this value is dropped.
pub(crate) struct ConnectionGuard<'p, M: RawMutex> {
    slots: &'p Slots<M>,
    slot: usize,
}

/// The right to make an answer, which ends when this value is dropped.
pub(crate) struct Permit<'p, M: RawMutex> {
    slots: &'p Slots<M>,
    slot: usize,
    workspace: Option<&'static mut Workspace>,
}

/// The right to be told of events, which ends when this value is dropped.
pub(crate) struct Seat<'p, M: RawMutex> {
    slots: &'p Slots<M>,
    view: Option<&'static mut View>,
}

impl<const CONNECTIONS: usize, const ANSWERS: usize, const VIEWERS: usize>
    Memory<CONNECTIONS, ANSWERS, VIEWERS>
{
    /// Returns memory for that many connections, for answers to that many of them at a time, and for that many viewers.
    #[expect(clippy::new_without_default, reason = "it is made for a static")]
    pub const fn new() -> Self {
        const { assert!(CONNECTIONS > VIEWERS && ANSWERS > 0) };
        Self {
            slots: [const { Slot::FREE }; CONNECTIONS],
            workspaces: [const { Workspace::EMPTY }; ANSWERS],
            idle: [const { None }; ANSWERS],
            views: [const { View::EMPTY }; VIEWERS],
            free: [const { None }; VIEWERS],
        }
    }
}

impl View {
    const EMPTY: Self = Self {
        feed: Feed::new(),
        frame: Frame::new(),
    };
}

impl Workspace {
    const EMPTY: Self = Self {
        reply: Place::Empty,
        chunk: Chunk::new(),
    };
}

impl<M: RawMutex> Slots<M> {
    pub(crate) fn new<const CONNECTIONS: usize, const ANSWERS: usize, const VIEWERS: usize>(
        memory: &'static mut Memory<CONNECTIONS, ANSWERS, VIEWERS>,
        is_anyone_waiting: fn() -> Option<bool>,
    ) -> Self {
        let Memory {
            slots,
            workspaces,
            idle,
            views,
            free,
        } = memory;
        for (free, view) in free.iter_mut().zip(views) {
            *free = Some(view);
        }
        for (idle, workspace) in idle.iter_mut().zip(workspaces) {
            *idle = Some(workspace);
        }
        Self(Mutex::new(RefCell::new(State {
            slots,
            idle,
            views: free,
            is_anyone_waiting,
            phases: 0,
            departures: 0,
            rush: Rush::default(),
        })))
    }

    /// Opens a connection; `None` if there are more than there is memory for.
    pub(crate) fn acquire(&self) -> Option<ConnectionGuard<'_, M>> {
        let slot = self.with(State::enter)?;
        Some(ConnectionGuard { slots: self, slot })
    }

    /// Checks whether there is no room for one more connection, which somebody waits for or may come for.
    pub(crate) fn are_short(&self) -> bool {
        self.with(|state| state.is_short())
    }

    /// Waits until it is the turn of a connection, whose request is complete.
    pub(crate) async fn permit(&self, link: &Link) -> Permit<'_, M> {
        let slot = link.slot();
        link.enter(Phase::Waiting);
        let workspace = poll_fn(|context| self.with(|state| state.take(slot, context))).await;
        link.enter(Phase::Answer);
        Permit {
            slots: self,
            slot,
            workspace: Some(workspace),
        }
    }

    /// Gives a connection a seat among those that are told of events, if one is free; it is no longer one that others can
    /// take the room of.
    pub(crate) fn seat(&self, link: &Link) -> Option<Seat<'_, M>> {
        let view = self.with(|state| state.views.iter_mut().find_map(Option::take))?;
        link.enter(Phase::Events);
        self.with(|state| state.note(link.slot(), Phase::Events, 0));
        Some(Seat {
            slots: self,
            view: Some(view),
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        self.0.lock(|state| work(&mut state.borrow_mut()))
    }
}

impl<M: RawMutex> ConnectionGuard<'_, M> {
    pub(crate) fn slot(&self) -> usize {
        self.slot
    }

    /// Keeps the others informed of how far the connection is, and waits until it has to give way to them.
    ///
    /// It has to be polled whenever the connection is.
    pub(crate) async fn watch<R, T: Timer<R>>(&self, link: &Link, timer: &T) {
        loop {
            let dismissal = poll_fn(|context| self.look(link, context));
            match select(dismissal, timer.delay(TICK)).await {
                Either::First(()) => return,
                Either::Second(()) => self.slots.with(|state| state.tick(self.slot)),
            }
        }
    }

    fn look(&self, link: &Link, context: &mut Context<'_>) -> Poll<()> {
        let is_dismissed = self.slots.with(|state| {
            state.note(self.slot, link.phase(), link.take_moved());
            state.slots[self.slot].register(context.waker());
            state.slots[self.slot].is_dismissed
        });
        match is_dismissed {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl<M: RawMutex> Drop for ConnectionGuard<'_, M> {
    fn drop(&mut self) {
        self.slots.with(|state| state.leave(self.slot));
    }
}

impl<M: RawMutex> Permit<'_, M> {
    /// Makes the answer.
    pub(crate) fn make(&mut self, make: impl FnOnce() -> Reply) {
        if let Some(workspace) = &mut self.workspace {
            workspace.reply = Place::Full(make());
        }
    }

    /// Returns the answer, if one was made, and room for its pieces.
    pub(crate) fn answer(&mut self) -> Option<(&mut Reply, &mut Chunk)> {
        let workspace = self.workspace.as_deref_mut()?;
        Some((workspace.reply.as_mut()?, &mut workspace.chunk))
    }
}

impl<M: RawMutex> Drop for Permit<'_, M> {
    fn drop(&mut self) {
        if let Some(workspace) = self.workspace.take() {
            workspace.reply = Place::Empty;
            self.slots
                .with(|state| state.put_back(self.slot, workspace));
        }
    }
}

impl<M: RawMutex> Seat<'_, M> {
    /// Returns what it takes to tell of events.
    pub(crate) fn view(&mut self) -> Option<&mut View> {
        self.view.as_deref_mut()
    }
}

impl<M: RawMutex> Drop for Seat<'_, M> {
    fn drop(&mut self) {
        let view = self.view.take();
        self.slots.with(|state| {
            if let Some(place) = state.views.iter_mut().find(|place| place.is_none()) {
                *place = view;
            }
        });
    }
}

impl State {
    fn enter(&mut self) -> Option<usize> {
        let slot = self.slots.iter().position(|slot| slot.phase.is_none())?;
        self.begin(slot, Phase::Silent);
        self.make_room();
        Some(slot)
    }

    fn leave(&mut self, slot: usize) {
        self.slots[slot] = Slot::FREE;
        self.departures = self.departures.wrapping_add(1);
        self.call_next();
    }

    fn is_short(&self) -> bool {
        let are_taken = || self.slots.iter().all(|slot| slot.phase.is_some());
        (self.is_anyone_waiting)().unwrap_or_else(are_taken)
    }

    /// Notes how far a connection is.
    fn note(&mut self, slot: usize, phase: Phase, sent: u32) {
        if self.slots[slot].phase != Some(phase) {
            self.begin(slot, phase);
            self.make_room();
        }
        self.slots[slot].send(sent);
    }

    fn begin(&mut self, slot: usize, phase: Phase) {
        self.phases = self.phases.wrapping_add(1);
        self.slots[slot].begin(phase, self.phases);
    }

    /// Gives a connection a workspace if it is the first that waits for one.
    fn take(&mut self, slot: usize, context: &mut Context<'_>) -> Poll<&'static mut Workspace> {
        if self.slots[slot].phase != Some(Phase::Waiting) {
            self.begin(slot, Phase::Waiting);
        }
        self.slots[slot].register(context.waker());
        if fairness::first_in_line(self.slots) != Some(slot) {
            return Poll::Pending;
        }
        let Some(workspace) = self.idle.iter_mut().find_map(Option::take) else {
            return Poll::Pending;
        };
        self.begin(slot, Phase::Answer);
        self.slots[slot].is_working = true;
        self.call_next();
        Poll::Ready(workspace)
    }

    fn put_back(&mut self, slot: usize, workspace: &'static mut Workspace) {
        self.slots[slot].is_working = false;
        if let Some(idle) = self.idle.iter_mut().find(|idle| idle.is_none()) {
            *idle = Some(workspace);
        }
        self.call_next();
    }

    /// Wakes who is the next to be answered, if there is a workspace.
    fn call_next(&mut self) {
        if let Some(next) = fairness::first_in_line(self.slots)
            && self.idle.iter().any(Option::is_some)
        {
            self.slots[next].wake();
        }
    }

    /// Lets a tenth of a second go by for a connection.
    fn tick(&mut self, slot: usize) {
        let is_short = self.is_short();
        self.slots[slot].tick(is_short, self.departures);
        self.rush.tick(self.slots.len());
        self.make_room();
        if fairness::first_in_line(self.slots) == Some(slot) {
            self.make_way(slot);
        }
    }

    /// Sees to it that one more connection finds room, if somebody waits for that.
    fn make_room(&mut self) {
        let ends = |slot: &Slot| slot.is_dismissed;
        if !self.is_short() || self.slots.iter().any(ends) {
            return;
        }
        if let Some(slot) = fairness::to_make_room(self.slots) {
            self.slots[slot].dismiss();
        } else if let Some(slot) = fairness::to_make_room_unheard(self.slots, self.rush.is_on()) {
            self.rush.count();
            self.slots[slot].dismiss();
        }
    }

    /// Sees to it that a request that waits is answered in the end.
    fn make_way(&mut self, slot: usize) {
        let ends = |slot: &Slot| slot.is_working && slot.is_dismissed;
        if self.idle.iter().any(Option::is_some) || self.slots.iter().any(ends) {
            return;
        }
        if let Some(slot) = fairness::to_make_way(self.slots, self.slots[slot].age) {
            self.slots[slot].dismiss();
        }
    }
}
