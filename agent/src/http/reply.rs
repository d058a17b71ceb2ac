//! Answers, and the one place where they are written.

use core::marker::PhantomData;

use heapbeacon_shared::api::{self, POSTCARD_MIME, PROBLEM_MIME};
use picoserve::ResponseSent;
use picoserve::io::{Read, Write};
use picoserve::response::chunked::{ChunkWriter, ChunkedResponse, Chunks, ChunksWritten};
use picoserve::response::{self, Connection, HeadersIter, Response, ResponseWriter, StatusCode};
use serde::Serialize;

use super::chunk::Chunk;
use super::dump::DumpPage;
use super::pages::{DemoPage, LeaksPage, RecordsPage, StacksPage};
use super::problem::Problem;
use crate::capture::Capture;
use crate::platform::Platform;

/// One header.
pub(super) type Header<'r> = (&'static str, &'r str);

/// An answer.
pub(super) struct Reply {
    status: StatusCode,
    headers: heapless::Vec<Header<'static>, 4>,
    content: Content,
}

/// What an answer holds.
pub(super) enum Content {
    /// Nothing at all.
    Nothing,
    /// Bytes that are there already, with their content type.
    Bytes(&'static str, &'static [u8]),
    /// One value.
    Json(Json),
    /// Something of unknown length.
    Stream(Stream),
}

/// Values that fit into one chunk.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Json {
    Device(api::Device),
    Heap(api::Heap),
    Trace(api::Trace),
    Count(api::Count),
    Record(api::Record),
    DemoSwitch(api::DemoSwitch),
    Problem(api::Problem),
}

/// What is made while it is sent.
pub(super) enum Stream {
    Records(RecordsPage),
    Stacks(StacksPage),
    Leaks(LeaksPage),
    Demo(DemoPage),
    Dump(DumpPage),
    Capture(Capture),
}

impl Reply {
    pub(super) fn new(status: StatusCode, content: Content) -> Self {
        Self {
            status,
            headers: heapless::Vec::new(),
            content,
        }
    }

    pub(super) fn json(json: Json) -> Self {
        Self::new(StatusCode::OK, Content::Json(json))
    }

    pub(super) fn stream(stream: Stream) -> Self {
        Self::new(StatusCode::OK, Content::Stream(stream))
    }

    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        let pushed = self.headers.push((name, value));
        debug_assert!(pushed.is_ok(), "one more header than there is room for");
        self
    }

    /// Writes the answer, with `extra` headers behind its own.
    ///
    /// It is lent to picoserve rather than given: every layer that it went through would have room
    /// for it in the future of the server task.
    pub(super) async fn write<P: Platform, R: Read, W: ResponseWriter<Error = R::Error>>(
        &mut self,
        extra: impl HeadersIter,
        connection: Connection<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let (status, headers) = (self.status, &self.headers[..]);
        match &mut self.content {
            Content::Nothing => {
                let response = Response::empty(status);
                let response = response.with_headers(headers).with_headers(extra);
                writer.write_response(connection, response).await
            }
            Content::Bytes(mime, bytes) => {
                let response = Response::new(status, *bytes).with_content_type(mime);
                let response = response.with_headers(headers).with_headers(extra);
                writer.write_response(connection, response).await
            }
            Content::Json(json) => {
                let response = Response::new(status, &*json);
                let response = response.with_headers(headers).with_headers(extra);
                writer.write_response(connection, response).await
            }
            Content::Stream(stream) => {
                let chunks = StreamOf::<P>(stream, PhantomData);
                let response = ChunkedResponse::new(chunks).into_response();
                let response = response.with_headers(headers).with_headers(extra);
                writer.write_response(connection, response).await
            }
        }
    }
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Self {
        let content = Content::Json(Json::Problem(problem.body()));
        let close = problem.ends_connection().then_some(("Connection", "close"));
        // Without it a cache may keep a refusal such as 404 (RFC 9111, section 4.2.2).
        let fresh = Some(("Cache-Control", "no-store"));
        let headers = [fresh, problem.header(), close].into_iter().flatten();
        headers.fold(
            Self::new(problem.status(), content),
            |reply, (name, value)| reply.with(name, value),
        )
    }
}

impl response::Content for &Json {
    fn content_type(&self) -> &'static str {
        match self {
            Json::Problem(_) => PROBLEM_MIME,
            _ => "application/json",
        }
    }

    fn content_length(&self) -> usize {
        let mut chunk = Chunk::new();
        chunk.json(self);
        chunk.bytes().len()
    }

    async fn write_content<W: Write>(self, mut writer: W) -> Result<(), W::Error> {
        let mut chunk = Chunk::new();
        chunk.json(self);
        writer.write_all(chunk.bytes()).await
    }
}

struct StreamOf<'s, P>(&'s mut Stream, PhantomData<fn() -> P>);

impl<P: Platform> Chunks for StreamOf<'_, P> {
    fn content_type(&self) -> &'static str {
        match self.0 {
            Stream::Dump(_) => "text/plain; charset=utf-8",
            Stream::Capture(_) => POSTCARD_MIME,
            _ => "application/json",
        }
    }

    async fn write_chunks<W: Write>(
        self,
        mut writer: ChunkWriter<W>,
    ) -> Result<ChunksWritten, W::Error> {
        let mut chunk = Chunk::new();
        loop {
            let is_more = self.0.fill::<P>(&mut chunk);
            writer.write_chunk(chunk.bytes()).await?;
            if !is_more {
                return writer.finalize().await;
            }
            chunk.clear();
        }
    }
}

impl Stream {
    /// Appends what has room; returns whether there is more.
    fn fill<P: Platform>(&mut self, chunk: &mut Chunk) -> bool {
        match self {
            Stream::Records(page) => page.fill::<P>(chunk),
            Stream::Stacks(page) => page.fill::<P>(chunk),
            Stream::Leaks(page) => page.fill::<P>(chunk),
            Stream::Demo(page) => page.fill::<P>(chunk),
            Stream::Dump(page) => page.fill::<P>(chunk),
            Stream::Capture(capture) => capture.fill::<P>(chunk),
        }
    }
}
