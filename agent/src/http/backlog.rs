//! A backlog of connections, for network stacks that have none: who comes while no socket listens waits until one does.
//!
//! smoltcp resets such a client at once: a browser, which opens six connections at a time, would show half a page, unless there
//! were a socket for each that may come. Here the frame that opens a connection is held back instead, between driver and network.
//! That takes a hundred bytes, and a socket with its task more than five thousand.

use heapless::Vec;

/// Most sockets of an agent.
const SOCKETS: usize = 8;
/// Connections that may wait.
const WAITING: usize = 6;
/// Bytes of the longest frame that opens one: the heads of Ethernet and IPv4, and TCP's with all of its options.
const LONGEST: usize = FRAME_HEAD + 20 + 60;
/// Milliseconds until somebody who waits is worth ending another connection for: a socket may be about to listen anyway.
const PATIENCE_MS: u64 = 100;
/// Milliseconds after which one is taken to have gone who has not asked again: a peer does after one, two and four seconds
/// (RFC 6298).
const FORGOTTEN_MS: u64 = 5_000;

/// Bytes of the head of an Ethernet frame, where its payload's kind begins in it, and the kind that IPv4 is.
const FRAME_HEAD: usize = 14;
const ETHER_TYPE: usize = 12;
const IPV4: [u8; 2] = [8, 0];
/// Where a fragment's place, the protocol and the sender stand in the head of IPv4 (RFC 791), and TCP's number.
const FRAGMENT: usize = 6;
const PROTOCOL: usize = 9;
const SOURCE: usize = 12;
const TCP: u8 = 6;
/// Where the flags stand in TCP's head (RFC 9293), behind both ports and more, and the two that tell who opens a connection.
const FLAGS: usize = 13;
const SYN: u8 = 1 << 1;
const ACK: u8 = 1 << 4;

/// IPv4 address and port of whoever connects, as they stand in a frame.
pub type Peer = ([u8; 4], [u8; 2]);

/// A frame that is held.
type Held = Vec<u8, LONGEST, u8>;

/// What a socket of the agent's does. `Shut` is the first, so that a backlog is zeros at first, and takes no flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It does not listen, and has no peer.
    Shut,
    /// It listens.
    Open,
    /// It has a peer, or is about to.
    Taken(Peer),
}

/// Who waits for the agent's sockets in one network, over IPv4. Others are refused as before.
pub struct Backlog {
    /// Where the sockets listen; 0 before they do.
    port: u16,
    doors: [Door; SOCKETS],
    /// How many were let in whose sockets have not told of it.
    admitted: usize,
    /// Which sockets have told since the last one was let in: a bit for each.
    told: u8,
    waiting: Vec<Opening, WAITING>,
}

/// A frame that opens a connection, and when it came.
struct Opening {
    peer: Peer,
    frame: Held,
    /// When this peer first came, and when the last time, in milliseconds.
    since_ms: u64,
    last_ms: u64,
}

impl Backlog {
    /// Most sockets that it knows.
    pub const SOCKETS: usize = SOCKETS;

    /// Returns a backlog for sockets that do not listen yet.
    pub const fn new() -> Self {
        Self {
            port: 0,
            doors: [Door::Shut; SOCKETS],
            admitted: 0,
            told: 0,
            waiting: Vec::new(),
        }
    }

    /// Notes at which port the sockets listen.
    pub fn begin(&mut self, port: u16) {
        self.port = port;
    }

    /// Notes what one of the sockets does, by its index. Each is to say so at every change, and every few seconds beside.
    pub fn note(&mut self, index: usize, door: Door) {
        let Some(known) = self.doors.get_mut(index) else {
            return;
        };
        let was_open = core::mem::replace(known, door) == Door::Open;
        if was_open && door != Door::Open {
            self.admitted = self.admitted.saturating_sub(1);
        }
        self.told |= 1 << index;
        // Whoever was let in, and is at no door now, was not heard by the network.
        let has_told = |index: usize| self.told & 1 << index != 0;
        let mut open = (0..SOCKETS).filter(|index| self.doors[*index] == Door::Open);
        if open.all(has_told) {
            self.admitted = 0;
        }
    }

    /// Checks whether the network may hear a frame that has come. One that opens a connection for which no socket listens is
    /// held for [`take`](Self::take), and is not to be heard now.
    pub fn hear(&mut self, frame: &[u8], now_ms: u64) -> bool {
        let Some(peer) = opens(frame, self.port) else {
            return true;
        };
        // It has not heard yet that it was let in.
        if self.doors.contains(&Door::Taken(peer)) {
            return true;
        }
        let is_heard = self.admit();
        match is_heard {
            true => self.waiting.retain(|held| held.peer != peer),
            false => self.hold(peer, frame, now_ms),
        }
        is_heard
    }

    /// Checks whether a frame that was held is to be heard now.
    pub fn is_due(&self, now_ms: u64) -> bool {
        self.is_open() && self.waiting(now_ms).next().is_some()
    }

    /// Takes the frame of who has waited longest, once a socket listens for it.
    pub fn take(&mut self, now_ms: u64) -> Option<Held> {
        self.waiting.retain(|held| !held.is_forgotten(now_ms));
        (!self.waiting.is_empty() && self.admit()).then(|| self.waiting.remove(0).frame)
    }

    /// Checks whether somebody waits for whom a connection has to end.
    pub fn is_anyone_waiting(&self, now_ms: u64) -> bool {
        let mut waiting = self.waiting(now_ms);
        waiting.any(|held| now_ms.saturating_sub(held.since_ms) >= PATIENCE_MS)
    }

    fn waiting(&self, now_ms: u64) -> impl Iterator<Item = &Opening> {
        let waiting = self.waiting.iter();
        waiting.filter(move |held| !held.is_forgotten(now_ms))
    }

    fn is_open(&self) -> bool {
        let is_open = |door: &&Door| **door == Door::Open;
        self.doors.iter().filter(is_open).count() > self.admitted
    }

    /// Lets in one who opens a connection, if a socket listens for it; returns whether one does.
    fn admit(&mut self) -> bool {
        let is_open = self.is_open();
        if is_open {
            self.admitted += 1;
            self.told = 0;
        }
        is_open
    }

    /// Holds a frame, in the place of an earlier one of the same peer. One that is too long is left to that peer to send again; and
    /// where there is no room, who has waited longest is taken to have gone.
    fn hold(&mut self, peer: Peer, frame: &[u8], now_ms: u64) {
        let Ok(frame) = Vec::from_slice(frame) else {
            return;
        };
        if let Some(held) = self.waiting.iter_mut().find(|held| held.peer == peer) {
            held.frame = frame;
            held.last_ms = now_ms;
            return;
        }
        if self.waiting.is_full() {
            self.waiting.remove(0);
        }
        // There is room now.
        let _ = self.waiting.push(Opening {
            peer,
            frame,
            since_ms: now_ms,
            last_ms: now_ms,
        });
    }
}

impl Default for Backlog {
    fn default() -> Self {
        Self::new()
    }
}

impl Opening {
    fn is_forgotten(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.last_ms) >= FORGOTTEN_MS
    }
}

/// Returns who opens a connection to a port with a frame, by TCP over IPv4.
fn opens(frame: &[u8], port: u16) -> Option<Peer> {
    let kind = frame.get(ETHER_TYPE..FRAME_HEAD)?;
    let packet = frame.get(FRAME_HEAD..)?;
    let [high, low] = *packet.get(FRAGMENT..)?.first_chunk()?;
    let is_first = (high & 0x1F, low) == (0, 0);
    if port == 0 || kind != IPV4 || *packet.get(PROTOCOL)? != TCP || !is_first {
        return None;
    }
    let words = usize::from(packet.first()? & 0xF);
    let segment = packet.get(words * size_of::<u32>()..)?;
    let (source, behind) = segment.split_first_chunk()?;
    let opens = segment.get(FLAGS)? & (SYN | ACK) == SYN;
    let peer = (*packet.get(SOURCE..)?.first_chunk()?, *source);
    (opens && behind.starts_with(&port.to_be_bytes())).then_some(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u16 = 80;

    fn peer(number: u8) -> Peer {
        ([10, 0, 2, number], [0xC0, number])
    }

    /// The frame with which a peer opens a connection: Ethernet, IPv4, TCP.
    fn opening(number: u8) -> [u8; 54] {
        let mut frame = [0; 54];
        let (address, port) = peer(number);
        frame[ETHER_TYPE..FRAME_HEAD].copy_from_slice(&IPV4);
        frame[14] = 0x45;
        frame[14 + PROTOCOL] = TCP;
        frame[26..30].copy_from_slice(&address);
        frame[34..36].copy_from_slice(&port);
        frame[36..38].copy_from_slice(&PORT.to_be_bytes());
        frame[34 + FLAGS] = SYN;
        frame
    }

    fn listening(sockets: usize) -> Backlog {
        let mut backlog = Backlog::new();
        backlog.begin(PORT);
        for index in 0..sockets {
            backlog.note(index, Door::Open);
        }
        backlog
    }

    #[test]
    fn as_many_are_let_in_as_sockets_listen_and_others_wait_in_their_order() {
        let mut backlog = listening(2);
        let heard = [1, 2, 3, 4].map(|number| backlog.hear(&opening(number), 0));
        assert_eq!(heard, [true, true, false, false]);
        backlog.note(0, Door::Taken(peer(1)));
        backlog.note(1, Door::Taken(peer(2)));
        assert!(!backlog.is_due(1) && backlog.take(1).is_none());
        backlog.note(1, Door::Open);
        assert_eq!(backlog.take(1).as_deref(), Some(&opening(3)[..]));
        assert!(backlog.take(1).is_none());
        backlog.note(0, Door::Open);
        assert_eq!(backlog.take(1).as_deref(), Some(&opening(4)[..]));
    }

    #[test]
    fn what_another_socket_tells_lets_nobody_in() {
        let mut backlog = listening(1);
        assert!(backlog.hear(&opening(1), 0));
        // The first has not told yet that it has a peer.
        backlog.note(1, Door::Shut);
        assert!(!backlog.hear(&opening(2), 0));
    }

    #[test]
    fn who_was_let_in_and_not_heard_keeps_no_socket() {
        let mut backlog = listening(1);
        assert!(backlog.hear(&opening(1), 0));
        // The network took it for damaged: the socket listens still.
        backlog.note(0, Door::Open);
        assert!(backlog.hear(&opening(2), 0));
    }

    #[test]
    fn a_peer_that_asks_again_is_held_once_and_not_at_all_once_it_is_let_in() {
        let mut backlog = listening(1);
        assert!(backlog.hear(&opening(1), 0));
        backlog.note(0, Door::Taken(peer(1)));
        assert!(backlog.hear(&opening(1), 1_000));
        assert!(!backlog.is_anyone_waiting(2_000));
        assert!(!backlog.hear(&opening(2), 2_000) && !backlog.hear(&opening(2), 3_000));
        backlog.note(0, Door::Open);
        assert!(backlog.take(3_000).is_some());
        backlog.note(0, Door::Open);
        assert!(backlog.take(3_000).is_none());
    }

    #[test]
    fn somebody_waits_after_a_moment_and_is_forgotten_when_he_does_not_ask_again() {
        let mut backlog = listening(0);
        assert!(!backlog.hear(&opening(1), 1_000));
        let waits = [1_099, 1_100, 5_999, 6_000].map(|now_ms| backlog.is_anyone_waiting(now_ms));
        assert_eq!(waits, [false, true, true, false]);
        backlog.note(0, Door::Open);
        assert!(!backlog.is_due(6_000) && backlog.take(6_000).is_none());
    }

    #[test]
    fn whoever_comes_last_finds_room_among_those_who_wait() {
        let mut backlog = listening(0);
        for number in 0..20 {
            assert!(!backlog.hear(&opening(number), 0));
        }
        backlog.note(0, Door::Open);
        assert_eq!(backlog.take(0).as_deref(), Some(&opening(14)[..]));
    }

    #[test]
    fn whatever_opens_no_connection_to_the_agent_is_heard() {
        let mut backlog = listening(0);
        let change = |place: usize, byte: u8| {
            let mut frame = opening(1);
            frame[place] = byte;
            frame
        };
        // IPv6, UDP, a later fragment, another port, and what is no beginning.
        let others = [
            change(12, 0x86),
            change(23, 17),
            change(21, 1),
            change(37, 81),
            change(47, SYN | ACK),
            change(47, ACK),
        ];
        assert!(others.iter().all(|frame| backlog.hear(frame, 0)));
        for length in 0..48 {
            assert!(backlog.hear(&opening(1)[..length], 0), "{length} bytes");
        }
        assert!(!backlog.hear(&opening(1), 0));
        assert!(Backlog::new().hear(&opening(1), 0), "before it listens");
    }

    #[test]
    fn a_beginning_that_is_too_long_to_be_held_is_not_heard_either() {
        let mut backlog = listening(0);
        let mut frame = std::vec::Vec::from(opening(1));
        frame.resize(LONGEST + 1, 0);
        assert!(!backlog.hear(&frame, 0));
        assert!(!backlog.is_anyone_waiting(1_000));
    }
}
