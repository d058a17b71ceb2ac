//! Answers, and the one place where they are written.

use core::fmt;

use embassy_futures::yield_now;
use heapbeacon_shared::api::{self, JSON_MIME, METRICS_MIME, POSTCARD_MIME, PROBLEM_MIME};
use heapbeacon_shared::trace::Mark;
use picoserve::Timer;
use picoserve::io::Write;
use picoserve::response::StatusCode;
use serde::Serialize;

use crate::http::answer::chunk::Chunk;
use crate::http::answer::dump_page::DumpPage;
use crate::http::answer::output::Output;
use crate::http::answer::pages::{
    DemoPage, HistoryPage, LeaksPage, MarksPage, RecordsPage, StacksPage,
};
use crate::http::answer::pins_page::PinsPage;
#[cfg(feature = "provisioning")]
use crate::http::answer::portal_page::PortalPage;
use crate::http::answer::postmortem_page::{KeptMessages, PostMortemPage};
use crate::http::answer::references_page::ReferencesPage;
use crate::http::link::Lost;
use crate::http::problem::Problem;
use crate::platform::Device;
use crate::read::metrics::Metrics;
use crate::read::pprof::{Half, Profile};
use crate::read::stream::{MessageStream, Out};
use crate::read::symbols::File as SymbolFile;

/// What every answer says: whose requests it depends on, and that nobody may guess its type, name it to others, or show it
/// in a page of another origin.
const PROTECTION: &str = "Vary: Accept, Origin\r\n\
    X-Content-Type-Options: nosniff\r\n\
    Referrer-Policy: no-referrer\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n";
/// What a browser may do with the page's files: run those of the agent, WebAssembly among them, and ask any device. Who has opened the
/// page keeps no hold on its window; the page does on those that it opens, or it could hand them no file.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
    connect-src *; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    Cross-Origin-Opener-Policy: same-origin-allow-popups";
/// What a browser may do with the portal's page: show it, and send its form to where it came from.
#[cfg(feature = "provisioning")]
const PORTAL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'\r\n\
    Cross-Origin-Opener-Policy: same-origin";
/// What a browser may do with every other answer: show it.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'\r\n\
    Cross-Origin-Opener-Policy: same-origin";

/// One header.
pub(crate) type Header<'r> = (&'static str, &'r str);

/// How an answer is sent.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'b> {
    /// The origin whose pages may read it.
    pub(crate) reader: Option<&'b str>,
    /// Whether the connection ends behind it.
    pub(crate) is_last: bool,
    /// Whether only the head is sent.
    pub(crate) is_head: bool,
    /// Whether the client can read chunks; where it can't, the end of the connection is the end of the answer.
    pub(crate) has_chunks: bool,
}

/// An answer.
pub(crate) struct Reply {
    status: StatusCode,
    reason: &'static str,
    headers: heapless::Vec<Header<'static>, 4>,
    policy: &'static str,
    /// Whether its head was sent with another one.
    is_begun: bool,
    content: Content,
}

/// What an answer holds.
pub(crate) enum Content {
    /// Nothing at all.
    Nothing,
    /// Bytes that are there already, with their content type.
    Bytes(&'static str, &'static [u8]),
    /// One value.
    Json(Json),
    /// Lines of text that somebody else writes behind the head, up to the end of the connection.
    #[cfg(feature = "functions")]
    Lines,
    /// Something of unknown length.
    Stream(Stream),
}

/// Values that fit into one chunk.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Json {
    Device(api::Device),
    Heap(api::Heap),
    Trace(api::Trace),
    Count(api::Count),
    Record(api::Record),
    Mark(Mark),
    DemoSwitch(api::DemoSwitch),
    Restart(api::Restart),
    HeldSymbols(api::HeldSymbols),
    Settings(api::Settings),
    Trigger(api::Trigger),
    #[cfg(feature = "update")]
    Ota(api::Ota),
    Problem(api::Problem),
}

/// What of an answer is left to write.
pub(crate) enum Rest {
    /// These bytes.
    Bytes(&'static [u8]),
    /// What another answer has to say, after a time.
    Later(Half),
}

/// What is made while it is sent.
pub(crate) enum Stream {
    Records(RecordsPage),
    Stacks(StacksPage),
    Leaks(LeaksPage),
    Pins(PinsPage),
    References(ReferencesPage),
    History(HistoryPage),
    Marks(MarksPage),
    Demo(DemoPage),
    Dump(DumpPage),
    Capture(MessageStream),
    PostMortem(PostMortemPage),
    KeptMessages(KeptMessages),
    Metrics(Metrics),
    Profile(Profile),
    #[cfg(feature = "provisioning")]
    Portal(PortalPage),
    Symbols(SymbolFile),
}

impl<'b> Delivery<'b> {
    /// To a peer of which little is known, and who is not heard again.
    pub(crate) const fn last(is_head: bool) -> Self {
        Self {
            reader: None,
            is_last: true,
            is_head,
            has_chunks: false,
        }
    }
}

impl Reply {
    /// Says why a request was refused.
    pub(crate) fn refusal(problem: &Problem) -> Self {
        let content = Content::Json(Json::Problem(problem.body()));
        // Without it a cache may keep a refusal such as 404 (RFC 9111, section 4.2.2).
        let fresh = Some(("Cache-Control", "no-store"));
        let headers = [fresh, problem.header()].into_iter().flatten();
        let mut reply = Self::new(problem.status(), content);
        reply.reason = problem.title();
        headers.fold(reply, |reply, (name, value)| reply.with(name, value))
    }

    pub(crate) fn new(status: StatusCode, content: Content) -> Self {
        Self {
            status,
            reason: match status {
                StatusCode::NO_CONTENT => "No Content",
                StatusCode::NOT_MODIFIED => "Not Modified",
                StatusCode::FOUND => "Found",
                StatusCode::SEE_OTHER => "See Other",
                StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
                _ => "OK",
            },
            headers: heapless::Vec::new(),
            policy: DATA_POLICY,
            is_begun: false,
            content,
        }
    }

    pub(crate) fn json(json: Json) -> Self {
        Self::new(StatusCode::OK, Content::Json(json))
    }

    pub(crate) fn stream(stream: Stream) -> Self {
        Self::new(StatusCode::OK, Content::Stream(stream))
    }

    /// Makes what an answer has to say after a time. Never inlined: a future would hold it.
    #[inline(never)]
    pub(crate) fn behind<P: Device>(half: &Half) -> Self {
        Self {
            is_begun: true,
            ..Self::stream(Stream::Profile(Profile::behind::<P>(half)))
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.push(name, value);
        self
    }

    /// Never inlined, as it is called in dozens of places.
    #[inline(never)]
    fn push(&mut self, name: &'static str, value: &'static str) {
        let pushed = self.headers.push((name, value));
        debug_assert!(pushed.is_ok(), "one more header than there is room for");
    }

    /// Lets a browser run it as a part of the page.
    pub(crate) fn for_page(mut self) -> Self {
        self.policy = PAGE_POLICY;
        self
    }

    /// Lets a browser show it as the portal's page.
    #[cfg(feature = "provisioning")]
    pub(crate) fn for_portal(mut self) -> Self {
        self.policy = PORTAL_POLICY;
        self
    }

    /// Writes the answer, by way of a chunk; returns what is left to write, which does not need this answer any more.
    pub(crate) async fn write<P: Device, W: Write, T: Timer<R>, R>(
        &mut self,
        chunk: &mut Chunk,
        output: &mut Output<'_, W, T, R>,
        delivery: &Delivery<'_>,
    ) -> Result<Rest, Lost> {
        chunk.clear();
        if let Content::Json(json) = &self.content {
            chunk.json(json);
        }
        if !self.is_begun {
            self.begin(self.length(chunk), output, delivery).await?;
        }
        if delivery.is_head {
            return Ok(Rest::Bytes(&[]));
        }
        match &mut self.content {
            Content::Nothing => {}
            #[cfg(feature = "functions")]
            Content::Lines => {}
            Content::Bytes(_, bytes) => return Ok(Rest::Bytes(bytes)),
            Content::Json(_) => output.write(chunk.bytes()).await?,
            Content::Stream(stream) => {
                let has_chunks = delivery.has_chunks;
                return stream.write::<P, _, _, _>(chunk, output, has_chunks).await;
            }
        }
        Ok(Rest::Bytes(&[]))
    }

    /// Writes the head of an answer of some length, if that is known.
    pub(crate) async fn begin<W: Write, T: Timer<R>, R>(
        &self,
        length: Option<usize>,
        output: &mut Output<'_, W, T, R>,
        delivery: &Delivery<'_>,
    ) -> Result<(), Lost> {
        let head = Head {
            reply: self,
            length,
            delivery,
        };
        output.format(format_args!("{head}")).await
    }

    /// Returns how long the content is, if that is known.
    fn length(&self, json: &Chunk) -> Option<usize> {
        match &self.content {
            Content::Nothing | Content::Stream(_) => None,
            #[cfg(feature = "functions")]
            Content::Lines => None,
            Content::Bytes(_, bytes) => Some(bytes.len()),
            Content::Json(_) => Some(json.bytes().len()),
        }
    }
}

/// Status line and headers of an answer.
struct Head<'r> {
    reply: &'r Reply,
    length: Option<usize>,
    delivery: &'r Delivery<'r>,
}

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reply,
            length,
            delivery,
        } = self;
        write!(f, "HTTP/1.1 {} {}\r\n", reply.status, reply.reason)?;
        if let Some(content_type) = reply.content.content_type() {
            write!(f, "Content-Type: {content_type}\r\n")?;
        }
        match (length, &reply.content) {
            (Some(length), _) => write!(f, "Content-Length: {length}\r\n")?,
            (None, Content::Stream(_)) if delivery.has_chunks => {
                f.write_str("Transfer-Encoding: chunked\r\n")?;
            }
            (None, _) => {}
        }
        for (name, value) in &reply.headers {
            write!(f, "{name}: {value}\r\n")?;
        }
        if let Some(origin) = delivery.reader {
            write!(f, "Access-Control-Allow-Origin: {origin}\r\n")?;
        }
        if delivery.is_last {
            f.write_str("Connection: close\r\n")?;
        }
        write!(
            f,
            "{PROTECTION}Content-Security-Policy: {}\r\n\r\n",
            reply.policy
        )
    }
}

impl Content {
    fn content_type(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Bytes(content_type, _) => Some(content_type),
            Self::Json(Json::Problem(_)) => Some(PROBLEM_MIME),
            #[cfg(feature = "functions")]
            Self::Lines => Some("text/plain; charset=utf-8"),
            Self::Stream(Stream::Dump(_)) => Some("text/plain; charset=utf-8"),
            Self::Stream(Stream::Capture(_) | Stream::KeptMessages(_)) => Some(POSTCARD_MIME),
            Self::Stream(Stream::Metrics(_)) => Some(METRICS_MIME),
            #[cfg(feature = "provisioning")]
            Self::Stream(Stream::Portal(_)) => Some("text/html; charset=utf-8"),
            Self::Stream(Stream::Profile(_) | Stream::Symbols(_)) => {
                Some("application/octet-stream")
            }
            Self::Json(_) | Self::Stream(_) => Some(JSON_MIME),
        }
    }
}

impl Stream {
    /// Writes it, in chunks (RFC 9112, 7.1) if the client can read them: then it sees whether all has come.
    async fn write<P: Device, W: Write, T: Timer<R>, R>(
        &mut self,
        chunk: &mut Chunk,
        output: &mut Output<'_, W, T, R>,
        has_chunks: bool,
    ) -> Result<Rest, Lost> {
        let mut is_more = true;
        while is_more {
            chunk.clear();
            is_more = self.fill::<P>(chunk);
            let bytes = chunk.bytes();
            if has_chunks && !bytes.is_empty() {
                output.format(format_args!("{:x}\r\n", bytes.len())).await?;
            }
            output.write(bytes).await?;
            if has_chunks && !bytes.is_empty() {
                output.write(b"\r\n").await?;
            }
            yield_now().await;
        }
        if let Stream::Profile(profile) = self
            && let Some(half) = profile.half()
        {
            return Ok(Rest::Later(half));
        }
        Ok(Rest::Bytes(if has_chunks { b"0\r\n\r\n" } else { b"" }))
    }

    /// Appends what has room; returns whether there is more.
    fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        match self {
            Stream::Records(page) => page.fill::<P>(chunk),
            Stream::Stacks(page) => page.fill::<P>(chunk),
            Stream::Leaks(page) => page.fill::<P>(chunk),
            Stream::Pins(page) => page.fill::<P>(chunk),
            Stream::References(page) => page.fill::<P>(chunk),
            Stream::History(page) => page.fill::<P>(chunk),
            Stream::Marks(page) => page.fill::<P>(chunk),
            Stream::Demo(page) => page.fill::<P>(chunk),
            Stream::Dump(page) => page.fill::<P>(chunk),
            Stream::Capture(capture) => capture.fill::<P>(chunk),
            Stream::PostMortem(page) => page.fill::<P>(chunk),
            Stream::KeptMessages(kept) => kept.fill::<P>(chunk),
            Stream::Metrics(metrics) => metrics.fill::<P>(chunk),
            Stream::Profile(profile) => profile.fill::<P>(chunk),
            #[cfg(feature = "provisioning")]
            Stream::Portal(page) => page.fill::<P>(chunk),
            Stream::Symbols(file) => {
                let bytes = file.read(chunk.room());
                chunk.take(bytes);
                bytes > 0
            }
        }
    }
}
