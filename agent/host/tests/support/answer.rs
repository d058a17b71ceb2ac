//! Answers, whatever client they came through.

use std::io::Read;

use flate2::read::GzDecoder;
use heapbeacon_shared::api::{PROBLEM_MIME, Problem};
use heapbeacon_shared::wire::{Decoder, Message};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order in which they came, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Returns the body as text.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is text")
    }

    /// Returns the body of a success that came as gzip, as it was before that.
    #[track_caller]
    pub(crate) fn unzipped(&self) -> Vec<u8> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-encoding"), Some("gzip"));
        let mut bytes = Vec::new();
        let read = GzDecoder::new(&self.body[..]).read_to_end(&mut bytes);
        read.expect("the body is gzip");
        bytes
    }

    /// Reads the body of a success as a `T`.
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned + Serialize>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.strict()
    }

    /// Reads the body as a `T`.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn try_json<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("{}: {error}", self.status))
    }

    /// Reads the body as a problem, and checks that it says what went wrong.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> Problem {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some(PROBLEM_MIME));
        let problem: Problem = self.strict();
        assert_eq!(problem.status, status);
        assert!(!problem.title.is_empty());
        assert!(problem.detail.ends_with('.'), "a cut sentence: {problem:?}");
        assert!(problem.code.starts_with("ESP_ERR_"), "{problem:?}");
        problem
    }

    /// Reads the body as a complete stream of messages.
    #[track_caller]
    pub(crate) fn messages(&self) -> Vec<Message> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        let mut decoder = Decoder::new();
        decoder.push(&self.body);
        let messages: Vec<_> = decoder
            .by_ref()
            .map(|message| message.expect("no damage"))
            .collect();
        let summary = decoder.finish().expect("the stream is complete");
        assert_eq!((summary.unknown_messages, summary.skipped_bytes), (0, 0));
        assert!(matches!(messages.first(), Some(Message::Header(_))));
        assert!(matches!(messages.last(), Some(Message::End(_))));
        messages
    }

    /// Reads JSON that has every field of a `T` and no other.
    #[track_caller]
    fn strict<T: DeserializeOwned + Serialize>(&self) -> T {
        let sent: Value = serde_json::from_slice(&self.body).expect("the body is JSON");
        let read: T =
            serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {sent}"));
        let again = serde_json::to_value(&read).expect("it was JSON before");
        assert_eq!(again, sent, "fields that the type does not have");
        read
    }
}
