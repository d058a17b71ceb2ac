//! An agent whose event connection tells of more than its workload does: all else is the agent's own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use heapbeacon_shared::api::{EVENTS_PROTOCOL, Route};
use heapbeacon_shared::trace::{
    Address, BuildId, Destination, Mark, Mode, Record, Stack, State, Summary,
};
use heapbeacon_shared::wire::{
    Encoder, Event, EventWriter, FreedBlock, Header, HeapRegion, MAX_ENCODED, Message,
};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{self, accept_hdr};

use super::client::Client;
use super::far::join;

/// Call stacks that allocate.
const STACKS: u64 = 64;
/// Half of the blocks that are live at a time.
const LIVE: u64 = 1_000;
/// Places that blocks have in turn: one more, so that a block is freed before another one takes its place.
const PLACES: u64 = 2 * LIVE + 1;
/// Where the first block lies, and bytes from one to the next.
const START: u64 = 0x3fc8_0000;
const SPACING: u64 = 192;
/// Bytes of a frame, as a device fills it.
const FRAME: usize = 1_408;
/// Longer than the first line of a request for events.
const REQUEST_LINE: usize = 32;

/// Events that are told on every event connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flood {
    pub(crate) events: u64,
    /// At most so many; as many as the page takes, if `None`.
    pub(crate) per_second: Option<u64>,
}

/// A frame, and how many events were told by its end.
struct Frame {
    bytes: Vec<u8>,
    events: u64,
}

impl Flood {
    /// Stands before an agent until the test's process ends, and returns the URL.
    pub(crate) fn before(self, client: &Client) -> String {
        let agent: SocketAddr = client.authority().parse().expect("it is an address");
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it has an address");
        let frames = Arc::new(self.frames(&[]));
        thread::spawn(move || {
            for visitor in listener.incoming().map_while(Result::ok) {
                let frames = Arc::clone(&frames);
                // A browser that goes away in between is no failure.
                thread::spawn(move || match asks_for_events(&visitor) {
                    true => self.tell(&visitor, &frames).is_ok(),
                    false => TcpStream::connect(agent)
                        .and_then(|agent| join(visitor, agent, Duration::ZERO))
                        .is_ok(),
                });
            }
        });
        format!("http://{address}")
    }

    /// Returns all that is told, as somebody has it who saves it.
    pub(crate) fn saved(self) -> Vec<u8> {
        let frames = self
            .frames(&[region(), Message::Counters(self.counters()), self.mark()])
            .into_iter();
        frames.flat_map(|frame| frame.bytes).collect()
    }

    fn tell(&self, visitor: &TcpStream, frames: &[Frame]) -> Result<(), Box<tungstenite::Error>> {
        #[allow(clippy::result_large_err, reason = "the trait wants it so")]
        let choose = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
            let protocol = HeaderValue::from_static(EVENTS_PROTOCOL);
            response
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", protocol);
            Ok(response)
        };
        let Ok(mut socket) = accept_hdr(visitor, choose) else {
            return Ok(());
        };
        let started = Instant::now();
        for frame in frames {
            if let Some(per_second) = self.per_second {
                let due = Duration::from_millis(frame.events * 1_000 / per_second);
                thread::sleep(due.saturating_sub(started.elapsed()));
            }
            socket.send(tungstenite::Message::binary(frame.bytes.clone()))?;
        }
        // Until the page leaves.
        while socket.read().is_ok() {}
        Ok(())
    }

    /// A moment that was named while as many blocks were live as at the end.
    fn mark(&self) -> Message {
        Message::Mark(Mark {
            name: "late".try_into().expect("short"),
            time_us: event_time(self.events.saturating_sub(LIVE)),
            ..Mark::default()
        })
    }

    /// Returns what a device has counted that has told of all.
    fn counters(&self) -> Summary {
        let allocations = self.events / 2 + LIVE;
        Summary {
            time_us: event_time(self.events),
            state: State::Recording,
            destination: Some(Destination::ToHost),
            mode: Some(Mode::All),
            capacity: LIVE as u32,
            total_allocations: allocations,
            matched_frees: self.events - allocations,
            live_count: 2 * allocations - self.events,
            ..Summary::default()
        }
    }

    fn frames(&self, about: &[Message]) -> Vec<Frame> {
        let mut encoder = Encoder::new();
        let mut buffer = [0; MAX_ENCODED];
        let mut frames: Vec<Frame> = Vec::new();
        let mut put = |message: &Message, events: u64| {
            let bytes = encoder
                .encode(message, &mut buffer)
                .expect("it is a message");
            match frames.last_mut() {
                Some(frame) if frame.bytes.len() + bytes.len() <= FRAME => {
                    frame.bytes.extend_from_slice(bytes);
                    frame.events = events;
                }
                _ => frames.push(Frame {
                    bytes: bytes.to_vec(),
                    events,
                }),
            }
        };
        put(&Message::Header(header()), 0);
        about.iter().for_each(|message| put(message, 0));
        for stack in 1..=STACKS {
            put(&Message::Stack(call_stack(stack)), 0);
        }
        let mut writer = EventWriter::default();
        for number in 0..self.events {
            let event = event(number);
            if !writer.push(&event) {
                put(&Message::Events(writer.take()), number);
                assert!(writer.push(&event), "an empty message has room");
            }
        }
        put(&Message::Events(writer.take()), self.events);
        frames
    }
}

fn header() -> Header {
    Header {
        // Of no build here, and of the same one whenever it is told.
        build_id: BuildId::new(&[0xf1, 0x00, 0xd0, 0x01]),
        pointer_bytes: 4,
        tick_hz: 1_000_000,
        boot_id: 7,
        trace_id: 1,
        ..Header::default()
    }
}

/// The heap in which all blocks lie.
fn region() -> Message {
    Message::Region(HeapRegion {
        start: Address(START),
        size: PLACES * SPACING,
        ..HeapRegion::default()
    })
}

fn call_stack(stack: u64) -> Stack {
    Stack {
        id: stack as u32,
        frames: (0..8)
            .map(|frame| 0x4200_0000 + stack * 0x1000 + frame * 0x40)
            .collect(),
        ..Stack::default()
    }
}

/// Returns when an event came, in microseconds.
fn event_time(number: u64) -> u64 {
    1 + number * 50
}

/// Returns the allocation of a block, or the free of an older one, by turns.
fn event(number: u64) -> Event {
    let (block, time) = (number / 2, event_time(number));
    let address = |block: u64| Address(START + block % PLACES * SPACING);
    if number.is_multiple_of(2) || block < LIVE {
        return Event::Allocated(Record {
            seq: time,
            address: address(if block < LIVE { number } else { block + LIVE }),
            size: 16 + block % 7 * 24,
            stack: 1 + (block % STACKS) as u32,
            ..Record::default()
        });
    }
    Event::Freed(FreedBlock {
        time,
        address: address(block - LIVE),
        stack: None,
    })
}

/// Checks what a visitor asks for, and leaves the request to be read.
fn asks_for_events(visitor: &TcpStream) -> bool {
    let wanted = format!("GET {}", Route::Events.endpoint().path);
    let mut line = [0; REQUEST_LINE];
    // A browser sends a request in one piece; a connection that it opens ahead says nothing yet.
    matches!(visitor.peek(&mut line), Ok(length) if line[..length].starts_with(wanted.as_bytes()))
}
