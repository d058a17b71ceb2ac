//! What lives beside the tracer: the buffer that it is lent, and the ring of events for hosts.

use core::cell::RefCell;
use core::mem::MaybeUninit;
use core::ops::Range;

use crate::platform::Platform;
use crate::tracer::{Buffer, Error, Refused, Ring, State, Tracer};
use embassy_sync::blocking_mutex::Mutex;
use heapbeacon_shared::trace::Destination;

/// Owns what the tracer records into, and chooses where records go.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/board.rs"));
/// # fn main() -> Result<(), heapbeacon::tracer::Error> {
/// # #[cfg(feature = "tracing")] {
/// use heapbeacon::Recorder;
/// use heapbeacon::tracer::{Destination, Mode, EventRing, State};
///
/// static EVENTS: EventRing<64> = EventRing::new();
///
/// // On a device, a static: 32 KiB hold about 525 records.
/// let buffer = vec![std::mem::MaybeUninit::uninit(); 4096].leak();
/// let recorder: Recorder<Board> = Recorder::new(buffer, &EVENTS);
/// recorder.init(Destination::Standalone, None)?;
/// Board::tracer().start(Mode::Leaks, Board::now_us())?;
/// assert_eq!(Board::tracer().summary().state, State::Recording);
/// # }
/// # Ok(())
/// # }
/// ```
pub struct Recorder<P: Platform> {
    /// The record buffer while the tracer does not hold it.
    spare: Mutex<P::Lock, RefCell<Option<Buffer>>>,
    /// Where it lies.
    memory: Range<usize>,
    ring: &'static Ring,
}

impl<P: Platform> Recorder<P> {
    /// Creates a recorder that lends `buffer` to the tracer, and has it tell hosts of events by way of `ring`.
    pub fn new(buffer: Buffer, ring: &'static Ring) -> Self {
        let recorder = Self::of_lent(addresses(buffer), ring);
        recorder.put_back(Some(buffer));
        recorder
    }

    /// Creates a recorder whose buffer, which lies at `memory`, the tracer holds already: so a board can trace from
    /// before it has a recorder.
    pub fn of_lent(memory: Range<usize>, ring: &'static Ring) -> Self {
        Self {
            spare: Mutex::new(RefCell::new(None)),
            memory,
            ring,
        }
    }

    /// Chooses where records go; the state is as before on any error.
    ///
    /// `records` are those wanted in the buffer: four for each call stack if `None`, 0 takes the buffer
    /// back from the tracer. For [`Destination::ToHost`], `None` leaves a buffer that the tracer has as it is.
    ///
    /// # Errors
    /// - [`Error::InvalidArg`] with more records than [`max_records`](Self::max_records), or with none for
    ///   [`Destination::ToHost`]: they name the call stacks, and tell a host what it has missed.
    /// - [`Error::InvalidState`] while recording.
    /// - [`Error::NotSupported`] without the feature `tracing`.
    pub fn init(&self, destination: Destination, records: Option<u32>) -> Result<(), Error> {
        if !cfg!(feature = "tracing") {
            return Err(Error::NotSupported);
        }
        match (destination, records) {
            (Destination::ToHost, Some(0)) => Err(Error::InvalidArg),
            (_, Some(records)) if records > self.max_records() => Err(Error::InvalidArg),
            (Destination::Standalone, Some(0)) => self.release(),
            (Destination::Standalone, _) => self.lend(records),
            (Destination::ToHost, _) => self.tell_hosts(records),
        }
    }

    /// Tells hosts of events, and lends the buffer where the tracer has none, or is to split it anew.
    fn tell_hosts(&self, records: Option<u32>) -> Result<(), Error> {
        if records.is_some() || P::tracer().summary().capacity == 0 {
            self.lend(records)?;
        }
        P::tracer().init_tohost(self.ring)
    }

    /// Returns the most records that [`init`](Self::init) accepts: with more, there would be no room for
    /// their call stacks (see [`Tracer::max_records`]).
    pub fn max_records(&self) -> u32 {
        Tracer::<P::Lock>::max_records(self.memory.len())
    }

    /// Returns where the record buffer lies.
    pub fn memory(&self) -> Range<usize> {
        self.memory.clone()
    }

    fn lend(&self, records: Option<u32>) -> Result<(), Error> {
        if P::tracer().summary().state == State::Recording {
            return Err(Error::InvalidState);
        }
        if !P::is_interrupt_safe(self.memory.clone()) || self.max_records() == 0 {
            return Err(Error::InvalidArg);
        }
        self.release()?;
        let buffer = self.take().ok_or(Error::InvalidState)?;
        match P::tracer().init_standalone(buffer, records) {
            Ok(old) => {
                self.put_back(old);
                Ok(())
            }
            Err(Refused { error, buffer }) => {
                self.put_back(Some(buffer));
                Err(error)
            }
        }
    }

    fn release(&self) -> Result<(), Error> {
        self.put_back(P::tracer().release()?);
        Ok(())
    }

    fn take(&self) -> Option<Buffer> {
        self.spare.lock(|spare| spare.take())
    }

    fn put_back(&self, buffer: Option<Buffer>) {
        if buffer.is_some() {
            self.spare.lock(|spare| spare.replace(buffer));
        }
    }
}

/// Returns the addresses of a buffer.
fn addresses(buffer: &[MaybeUninit<u64>]) -> Range<usize> {
    let range = buffer.as_ptr_range();
    range.start as usize..range.end as usize
}
