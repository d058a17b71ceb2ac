//! The agent's HTTP API, from a browser.

use core::fmt;

use gloo_net::http::{Request, RequestBuilder, Response};
use heapbeacon_shared::api::{PREFIX, Problem, Route};
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Blob};

/// Milliseconds after which an answer is no longer waited for.
const TIMEOUT_MS: u32 = 4_000;
/// The same for a file of many megabytes.
const DOWNLOAD_TIMEOUT_MS: u32 = 120_000;
/// HTTP status of a request without the token.
const UNAUTHORIZED: u16 = 401;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum ApiError {
    /// Nobody answered in time.
    Unreachable,
    /// The agent wants its token.
    TokenNeeded,
    /// The agent refused, and says why.
    Refused(Box<Problem>),
    /// The answer is not what this page understands.
    Unexpected(String),
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("The device did not answer. Is it still powered?"),
            Self::TokenNeeded => f.write_str("The device wants its token."),
            Self::Refused(problem) => write!(f, "{}: {}", problem.title, problem.detail),
            Self::Unexpected(what) => write!(
                f,
                "The device's answer can't be read ({what}). Is its agent of another version?"
            ),
        }
    }
}

impl core::error::Error for ApiError {}

/// Talks to one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Scheme, host and port; empty for the one that served this page.
    origin: String,
    /// What the agent was started with as `--token`; empty if it wants none.
    token: String,
}

impl Client {
    /// Talks to the device at `origin`, or to the one that served this page.
    pub fn new(origin: Option<String>) -> Self {
        let origin = origin.unwrap_or_default();
        let origin = origin.trim_end_matches('/').to_owned();
        let token = String::new();
        Self { origin, token }
    }

    /// Sends this token from now on.
    pub fn set_token(&mut self, token: String) {
        self.token = token;
    }

    /// Returns where the device is: empty for the one that served this page.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the URL of a route; `parameter` takes the place of its `{}`.
    pub fn url(&self, route: Route, parameter: &str) -> String {
        let path = route.path().replace("{}", parameter);
        format!("{}{PREFIX}{path}", self.origin)
    }

    /// Reads a route; `query` starts with `?` unless it is empty.
    pub async fn get<T: DeserializeOwned>(&self, route: Route, query: &str) -> Result<T, ApiError> {
        let answer = self.answer(route, query).await?;
        let text = answer.text().await.map_err(unexpected)?;
        serde_json::from_str(&text).map_err(|error| ApiError::Unexpected(error.to_string()))
    }

    /// Reads a route as a stream of messages; `query` starts with `?`.
    pub async fn messages(&self, route: Route, query: &str) -> Result<Vec<u8>, ApiError> {
        let query = format!("{query}&format=postcard");
        let answer = self.answer(route, &query).await?;
        answer.binary().await.map_err(unexpected)
    }

    async fn answer(&self, route: Route, query: &str) -> Result<Response, ApiError> {
        let url = self.url(route, "") + query;
        let request = self.prepared(Request::get(&url), TIMEOUT_MS);
        answered(request.send().await).await
    }

    /// Posts to a route; `body` is JSON, or empty for none.
    pub async fn post(&self, route: Route, parameter: &str, body: String) -> Result<(), ApiError> {
        let request = self.prepared(Request::post(&self.url(route, parameter)), TIMEOUT_MS);
        let sent = match body.is_empty() {
            true => request.send().await,
            false => {
                let request = request.header("Content-Type", "application/json");
                request.body(body).map_err(unexpected)?.send().await
            }
        };
        answered(sent).await.map(drop)
    }

    /// Downloads the ELF that the device offers as its own.
    pub async fn elf(&self) -> Result<Blob, ApiError> {
        let request = Request::get(&self.url(Route::Elf, ""));
        let request = self.prepared(request, DOWNLOAD_TIMEOUT_MS);
        let response = web_sys::Response::from(answered(request.send().await).await?);
        let blob = response.blob().map_err(|_| ApiError::Unreachable)?;
        let blob = JsFuture::from(blob).await;
        blob.map(JsCast::unchecked_into)
            .map_err(|_| ApiError::Unreachable)
    }

    fn prepared(&self, request: RequestBuilder, timeout_ms: u32) -> RequestBuilder {
        let signal = AbortSignal::timeout_with_u32(timeout_ms);
        let request = request.abort_signal(Some(&signal));
        match self.token.as_str() {
            "" => request,
            token => request.header("Authorization", &format!("Bearer {token}")),
        }
    }
}

/// Tells an answer from a refusal.
async fn answered(sent: Result<Response, gloo_net::Error>) -> Result<Response, ApiError> {
    let response = sent.map_err(|_| ApiError::Unreachable)?;
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    if status == UNAUTHORIZED {
        return Err(ApiError::TokenNeeded);
    }
    let text = response.text().await.unwrap_or_default();
    Err(match serde_json::from_str::<Problem>(&text) {
        Ok(problem) => ApiError::Refused(Box::new(problem)),
        Err(_) => ApiError::Unexpected(format!("HTTP status {status}")),
    })
}

/// A body that ends early is a lost connection.
fn unexpected(error: gloo_net::Error) -> ApiError {
    match error {
        gloo_net::Error::JsError(_) => ApiError::Unreachable,
        other => ApiError::Unexpected(other.to_string()),
    }
}
