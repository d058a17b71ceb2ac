//! A request that opens an event connection (RFC 6455, 4.2).

use base64ct::{Base64, Encoding};
use heapbeacon_shared::api::{EVENTS_PROTOCOL, EventsRequest};
use heapbeacon_shared::trace::Name;

use crate::http::problem::Problem;
use crate::http::request::guard::knows_token;
use crate::http::request::keys::Keys;
use crate::http::request::parse::{Request, Version};
use crate::http::request::query::Query;
use crate::read::feed::{Filter, TASKS};

/// What every key is hashed with.
const SALT: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a key, and of its hash.
const KEY: usize = 16;
const HASH: usize = 20;
/// Characters of the answer to a key.
const ACCEPT: usize = 28;
/// How often something may be told of, in milliseconds: at most ten times a second, at least once in an hour.
const PERIODS: core::ops::RangeInclusive<u32> = 100..=3_600_000;

/// How an event connection begins.
pub(crate) struct Opening {
    /// What the key is answered with.
    accept: [u8; ACCEPT],
    /// Whether the client has asked for the subprotocol.
    pub(crate) has_protocol: bool,
    /// Whether it has shown the token; otherwise that has to be its first message.
    pub(crate) is_admitted: bool,
    pub(crate) filter: Filter,
}

impl Opening {
    /// Reads a request for an event connection.
    ///
    /// # Errors
    /// When it is none, has a wrong token, or asks for what is not there.
    pub(crate) fn of(
        keys: &Keys,
        request: &Request<'_, '_>,
        known: &[&str],
    ) -> Result<Self, Problem> {
        let is_admitted = knows_token(request, keys)?;
        // Who has not shown the token learns nothing else.
        Self::read(request, known, is_admitted).map_err(|problem| match is_admitted {
            true => problem,
            false => Problem::unauthorized(),
        })
    }

    fn read(request: &Request<'_, '_>, known: &[&str], is_admitted: bool) -> Result<Self, Problem> {
        let filter = asked(Query::new(request.target.query, known)?)?;
        check_upgrade(request)?;
        let accept = accept(request)?;
        let mut protocols = request.fields.items("sec-websocket-protocol").peekable();
        let has_protocols = protocols.peek().is_some();
        let has_protocol = protocols.any(|name| name == EVENTS_PROTOCOL);
        if has_protocols && !has_protocol {
            return Err(Problem::malformed(format_args!(
                "Offer the subprotocol `{EVENTS_PROTOCOL}`, or none."
            )));
        }
        Ok(Self {
            accept,
            has_protocol,
            is_admitted,
            filter,
        })
    }

    /// Returns what the key is answered with.
    pub(crate) fn accept(&self) -> &str {
        core::str::from_utf8(&self.accept).unwrap_or("")
    }
}

fn check_upgrade(request: &Request<'_, '_>) -> Result<(), Problem> {
    let has = |name, item: &str| {
        let mut items = request.fields.items(name);
        items.any(|other| other.eq_ignore_ascii_case(item))
    };
    let is_upgrade = request.method == "GET"
        && request.version == Version::Http11
        && has("upgrade", "websocket")
        && has("connection", "upgrade");
    if !is_upgrade {
        return Err(Problem::upgrade_required());
    }
    match request.fields.one("sec-websocket-version")? {
        Some("13") => Ok(()),
        _ => Err(Problem::unknown_websocket()),
    }
}

/// Returns the answer to the key of a request.
fn accept(request: &Request<'_, '_>) -> Result<[u8; ACCEPT], Problem> {
    let key = request.fields.one("sec-websocket-key")?.unwrap_or("");
    let mut bytes = [0; KEY + 2];
    let decoded = Base64::decode(key, &mut bytes);
    if decoded.map(<[u8]>::len) != Ok(KEY) {
        return Err(Problem::malformed(format_args!(
            "Send one `Sec-WebSocket-Key`: 16 bytes in base64."
        )));
    }
    let mut hash = hmac_sha1_compact::Hash::new();
    hash.update(key.as_bytes());
    hash.update(SALT);
    let hash: [u8; HASH] = hash.finalize();
    let mut accept = [0; ACCEPT];
    // It has the room: four characters for each three bytes.
    let _ = Base64::encode(&hash, &mut accept);
    Ok(accept)
}

fn asked(query: Query<'_>) -> Result<Filter, Problem> {
    let mut filter = Filter::ALL;
    filter.events = query.number("events", 0..=1, 1)? == 1;
    filter.counters_ms = period(query, "counters_ms", filter.counters_ms)?;
    filter.samples_ms = period(query, "samples_ms", filter.samples_ms)?;
    filter.min_size = query.number("min_size", 0..=u64::MAX, 0)?;
    if let Some(names) = query.get("task") {
        for name in names.split(',') {
            push(&mut filter, name.decode()).ok_or_else(wrong_task)?;
        }
    }
    Ok(filter)
}

fn period(query: Query<'_>, name: &'static str, usual: u32) -> Result<u32, Problem> {
    let number = query.number(name, 0..=u32::MAX.into(), usual.into())? as u32;
    if is_period(number) {
        return Ok(number);
    }
    let (first, last) = PERIODS.into_inner();
    Err(Problem::invalid(format_args!(
        "`{name}` is 0, which is never, or from {first} to {last} milliseconds."
    )))
}

fn is_period(number: u32) -> bool {
    number == 0 || PERIODS.contains(&number)
}

fn push(filter: &mut Filter, name: Option<Name>) -> Option<()> {
    let name = name.filter(|name| !name.is_empty())?;
    filter.tasks.push(name).ok()
}

fn wrong_task() -> Problem {
    Problem::invalid(format_args!(
        "`task` is up to {TASKS} names of tasks, with commas, as records have them."
    ))
}

/// Returns what a viewer asks for in a message, where it has asked for something before; `None` if it is out of range.
pub(crate) fn filter(request: &EventsRequest, before: &Filter) -> Option<Filter> {
    let mut filter = Filter {
        events: request.events.unwrap_or(before.events),
        counters_ms: request.counters_ms.unwrap_or(before.counters_ms),
        samples_ms: request.samples_ms.unwrap_or(before.samples_ms),
        min_size: request.min_size.unwrap_or(before.min_size),
        tasks: before.tasks.clone(),
    };
    if let Some(names) = &request.task {
        filter.tasks.clear();
        for name in names.split(',').filter(|_| !names.is_empty()) {
            push(&mut filter, name.try_into().ok())?;
        }
    }
    (is_period(filter.counters_ms) && is_period(filter.samples_ms)).then_some(filter)
}
