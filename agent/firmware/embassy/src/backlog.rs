//! A backlog of connections: who comes while no socket of the agent listens waits until one does.
//!
//! smoltcp has none, and resets such a client at once: a browser, which opens six connections at a time, would show half a page,
//! unless there were a socket for each that may come. Here the frame that opens a connection is held back instead, between
//! driver and network. That takes a hundred bytes, and a socket six thousand.

use core::cell::Cell;
use core::task::Context;

use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken};
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::waitqueue::AtomicWaker;
use heapless::Vec;

/// Connections that may wait. The peer of one more has to ask again, as TCP does after a second (RFC 6298).
const WAITING: usize = 6;
/// Bytes of the longest frame that opens one: the heads of Ethernet and IPv4, and TCP's with all of its options.
const LONGEST: usize = FRAME_HEAD + 20 + 60;

/// Bytes of the head of an Ethernet frame, where its payload's kind begins in it, and the kind that IPv4 is.
const FRAME_HEAD: usize = 14;
const ETHER_TYPE: usize = 12;
const IPV4: [u8; 2] = [8, 0];
/// Where the protocol and the sender stand in the head of IPv4 (RFC 791), and TCP's number.
const PROTOCOL: usize = 9;
const SOURCE: usize = 12;
const TCP: u8 = 6;
/// Where the flags stand in TCP's head (RFC 9293), behind both ports and more, and the two that tell who opens a connection.
const FLAGS: usize = 13;
const SYN: u8 = 1 << 1;
const ACK: u8 = 1 << 4;

/// Which sockets of the agent listen in a network.
pub(crate) struct Doors {
    listening: Mutex<CriticalSectionRawMutex, Cell<Listening>>,
    /// The network's task.
    network: AtomicWaker,
}

#[derive(Clone, Copy)]
struct Listening {
    /// Where; 0 before they are made.
    port: u16,
    /// A bit for each.
    sockets: u32,
    /// How many were let in since one of them has last told.
    admitted: u32,
    /// How many wait; unknown where the driver has no backlog.
    waiting: Option<u8>,
}

/// Those in the network that the device has joined.
pub(crate) static NETWORK: Doors = Doors::new();
/// Those at its own access point.
#[cfg(feature = "provisioning")]
pub(crate) static ACCESS_POINT: Doors = Doors::new();

impl Doors {
    const fn new() -> Self {
        Self {
            listening: Mutex::new(Cell::new(Listening {
                port: 0,
                sockets: 0,
                admitted: 0,
                waiting: None,
            })),
            network: AtomicWaker::new(),
        }
    }

    /// Notes at which port they listen.
    pub(crate) fn begin(&self, port: u16) {
        self.change(|listening| listening.port = port);
    }

    /// Notes whether one of the sockets, by its index, listens. Each is to say so every few seconds.
    pub(crate) fn note(&self, index: usize, listens: bool) {
        self.change(|listening| {
            let others = listening.sockets & !(1 << index);
            listening.sockets = others | u32::from(listens) << index;
            listening.admitted = 0;
        });
        if listens {
            self.network.wake();
        }
    }

    fn note_waiting(&self, waiting: &[Opening]) {
        self.change(|listening| listening.waiting = Some(waiting.len() as u8));
    }

    fn port(&self) -> u16 {
        self.change(|listening| listening.port)
    }

    /// Checks whether a socket listens for one who opens a connection.
    fn are_open(&self) -> bool {
        self.change(|listening| listening.sockets.count_ones() > listening.admitted)
    }

    /// Returns how many wait; `None` where the driver has no backlog.
    fn waiting(&self) -> Option<u8> {
        self.change(|listening| listening.waiting)
    }

    /// Lets in one who opens a connection, if a socket listens for it; returns whether one does.
    fn admit(&self) -> bool {
        let are_open = self.are_open();
        self.change(|listening| listening.admitted += u32::from(are_open));
        are_open
    }

    fn change<R>(&self, to: impl FnOnce(&mut Listening) -> R) -> R {
        self.listening.lock(|place| {
            let mut listening = place.get();
            let result = to(&mut listening);
            place.set(listening);
            result
        })
    }
}

/// Checks whether somebody waits for a connection to the agent, for [`Device::is_anyone_waiting`](heapbeacon::platform::Device::is_anyone_waiting).
pub fn is_anyone_waiting() -> bool {
    #[cfg(feature = "provisioning")]
    if ACCESS_POINT.waiting().is_some_and(|waiting| waiting > 0) {
        return true;
    }
    NETWORK.waiting().is_none_or(|waiting| waiting > 0)
}

/// A frame that opens a connection.
struct Opening {
    /// Address and port of who does.
    peer: ([u8; 4], [u8; 2]),
    frame: Vec<u8, LONGEST>,
}

impl Opening {
    /// Reads a frame; `None` if it opens no connection to that port, by TCP over IPv4.
    fn to(port: u16, frame: &[u8]) -> Option<Self> {
        let kind = frame.get(ETHER_TYPE..FRAME_HEAD)?;
        let packet = frame.get(FRAME_HEAD..)?;
        if kind != IPV4 || *packet.get(PROTOCOL)? != TCP {
            return None;
        }
        let words = usize::from(packet.first()? & 0xF);
        let segment = packet.get(words * size_of::<u32>()..)?;
        let (source, behind) = segment.split_first_chunk()?;
        let is_first = segment.get(FLAGS)? & (SYN | ACK) == SYN;
        (is_first && behind.starts_with(&port.to_be_bytes())).then_some(Self {
            peer: (*packet.get(SOURCE..)?.first_chunk()?, *source),
            frame: Vec::from_slice(frame).ok()?,
        })
    }
}

/// A network driver for [`embassy_net::new`], with a backlog for the agent's port. It is for drivers of Ethernet frames, such as those of Wi-Fi.
pub struct Backlog<D> {
    driver: D,
    doors: &'static Doors,
    waiting: Vec<Opening, WAITING>,
}

impl<D: Driver> Backlog<D> {
    /// Gives the driver of the agent's network a backlog.
    pub fn new(driver: D) -> Self {
        Self::at(&NETWORK, driver)
    }

    /// Gives the driver of the device's own access point a backlog.
    #[cfg(feature = "provisioning")]
    pub fn of_access_point(driver: D) -> Self {
        Self::at(&ACCESS_POINT, driver)
    }

    fn at(doors: &'static Doors, driver: D) -> Self {
        doors.note_waiting(&[]);
        Self {
            driver,
            doors,
            waiting: Vec::new(),
        }
    }
}

impl<D: Driver> Driver for Backlog<D> {
    type RxToken<'a>
        = Received<'a, D::RxToken<'a>>
    where
        Self: 'a;
    type TxToken<'a>
        = D::TxToken<'a>
    where
        Self: 'a;

    fn receive(&mut self, cx: &mut Context) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        self.doors.network.register(cx.waker());
        if !self.waiting.is_empty() && self.doors.are_open() {
            let answer = self.driver.transmit(cx)?;
            self.doors.admit();
            let opening = self.waiting.remove(0);
            self.doors.note_waiting(&self.waiting);
            return Some((Received(Frame::Held(opening)), answer));
        }
        let (frame, answer) = self.driver.receive(cx)?;
        let frame = Frame::New(frame, self.doors, &mut self.waiting);
        Some((Received(frame), answer))
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

/// A frame that was received.
pub struct Received<'a, T>(Frame<'a, T>);

enum Frame<'a, T> {
    /// One of the driver's.
    New(T, &'static Doors, &'a mut Vec<Opening, WAITING>),
    /// One that came when no socket listened for what it opens.
    Held(Opening),
}

impl<T: RxToken> RxToken for Received<'_, T> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, f: F) -> R {
        match self.0 {
            Frame::Held(mut opening) => f(&mut opening.frame),
            Frame::New(frame, doors, waiting) => frame.consume(|bytes| {
                match Opening::to(doors.port(), bytes) {
                    Some(opening) if !doors.admit() => {
                        hold(waiting, opening);
                        doors.note_waiting(waiting);
                        // Without a head, it is left out by any network stack.
                        f(&mut [])
                    }
                    _ => f(bytes),
                }
            }),
        }
    }
}

/// Holds a frame, in the place of an earlier one of the same peer; where there is no room, that peer asks again.
fn hold(waiting: &mut Vec<Opening, WAITING>, opening: Opening) {
    match waiting.iter_mut().find(|held| held.peer == opening.peer) {
        Some(held) => *held = opening,
        None => drop(waiting.push(opening)),
    }
}
