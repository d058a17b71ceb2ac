//! The agent's HTTP API, from a browser.

use core::fmt;

use async_lock::{Semaphore, SemaphoreGuard};
use gloo_net::http::{Request, RequestBuilder, Response};
use gloo_timers::future::TimeoutFuture;
use heapbeacon_shared::api::{self, Endpoint, JSON_MIME, Method, Ota, Problem, Route};
use heapbeacon_shared::wire::DecodeError;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob, RequestMode};

use super::retry::{Failure, Tries};

/// Milliseconds after which an answer is no longer waited for.
const TIMEOUT_MS: u32 = 4_000;
/// The same for a file of many megabytes.
const DOWNLOAD_TIMEOUT_MS: u32 = 120_000;
/// The same for a part of new firmware, which is written to flash meanwhile.
const PART_TIMEOUT_MS: u32 = 30_000;
/// HTTP status of a request without the token.
const UNAUTHORIZED: u16 = 401;
/// HTTP status of an order that does not go with the device's state.
const CONFLICT: u16 = 409;
/// HTTP status of a request that came while too many others were served.
const BUSY: u16 = 503;

/// Requests at a time: a device serves few, and the page is not alone.
static TURNS: Semaphore = Semaphore::new(3);

/// Waits until one more request may be under way, which it is for as long as the turn is held.
pub async fn turn() -> SemaphoreGuard<'static> {
    TURNS.acquire().await
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// Nobody answered in time.
    Unreachable,
    /// The agent wants its token.
    TokenNeeded,
    /// The agent refused, and says why.
    Refused(Box<Problem>),
    /// Something answers that is not HeapBeacon: the HTTP status of its answer.
    Foreign(u16),
    /// The answer is not what this page understands.
    Unexpected(String),
    /// New traces began faster than one could be read.
    Restarted,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("The device did not answer. Is it still powered?"),
            Self::TokenNeeded => f.write_str("The device wants its token."),
            Self::Refused(problem) => write!(f, "{}: {}", problem.title, problem.detail),
            Self::Foreign(status) => write!(
                f,
                "What answers is not HeapBeacon: status {status}, and no answer of its API."
            ),
            Self::Unexpected(what) => write!(
                f,
                "The device's answer can't be read ({what}). Is its agent of another version?"
            ),
            Self::Restarted => f.write_str(
                "Other traces kept starting while the records were read. Refresh once one stays.",
            ),
        }
    }
}

impl core::error::Error for ApiError {}

impl ApiError {
    /// Returns whether the same question may be answered later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused(problem) => problem.status == BUSY,
            Self::Unexpected(_) => false,
            Self::Unreachable | Self::TokenNeeded | Self::Foreign(_) | Self::Restarted => true,
        }
    }
}

impl From<DecodeError> for ApiError {
    fn from(error: DecodeError) -> Self {
        Self::Unexpected(error.to_string())
    }
}

/// A request that may have to be sent more than once.
struct Question<'q> {
    endpoint: &'static Endpoint,
    url: &'q str,
    /// JSON, or empty for nothing.
    body: &'q str,
}

/// An answer, and the turn that it takes until it has been read.
struct Answer {
    response: Response,
    _turn: SemaphoreGuard<'static>,
}

/// Talks to one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// What the paths of its API stand behind, without a slash at the end.
    base: String,
    /// What the agent was started with as `--token`; empty if it wants none.
    token: String,
}

impl Client {
    /// Talks to the device at an address, as [`location`](crate::location) writes it.
    pub fn new(base: String) -> Self {
        let token = String::new();
        Self { base, token }
    }

    /// Sends this token from now on.
    pub fn set_token(&mut self, token: String) {
        self.token = token;
    }

    /// Returns the token that is sent, if there is one.
    pub fn token(&self) -> Option<&str> {
        Some(self.token.as_str()).filter(|token| !token.is_empty())
    }

    /// Returns the address of the device.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Returns the URL of a route; `parameter` takes the place of its `{}`.
    pub fn url(&self, route: Route, parameter: &str) -> String {
        let path = route.endpoint().path.replace("{}", parameter);
        format!("{}{path}", self.base)
    }

    /// Reads a route; `query` starts with `?` unless it is empty.
    pub async fn get<T: DeserializeOwned>(&self, route: Route, query: &str) -> Result<T, ApiError> {
        let answer = self.read(route, query).await?;
        let status = answer.response.status();
        let text = answer.response.text().await.map_err(unexpected)?;
        serde_json::from_str(&text).map_err(|error| unreadable(status, &text, &error))
    }

    /// Reads a route of two forms as a stream of messages; `query` starts with `?`.
    pub async fn messages(&self, route: Route, query: &str) -> Result<Vec<u8>, ApiError> {
        let query = format!("{query}&format=postcard");
        let answer = self.read(route, &query).await?;
        answer.response.binary().await.map_err(unexpected)
    }

    /// Downloads what a route answers with; `query` starts with `?` unless it is empty.
    pub async fn download(&self, route: Route, query: &str) -> Result<Blob, ApiError> {
        let answer = self.read(route, query).await?;
        let response = web_sys::Response::from(answer.response);
        let blob = response.blob().map_err(|_| ApiError::Unreachable)?;
        let blob = JsFuture::from(blob).await;
        blob.map(JsCast::unchecked_into)
            .map_err(|_| ApiError::Unreachable)
    }

    /// Returns whether somebody answers, be it in a way that this page may not read (CORS).
    pub async fn is_answered(&self) -> bool {
        let signal = AbortSignal::timeout_with_u32(TIMEOUT_MS);
        let request = Request::get(&self.url(Route::Device, ""))
            .mode(RequestMode::NoCors)
            .abort_signal(Some(&signal));
        request.send().await.is_ok()
    }

    /// Posts to a route; `body` is JSON, or empty for none.
    pub async fn post(&self, route: Route, parameter: &str, body: &str) -> Result<(), ApiError> {
        let url = self.url(route, parameter);
        let question = Question {
            endpoint: route.endpoint(),
            url: &url,
            body,
        };
        let mut tries = Tries::default();
        match self.answer(&question, &mut tries).await {
            // An earlier try was heard, and only its answer got lost.
            Err(ApiError::Refused(problem))
                if problem.status == CONFLICT && tries.may_have_worked() =>
            {
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Sends a part of new firmware; `range` says which bytes, as in `Content-Range`. Nothing is sent twice.
    pub async fn send_part(&self, query: &str, range: &str, part: &Blob) -> Result<Ota, ApiError> {
        let _turn = turn().await;
        let signal = AbortSignal::timeout_with_u32(PART_TIMEOUT_MS);
        let request = Request::post(&(self.url(Route::Upload, "") + query))
            .abort_signal(Some(&signal))
            .header("Content-Type", "application/octet-stream")
            .header("Content-Range", range);
        let request = self.with_token(request).body(part).map_err(unexpected)?;
        match request.send().await {
            Ok(response) if response.ok() => {
                let (status, text) = (response.status(), response.text().await);
                let text = text.map_err(unexpected)?;
                serde_json::from_str(&text).map_err(|error| unreadable(status, &text, &error))
            }
            Ok(response) => Err(refusal(response).await.1),
            Err(_) => Err(ApiError::Unreachable),
        }
    }

    async fn read(&self, route: Route, query: &str) -> Result<Answer, ApiError> {
        let url = self.url(route, "") + query;
        let question = Question {
            endpoint: route.endpoint(),
            url: &url,
            body: "",
        };
        self.answer(&question, &mut Tries::default()).await
    }

    /// Asks when it is our turn, and again for as long as that may help.
    async fn answer(&self, question: &Question<'_>, tries: &mut Tries) -> Result<Answer, ApiError> {
        let turn = turn().await;
        loop {
            let (failure, error) = match self.send(question).await {
                Ok(response) => {
                    return Ok(Answer {
                        response,
                        _turn: turn,
                    });
                }
                Err(failure) => failure,
            };
            match tries.pause_ms(&failure) {
                Some(pause_ms) => TimeoutFuture::new(pause_ms).await,
                None => return Err(error),
            }
        }
    }

    async fn send(&self, question: &Question<'_>) -> Result<Response, (Failure, ApiError)> {
        let signal = AbortSignal::timeout_with_u32(timeout_ms(question.endpoint));
        let request = self.request(question, &signal);
        let request = request.map_err(|error| (Failure::Final, unexpected(error)))?;
        match request.send().await {
            Ok(response) if response.ok() => Ok(response),
            Ok(response) => Err(refusal(response).await),
            // Who let the time run out has waited long enough.
            Err(_) if signal.aborted() => Err((Failure::Final, ApiError::Unreachable)),
            Err(_) => Err((Failure::Reset, ApiError::Unreachable)),
        }
    }

    fn request(
        &self,
        question: &Question<'_>,
        signal: &AbortSignal,
    ) -> Result<Request, gloo_net::Error> {
        let request = match question.endpoint.method {
            Method::Get => Request::get(question.url),
            Method::Post => Request::post(question.url),
            Method::Put => Request::put(question.url),
            Method::Delete => Request::delete(question.url),
        };
        let request = request.abort_signal(Some(signal));
        let request = self.with_token(request);
        match question.body {
            "" => request.build(),
            body => request.header("Content-Type", JSON_MIME).body(body),
        }
    }

    fn with_token(&self, request: RequestBuilder) -> RequestBuilder {
        match self.token.as_str() {
            "" => request,
            token => request.header("Authorization", &format!("Bearer {token}")),
        }
    }
}

/// Returns how long an answer is waited for, in milliseconds.
fn timeout_ms(endpoint: &Endpoint) -> u32 {
    match endpoint.answer {
        api::Answer::Json | api::Answer::JsonOrPostcard => TIMEOUT_MS,
        _ => DOWNLOAD_TIMEOUT_MS,
    }
}

/// Returns why an answer is a refusal.
async fn refusal(response: Response) -> (Failure, ApiError) {
    let status = response.status();
    let failure = match status {
        BUSY => Failure::Busy(response.headers().get("Retry-After")),
        _ => Failure::Final,
    };
    let text = response.text().await.unwrap_or_default();
    // Nobody else is to get the token.
    let error = match serde_json::from_str::<Problem>(&text) {
        Ok(_) if status == UNAUTHORIZED => ApiError::TokenNeeded,
        Ok(problem) => ApiError::Refused(Box::new(problem)),
        Err(_) => ApiError::Foreign(status),
    };
    (failure, error)
}

/// Distinguishes an answer of another version from one of another server: HeapBeacon answers with an object in JSON.
fn unreadable(status: u16, text: &str, error: &serde_json::Error) -> ApiError {
    match text.trim_start().starts_with('{') {
        true => ApiError::Unexpected(error.to_string()),
        false => ApiError::Foreign(status),
    }
}

/// A body that ends early is a lost connection.
fn unexpected(error: gloo_net::Error) -> ApiError {
    match error {
        gloo_net::Error::JsError(_) => ApiError::Unreachable,
        other => ApiError::Unexpected(other.to_string()),
    }
}
