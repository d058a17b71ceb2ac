//! The table of client sessions: where the demo leaks.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;

const INBOX_BYTES: usize = 96;

/// Identifies one connection; a client that reconnects gets a new one.
pub(crate) type ConnectionId = u32;

/// What the server keeps for one connection: 128 bytes on a 64-bit machine, and the client's name.
#[derive(Debug)]
struct Session {
    client: String,
    inbox: [u8; INBOX_BYTES],
    received: usize,
}

/// The open sessions, by connection.
#[derive(Debug)]
pub(crate) struct Table {
    sessions: BTreeMap<ConnectionId, Box<Session>>,
    limit: usize,
    next: ConnectionId,
}

impl Table {
    /// Creates an empty table for at most `limit` sessions.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            sessions: BTreeMap::new(),
            limit,
            next: 0,
        }
    }

    /// Checks whether there is no room for another session.
    pub(crate) fn is_full(&self) -> bool {
        self.sessions.len() >= self.limit
    }

    /// Closes all sessions.
    pub(crate) fn forget(&mut self) {
        self.sessions.clear();
    }

    /// Opens a session for `client`; `None` when the table is full.
    #[inline(never)]
    pub(crate) fn open(&mut self, client: &str) -> Option<ConnectionId> {
        if self.is_full() {
            return None;
        }
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        let client = String::from(client);
        let session = Session {
            client,
            inbox: [0; INBOX_BYTES],
            received: 0,
        };
        self.sessions.insert(id, Box::new(session));
        Some(id)
    }

    /// Takes `bytes` into the inbox of `id`, as far as they fit, and returns whose it is.
    pub(crate) fn receive(&mut self, id: ConnectionId, bytes: &[u8]) -> Option<&str> {
        let session = self.sessions.get_mut(&id)?;
        let received = bytes.len().min(INBOX_BYTES);
        session.inbox[..received].copy_from_slice(&bytes[..received]);
        session.received = received;
        Some(&session.client)
    }

    /// Closes the session of `id`, if there is one.
    #[inline(never)]
    pub(crate) fn close(&mut self, id: ConnectionId) {
        self.sessions.remove(&id);
    }

    /// Returns the number of open sessions.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.sessions.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scale;

    #[test]
    fn full_table_refuses_until_a_session_is_closed() {
        let mut table = Table::new(2);
        let first = table.open("a").expect("there is room");
        table.open("b").expect("there is room");
        assert_eq!(table.open("c"), None);
        assert_eq!(table.len(), 2);
        table.close(first);
        assert!(table.open("c").is_some());
    }

    #[test]
    fn a_message_longer_than_the_inbox_is_cut() {
        let mut table = Table::new(1);
        let id = table.open("a").expect("there is room");
        assert_eq!(table.receive(id, &[7; 2 * INBOX_BYTES]), Some("a"));
        assert_eq!(table.sessions[&id].received, INBOX_BYTES);
        assert_eq!(
            table.receive(id + 1, b"hello"),
            None,
            "nobody has this connection"
        );
    }

    #[test]
    fn a_session_is_the_announced_block() {
        #[cfg(target_pointer_width = "64")]
        assert_eq!(size_of::<Session>(), 128);
        // A map entry costs at most two slots: nodes stay at least half full.
        let entry = 2 * (size_of::<ConnectionId>() + size_of::<usize>());
        let name = 32;
        assert!(Scale::DESKTOP.sessions * (size_of::<Session>() + name + entry) < 2 << 20);
    }
}
