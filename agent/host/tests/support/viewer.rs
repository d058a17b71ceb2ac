//! A viewer of events: a WebSocket client that is not ours, and a reader of what it is told.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};
use futures_util::{SinkExt, StreamExt};
use heapbeacon_shared::api::{EVENTS_PROTOCOL, TOKEN_PROTOCOL};
use heapbeacon_shared::capture::LiveBlocks;
use heapbeacon_shared::trace::Mark;
use heapbeacon_shared::wire::{self, Decoder};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::await_some;
use super::client::{Client, api};

/// Longer than anything that must be told may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// HTTP status where all places are taken.
pub(crate) const BUSY: u16 = 503;

/// A viewer that is told of events.
pub(crate) struct Viewer {
    runtime: Runtime,
    socket: WebSocketStream<TcpStream>,
    /// The headers of the answer that opened it.
    pub(crate) headers: HeaderMap,
    decoder: Decoder,
    /// What is live, as far as was told.
    pub(crate) live: LiveBlocks,
    /// Bytes of messages that were told.
    pub(crate) bytes: usize,
}

/// How a connection that was refused was answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// What a viewer hears next.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Messages(Vec<wire::Message>),
    Ping,
    /// The code of the end.
    Close(u16, String),
    /// The connection was cut.
    Cut,
}

/// Returns the subprotocols of a page that has a token.
pub(crate) fn protocols(token: &str) -> String {
    let token = Base64UrlUnpadded::encode_string(token.as_bytes());
    format!("{EVENTS_PROTOCOL}, {TOKEN_PROTOCOL}{token}")
}

impl Viewer {
    /// Opens an event connection with a query such as `?events=0`, as a client that sends the token as header, once there is a
    /// place.
    #[track_caller]
    pub(crate) fn open(client: &Client, query: &str) -> Self {
        let token = client.token_line();
        let token = token.trim_end().split_once(": ");
        let headers: Vec<_> = token.into_iter().collect();
        // Whoever was there before may not have left its place yet.
        await_some("a viewer's place", || {
            match Self::try_open(client, query, &headers) {
                Ok(viewer) => Some(viewer),
                Err(refusal) if refusal.status == BUSY => None,
                Err(refusal) => panic!("{refusal:?}"),
            }
        })
    }

    /// Opens one with some headers, and without a token.
    pub(crate) fn try_open(
        client: &Client,
        query: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Refusal> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let url = format!("ws://{}{}{query}", client.authority(), api("/events"));
        let mut request = url.into_client_request().expect("it is a URL");
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("it is a name");
            let value = HeaderValue::from_str(value).expect("it is a value");
            request.headers_mut().insert(name, value);
        }
        let authority = client.authority().to_owned();
        // A device without a queue of connections may be busy for a moment.
        let stream = await_some("a connection", || {
            runtime.block_on(TcpStream::connect(&authority)).ok()
        });
        match runtime.block_on(client_async(request, stream)) {
            Ok((socket, answer)) => Ok(Self {
                runtime,
                socket,
                headers: answer.headers().clone(),
                decoder: Decoder::new(),
                live: LiveBlocks::new(),
                bytes: 0,
            }),
            Err(Error::Http(answer)) => Err(Refusal {
                status: answer.status().as_u16(),
                body: String::from_utf8_lossy(answer.body().as_deref().unwrap_or(&[])).into_owned(),
            }),
            Err(error) => panic!("it is no answer: {error}"),
        }
    }

    /// Says something.
    pub(crate) fn say(&mut self, message: Message) {
        // Who was closed meanwhile hears so.
        let _ = self.runtime.block_on(self.socket.send(message));
    }

    /// Says JSON.
    pub(crate) fn ask(&mut self, json: &str) {
        self.say(Message::text(json));
    }

    /// Hears what comes next; pings are answered.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> Heard {
        loop {
            let next = async { tokio::time::timeout(PATIENCE, self.socket.next()).await };
            match self.runtime.block_on(next).expect("something is told") {
                Some(Ok(Message::Binary(frame))) => {
                    self.bytes += frame.len();
                    self.decoder.push(&frame);
                    let messages = self.decoder.by_ref();
                    let messages: Vec<_> =
                        messages.map(|item| item.expect("it is whole")).collect();
                    for message in &messages {
                        self.live.take(message, |_| ());
                    }
                    return Heard::Messages(messages);
                }
                Some(Ok(Message::Close(close))) => {
                    let close = close.map(|close| (close.code.into(), close.reason.to_string()));
                    let (code, reason) = close.unwrap_or_default();
                    return Heard::Close(code, reason);
                }
                Some(Ok(Message::Ping(_))) => return Heard::Ping,
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Cut,
            }
        }
    }

    /// Hears messages, which must come.
    #[track_caller]
    pub(crate) fn messages(&mut self) -> Vec<wire::Message> {
        loop {
            match self.hear() {
                Heard::Messages(messages) => return messages,
                Heard::Ping => {}
                heard => panic!("{heard:?}"),
            }
        }
    }

    /// Hears until a message is as it should be, and returns all up to there.
    #[track_caller]
    pub(crate) fn until(&mut self, is_it: impl Fn(&wire::Message) -> bool) -> Vec<wire::Message> {
        let mut heard = Vec::new();
        while !heard.iter().any(&is_it) {
            heard.extend(self.messages());
        }
        heard
    }

    /// Hears until all is told of what happened before a mark, which is set for that, and returns what was heard.
    #[track_caller]
    pub(crate) fn until_mark(&mut self, client: &Client, name: &str) -> Vec<wire::Message> {
        let body = format!(r#"{{"name":"{name}"}}"#);
        let answer = client.post("/marks", &body);
        assert_eq!(answer.status, 200);
        // Older ones of this name are told of, too.
        let set: Mark = answer.json();
        self.until(
            |message| matches!(message, wire::Message::Mark(mark) if mark.time_us == set.time_us),
        )
    }

    /// Hears until the connection ends, and returns how.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Heard {
        loop {
            match self.hear() {
                Heard::Messages(_) | Heard::Ping => {}
                end => return end,
            }
        }
    }
}
