//! From a stream of events to the blocks that are live.

use alloc::collections::BTreeMap;

use crate::trace::{Address, Record};
use crate::wire::{Event, Events, FreedBlock, Header, Message};

type Blocks = BTreeMap<Address, Record>;

/// The live blocks, as an event connection tells of them.
///
/// They are all only while [`is_complete`](Self::is_complete): from the end of a snapshot until events are dropped.
///
/// ```
/// use heapbeacon_shared::capture::LiveBlocks;
/// use heapbeacon_shared::trace::Record;
/// use heapbeacon_shared::wire::{Event, EventWriter, Message, Snapshot, SnapshotEnd};
///
/// let mut writer = EventWriter::default();
/// writer.push(&Event::Allocated(Record { size: 32, ..Record::default() }));
/// let mut live = LiveBlocks::new();
/// live.take(&Message::Snapshot(Snapshot::default()), |_| ());
/// live.take(&Message::SnapshotEnd(SnapshotEnd::default()), |_| ());
/// live.take(&Message::Events(writer.take()), |_| ());
/// assert!(live.is_complete() && live.iter().map(|block| block.size).eq([32]));
/// ```
#[derive(Clone, Debug, Default)]
pub struct LiveBlocks {
    blocks: Blocks,
    /// Those from before a snapshot that it has not named yet.
    unnamed: Blocks,
    /// The last block that the running snapshot may name.
    until: u64,
    state: State,
    /// Boot and trace.
    trace: Option<(u32, u32)>,
    dropped: u64,
    damaged: u64,
}

/// What is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Parts,
    /// Parts, of which there will be more.
    Snapshot,
    Everything,
}

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was handed out, or was found to be live.
    Allocated(Record),
    /// It was given back.
    Freed(Record, FreedBlock),
    /// It was given back, at the latest at this time, and nobody saw it: events were dropped, or its address was handed out again.
    Vanished(Record, u64),
}

impl LiveBlocks {
    /// Begins with a connection: nothing is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next message, and tells of what became of each block by that.
    ///
    /// A header of another trace begins anew, without a word on the blocks of the trace before.
    pub fn take(&mut self, message: &Message, mut tell: impl FnMut(Change)) {
        match message {
            Message::Header(header) => self.header(header),
            Message::Events(events) => self.events(events, &mut tell),
            Message::Live(events) => self.named(events, &mut tell),
            Message::Dropped(dropped) => {
                self.dropped = self.dropped.saturating_add(dropped.events);
                self.state = State::Parts;
            }
            Message::Snapshot(snapshot) => {
                // What a snapshot before this one has not come to is still to be found.
                self.unnamed.append(&mut self.blocks);
                self.until = snapshot.until;
                self.state = State::Snapshot;
            }
            Message::SnapshotEnd(_) => self.end_snapshot(&mut tell),
            _ => {}
        }
    }

    /// Checks whether these are all blocks that the agent knows to be live.
    pub fn is_complete(&self) -> bool {
        self.state == State::Everything
    }

    /// Returns the blocks that are known to be live, by address. During a snapshot those that it has not named yet are left out.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.blocks.values()
    }

    /// Returns how many events were dropped since the connection began.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns how many messages could be read in part only.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    fn header(&mut self, header: &Header) {
        let trace = Some((header.boot_id, header.trace_id));
        if self.trace != trace {
            *self = Self {
                trace,
                dropped: self.dropped,
                damaged: self.damaged,
                ..Self::default()
            };
        }
    }

    fn events(&mut self, events: &Events, tell: &mut impl FnMut(Change)) {
        for event in events.iter() {
            match event {
                Ok(Event::Allocated(record)) => self.allocated(record, tell),
                Ok(Event::Freed(freed)) => self.freed(freed, tell),
                Err(_) => self.damage(),
            }
        }
    }

    fn allocated(&mut self, record: Record, tell: &mut impl FnMut(Change)) {
        let before = self.blocks.insert(record.address, record);
        let unnamed = self.unnamed.remove(&record.address);
        for gone in [before, unnamed].into_iter().flatten() {
            tell(Change::Vanished(gone, record.seq));
        }
        tell(Change::Allocated(record));
    }

    fn freed(&mut self, freed: FreedBlock, tell: &mut impl FnMut(Change)) {
        let named = self.blocks.remove(&freed.address);
        let unnamed = self.unnamed.remove(&freed.address);
        if let Some(record) = named.or(unnamed) {
            tell(Change::Freed(record, freed));
        }
    }

    /// Takes blocks that a snapshot names.
    fn named(&mut self, events: &Events, tell: &mut impl FnMut(Change)) {
        for event in events.iter() {
            let Ok(Event::Allocated(record)) = event else {
                self.damage();
                continue;
            };
            let known = self.unnamed.remove(&record.address);
            self.blocks.insert(record.address, record);
            if known.is_some_and(|known| known.seq == record.seq) {
                continue;
            }
            if let Some(gone) = known {
                tell(Change::Vanished(gone, record.seq));
            }
            tell(Change::Allocated(record));
        }
    }

    fn end_snapshot(&mut self, tell: &mut impl FnMut(Change)) {
        if self.state == State::Snapshot {
            self.state = State::Everything;
        }
        for gone in core::mem::take(&mut self.unnamed).into_values() {
            tell(Change::Vanished(gone, self.until));
        }
    }

    fn damage(&mut self) {
        self.damaged += 1;
        self.state = State::Parts;
    }
}
