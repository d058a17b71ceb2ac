//! What the HTTP API works on: the tracer's buffers, the dashboard's files, who may come in, and
//! how many at a time.

use core::cell::RefCell;
use core::mem::MaybeUninit;
use core::ops::Range;

use crate::http::{Guard, Memory, Places};
use crate::platform::Platform;
use crate::tracer::{Buffer, Error, Refused, Sink, State, Tracer};
use embassy_sync::blocking_mutex::Mutex;
use heapbeacon_shared::api::{Destination, Device};

use crate::warnings;

/// One file of the dashboard.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Path in the URL, with its leading slash: `/index.html`.
    pub path: &'static str,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// The file, compressed with gzip.
    pub gzip: &'static [u8],
    /// Value of `ETag`, with its quotes; differs whenever the file does.
    pub etag: &'static str,
}

/// What the HTTP API works on; a board keeps one in a static.
pub struct Agent<P: Platform> {
    /// The record buffer while the tracer does not hold it.
    spare: Mutex<P::Lock, RefCell<Option<Buffer>>>,
    /// Where it lies.
    memory: Range<usize>,
    sink: &'static dyn Sink,
    assets: &'static [Asset],
    guard: Guard,
    places: Places<P::Lock>,
}

impl<P: Platform> Agent<P> {
    /// Creates an agent that lends `buffer` to the tracer, serves `assets` as the dashboard, and
    /// has `memory` for its connections, each of which is given to [`http::serve`](crate::http::serve).
    pub fn new<const CONNECTIONS: usize, const ANSWERS: usize>(
        buffer: Buffer,
        sink: &'static dyn Sink,
        assets: &'static [Asset],
        guard: Guard,
        memory: &'static mut Memory<CONNECTIONS, ANSWERS>,
    ) -> Self {
        let agent = Self::of_lent(addresses(buffer), sink, assets, guard, memory);
        agent.put_back(Some(buffer));
        agent
    }

    /// Creates an agent whose record buffer, which lies at `records`, the tracer holds already: so a board can trace from
    /// before it has an agent.
    pub fn of_lent<const CONNECTIONS: usize, const ANSWERS: usize>(
        records: Range<usize>,
        sink: &'static dyn Sink,
        assets: &'static [Asset],
        guard: Guard,
        memory: &'static mut Memory<CONNECTIONS, ANSWERS>,
    ) -> Self {
        Self {
            spare: Mutex::new(RefCell::new(None)),
            memory: records,
            sink,
            assets,
            guard,
            places: Places::new(memory),
        }
    }

    /// Chooses where records go; the state is as before on any error.
    ///
    /// `records` are those wanted in the buffer: four for each call stack if `None`, 0 takes the buffer
    /// back from the tracer.
    ///
    /// # Errors
    /// - [`Error::InvalidArg`] with more records than [`max_records`](Self::max_records), or with
    ///   `records` for [`Destination::ToHost`], which has none.
    /// - [`Error::InvalidState`] while recording.
    /// - [`Error::NotSupported`] without the feature `tracing`.
    pub fn init(&self, destination: Destination, records: Option<u32>) -> Result<(), Error> {
        if !cfg!(feature = "tracing") {
            return Err(Error::NotSupported);
        }
        match (destination, records) {
            (Destination::ToHost, None) => P::tracer().init_tohost(self.sink),
            (Destination::ToHost, Some(_)) => Err(Error::InvalidArg),
            (Destination::Standalone, Some(0)) => self.release(),
            (Destination::Standalone, Some(n)) if n > self.max_records() => Err(Error::InvalidArg),
            (Destination::Standalone, _) => self.lend(records),
        }
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

    /// Describes the device, with what makes its traces worse than they could be.
    pub fn device(&self) -> Device {
        let mut device = P::device();
        device.uptime_us = P::tracer().now_us(device.uptime_us);
        for warning in warnings::list::<P>(self, &device) {
            // There is room for all that there are.
            let _ = device.warnings.push(warning);
        }
        device
    }

    /// Returns the files of the dashboard.
    pub(crate) fn assets(&self) -> &'static [Asset] {
        self.assets
    }

    /// Returns who may come in.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Returns the places of connections that are being served.
    pub(crate) fn places(&self) -> &Places<P::Lock> {
        &self.places
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
