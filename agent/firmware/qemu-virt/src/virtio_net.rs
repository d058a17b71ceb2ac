//! QEMU's network card: virtio-net over MMIO, as a driver of embassy-net.
//!
//! The card's buffers are statics. Each frame is copied to the heap and from there, as a Wi-Fi driver's frames are: without
//! that this board could not show what becomes of its network when the heap is full.

use core::cell::RefCell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;
use heapless::Vec;
use static_cell::ConstStaticCell;
use virtio_drivers::device::net::VirtIONetRaw;
use virtio_drivers::transport::mmio::{MmioTransport, VirtIOHeader};
use virtio_drivers::transport::{DeviceType, Transport};

use crate::dma::StaticPages;
use crate::interrupts;
use crate::mmio::Register;

/// Where `virt` has its eight virtio slots, and the interrupt of the first.
const FIRST_SLOT: usize = 0x1000_1000;
const SLOT_BYTES: usize = 0x1000;
const SLOTS: u32 = 8;

/// Offsets in a slot (Virtio 1.2, 4.2.2, and 5.1.4 for the status of the link).
const INTERRUPT_STATUS: usize = 0x60;
const INTERRUPT_ACKNOWLEDGE: usize = 0x64;
const LINK_STATUS: usize = 0x106;
const LINK_IS_UP: u16 = 1;

/// An Ethernet frame of 1,514 bytes and the card's header of 12.
const BUFFER_BYTES: usize = 1536;
/// Largest frame: 1,500 bytes of payload, the usual MTU, behind 14 of addresses and type.
const FRAME_BYTES: usize = 1514;
/// Places in each queue of the card; a power of two.
const QUEUE: usize = 16;
/// Buffers that wait for frames. A full receive window of every connection is less.
const RECEIVE: usize = 12;
/// Buffers for frames on their way out.
const TRANSMIT: usize = 8;

static BUFFERS: ConstStaticCell<[[u8; BUFFER_BYTES]; RECEIVE + TRANSMIT]> =
    ConstStaticCell::new([[0; BUFFER_BYTES]; RECEIVE + TRANSMIT]);
static WAKER: AtomicWaker = AtomicWaker::new();
/// First address of the card's slot, once it was found.
static SLOT: AtomicUsize = AtomicUsize::new(0);

type Buffer = &'static mut [u8; BUFFER_BYTES];
/// A frame in the heap.
type Frame = alloc::vec::Vec<u8>;
type Raw = VirtIONetRaw<StaticPages, MmioTransport<'static>, QUEUE>;

/// The network card.
pub struct Card(RefCell<Queues>);

struct Queues {
    raw: Raw,
    /// Buffers that the card holds, by the token that it gave for each.
    receiving: [Option<Buffer>; QUEUE],
    transmitting: [Option<Outgoing>; QUEUE],
    idle: Vec<Buffer, { RECEIVE + TRANSMIT }>,
}

/// A frame on its way out.
struct Outgoing {
    buffer: Buffer,
    len: usize,
    /// As long as a Wi-Fi driver holds its own copy.
    _copy: Frame,
}

/// A frame that has come.
pub struct Received {
    frame: Frame,
}

/// Room for a frame that is to go.
pub struct Room<'c>(&'c RefCell<Queues>);

/// Acknowledges an interrupt and wakes the network stack.
fn interrupted() {
    let status = slot_register::<u32>(INTERRUPT_STATUS).read();
    slot_register(INTERRUPT_ACKNOWLEDGE).write(status);
    WAKER.wake();
}

/// Names a register of the card's slot; only called once a card was found.
fn slot_register<T: Copy>(offset: usize) -> Register<T> {
    // SAFETY: an offset of this file, in a slot that was found to hold a card.
    unsafe { Register::new(SLOT.load(Relaxed) + offset) }
}

impl Card {
    /// Finds the card and lets its interrupt in. It can be found once.
    pub fn find() -> Option<Self> {
        let (slot, transport) = (0..SLOTS).find_map(|slot| Some((slot, network_card(slot)?)))?;
        let raw = Raw::new(transport).ok()?;
        let buffers = BUFFERS.try_take()?;
        let mut queues = Queues {
            raw,
            receiving: [const { None }; QUEUE],
            transmitting: [const { None }; QUEUE],
            idle: buffers.iter_mut().collect(),
        };
        for _ in 0..RECEIVE {
            let buffer = queues.idle.pop()?;
            queues.receive_into(buffer);
        }
        queues.raw.enable_interrupts();
        SLOT.store(address_of(slot), Relaxed);
        interrupts::enable(slot + 1, interrupted);
        Some(Self(RefCell::new(queues)))
    }
}

fn address_of(slot: u32) -> usize {
    FIRST_SLOT + SLOT_BYTES * slot as usize
}

/// Returns the transport of a slot if a network card is in it.
fn network_card(slot: u32) -> Option<MmioTransport<'static>> {
    let header = NonNull::new(address_of(slot) as *mut VirtIOHeader)?;
    // SAFETY: a slot of `virt`, which nobody else drives.
    let transport = unsafe { MmioTransport::new(header, SLOT_BYTES) }.ok()?;
    (transport.device_type() == DeviceType::Network).then_some(transport)
}

impl Queues {
    /// Hands a buffer to the card for the next frame that comes.
    fn receive_into(&mut self, buffer: Buffer) {
        // SAFETY: the buffer is a static, and is not touched until the card gives it back.
        match unsafe { self.raw.receive_begin(buffer) } {
            Ok(token) => self.receiving[usize::from(token)] = Some(buffer),
            Err(_) => debug_assert!(false, "the queue has more places than there are buffers"),
        }
    }

    /// Takes the next frame that the heap has room for; others are lost, as frames may be.
    fn take_received(&mut self) -> Option<Frame> {
        loop {
            let token = self.raw.poll_receive()?;
            let buffer = self.receiving[usize::from(token)].take()?;
            // SAFETY: this buffer was handed over for this token.
            let parts = unsafe { self.raw.receive_complete(token, buffer) };
            let frame = parts
                .ok()
                .and_then(|(start, len)| copy_to_heap(&buffer[start..][..len]));
            self.receive_into(buffer);
            if frame.is_some() {
                return frame;
            }
        }
    }

    /// Takes back the buffers of frames that have gone, and tells whether one is idle.
    fn can_transmit(&mut self) -> bool {
        while let Some(token) = self.raw.poll_transmit() {
            let Some(outgoing) = self.transmitting[usize::from(token)].take() else {
                break;
            };
            let Outgoing { buffer, len, .. } = outgoing;
            // SAFETY: this buffer was handed over for this token.
            let gone = unsafe { self.raw.transmit_complete(token, &buffer[..len]) };
            debug_assert!(gone.is_ok(), "the card gave this token");
            let _ = self.idle.push(buffer);
        }
        !self.idle.is_empty()
    }

    fn transmit(&mut self, buffer: Buffer, len: usize) {
        let copy = copy_to_heap(&buffer[..len]);
        // SAFETY: the buffer is a static, and is not touched until the card gives it back.
        let begun = copy.map(|copy| (unsafe { self.raw.transmit_begin(&buffer[..len]) }, copy));
        match begun {
            Some((Ok(token), _copy)) => {
                let outgoing = Outgoing { buffer, len, _copy };
                self.transmitting[usize::from(token)] = Some(outgoing);
            }
            // The frame is lost, as frames may be: the transport sends it again.
            _ => drop(self.idle.push(buffer)),
        }
    }
}

/// Copies a frame to the heap, as a Wi-Fi driver does with each; `None` where that has no room.
fn copy_to_heap(bytes: &[u8]) -> Option<Frame> {
    let mut copy = Frame::new();
    copy.try_reserve_exact(bytes.len()).ok()?;
    copy.extend_from_slice(bytes);
    Some(copy)
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, work: F) -> R {
        work(&mut self.frame)
    }
}

impl TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, work: F) -> R {
        let mut queues = self.0.borrow_mut();
        let buffer = queues
            .idle
            .pop()
            .expect("there was one when the token was made");
        let header = queues
            .raw
            .fill_buffer_header(buffer)
            .expect("it is larger than a header");
        let result = work(&mut buffer[header..][..len]);
        queues.transmit(buffer, header + len);
        result
    }
}

impl Driver for Card {
    type RxToken<'c> = Received;
    type TxToken<'c> = Room<'c>;

    fn receive(&mut self, context: &mut Context<'_>) -> Option<(Received, Room<'_>)> {
        WAKER.register(context.waker());
        let queues = self.0.get_mut();
        if !queues.can_transmit() {
            return None;
        }
        let frame = queues.take_received()?;
        Some((Received { frame }, Room(&self.0)))
    }

    fn transmit(&mut self, context: &mut Context<'_>) -> Option<Room<'_>> {
        WAKER.register(context.waker());
        self.0.get_mut().can_transmit().then_some(Room(&self.0))
    }

    fn link_state(&mut self, context: &mut Context<'_>) -> LinkState {
        WAKER.register(context.waker());
        if slot_register::<u16>(LINK_STATUS).read() & LINK_IS_UP != 0 {
            LinkState::Up
        } else {
            LinkState::Down
        }
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME_BYTES;
        capabilities.max_burst_size = Some(TRANSMIT);
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.0.borrow().raw.mac_address())
    }
}
