//! A network driver with a [backlog](heapbeacon::http::Backlog) of connections.

use core::cell::RefCell;
use core::task::Context;

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken};
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::waitqueue::AtomicWaker;
use embassy_time::Instant;
use heapbeacon::http;
pub(crate) use heapbeacon::http::Door;

/// The doors of the agent in one network.
pub(crate) struct Doors {
    backlog: Mutex<CriticalSectionRawMutex, RefCell<State>>,
    /// The network's task.
    network: AtomicWaker,
}

/// Who waits, if the driver lets somebody. An `Option` would not be zeros at first, and take as much flash.
struct State {
    has_backlog: bool,
    backlog: http::Backlog,
}

/// Those in the network that the device has joined.
pub(crate) static NETWORK: Doors = Doors::new();
/// Those at its own access point.
#[cfg(feature = "provisioning")]
pub(crate) static ACCESS_POINT: Doors = Doors::new();

impl Doors {
    const fn new() -> Self {
        Self {
            backlog: Mutex::new(RefCell::new(State {
                has_backlog: false,
                backlog: http::Backlog::new(),
            })),
            network: AtomicWaker::new(),
        }
    }

    /// Notes at which port they are.
    pub(crate) fn begin(&self, port: u16) {
        self.with(|backlog| backlog.begin(port));
    }

    /// Notes what one of the sockets does, by its index. Each is to say so at every change, and every few seconds beside.
    pub(crate) fn note(&self, index: usize, door: Door) {
        self.with(|backlog| backlog.note(index, door));
        if door == Door::Open {
            self.network.wake();
        }
    }

    fn is_anyone_waiting(&self) -> Option<bool> {
        self.with(|backlog| backlog.is_anyone_waiting(now_ms()))
    }

    /// Does something with the backlog, if there is one.
    fn with<R>(&self, work: impl FnOnce(&mut http::Backlog) -> R) -> Option<R> {
        self.backlog.lock(|state| {
            let State {
                has_backlog,
                backlog,
            } = &mut *state.borrow_mut();
            has_backlog.then(|| work(backlog))
        })
    }
}

/// Checks whether somebody waits for a connection to the agent, for [`Device::is_anyone_waiting`](heapbeacon::platform::Device::is_anyone_waiting).
pub fn is_anyone_waiting() -> Option<bool> {
    let waits = NETWORK.is_anyone_waiting();
    #[cfg(feature = "provisioning")]
    if ACCESS_POINT.is_anyone_waiting() == Some(true) {
        return Some(true);
    }
    waits
}

fn now_ms() -> u64 {
    Instant::now().as_millis()
}

/// A network driver for [`embassy_net::new`], with a backlog for the agent's port. It is for drivers of Ethernet frames, such as those of Wi-Fi.
pub struct Backlog<D> {
    driver: D,
    doors: &'static Doors,
}

impl<D: Driver> Backlog<D> {
    /// Gives the driver of the agent's network a backlog. It has to be made before the agent's sockets are.
    pub fn new(driver: D) -> Self {
        Self::at(&NETWORK, driver)
    }

    /// Gives the driver of the device's own access point a backlog.
    #[cfg(feature = "provisioning")]
    pub fn of_access_point(driver: D) -> Self {
        Self::at(&ACCESS_POINT, driver)
    }

    fn at(doors: &'static Doors, driver: D) -> Self {
        doors
            .backlog
            .lock(|state| state.borrow_mut().has_backlog = true);
        Self { driver, doors }
    }
}

impl<D: Driver> Driver for Backlog<D> {
    type RxToken<'a>
        = Received<D::RxToken<'a>>
    where
        Self: 'a;
    type TxToken<'a>
        = D::TxToken<'a>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let doors = self.doors;
        doors.network.register(cx.waker());
        if doors.with(|backlog| backlog.is_due(now_ms())) == Some(true) {
            let answer = self.driver.transmit(cx)?;
            return Some((Received(Frame::Held(doors)), answer));
        }
        let (frame, answer) = self.driver.receive(cx)?;
        Some((Received(Frame::New(frame, doors)), answer))
    }

    fn transmit(&mut self, cx: &mut Context) -> Option<Self::TxToken<'_>> {
        self.driver.transmit(cx)
    }

    fn link_state(&mut self, cx: &mut Context) -> LinkState {
        self.driver.link_state(cx)
    }

    fn capabilities(&self) -> Capabilities {
        self.driver.capabilities()
    }

    fn hardware_address(&self) -> HardwareAddress {
        self.driver.hardware_address()
    }
}

/// A frame for the network.
pub struct Received<T>(Frame<T>);

enum Frame<T> {
    /// One that the driver has received.
    New(T, &'static Doors),
    /// One that was held until a socket listened for what it opens.
    Held(&'static Doors),
}

impl<T: RxToken> RxToken for Received<T> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, f: F) -> R {
        // What has no head is left out by any network stack.
        match self.0 {
            Frame::Held(doors) => {
                let held = doors.with(|backlog| backlog.take(now_ms()));
                f(&mut held.flatten().unwrap_or_default())
            }
            Frame::New(frame, doors) => frame.consume(|bytes| {
                let is_heard = doors.with(|backlog| backlog.hear(bytes, now_ms()));
                match is_heard.unwrap_or(true) {
                    true => f(bytes),
                    false => f(&mut []),
                }
            }),
        }
    }
}
