//! An HTTP client with the API's base URL.

use std::time::Duration;

use heapbeacon_shared::api::{PREFIX, Trace};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Body;
use ureq::http::{Request, Response};

use super::answer::Answer;
use super::await_some;

/// Longer than the agent lets any peer wait.
const TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const JSON: (&str, &str) = ("Content-Type", "application/json");

/// An HTTP client of one agent.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: ureq::Agent,
    url: String,
    token: Option<String>,
    is_patient: bool,
}

impl Client {
    /// Talks to the agent at `url`; every request carries the token, if there is one.
    pub(crate) fn new(url: &str, token: Option<String>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .max_redirects(0)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self {
            http: config.into(),
            url: url.trim_end_matches('/').to_owned(),
            token,
            is_patient: false,
        }
    }

    /// Asks again while it is turned away: a device has no queue of connections that wait to be accepted.
    pub(crate) fn patient(self) -> Self {
        Self {
            is_patient: true,
            ..self
        }
    }

    /// Returns host and port.
    pub(crate) fn authority(&self) -> &str {
        let authority = self.url.strip_prefix("http://");
        authority.expect("the agent speaks plain HTTP")
    }

    /// Returns the header that carries the token, as a line of a request; empty without a token.
    pub(crate) fn token_line(&self) -> String {
        let token = self.token.as_ref();
        token.map_or_else(String::new, |token| {
            format!("Authorization: Bearer {token}\r\n")
        })
    }

    /// Gets a path of the API.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", &api(path), &[], b"")
    }

    /// Gets a path of the API as a `T`, with every field known.
    #[track_caller]
    pub(crate) fn read<T: DeserializeOwned + Serialize>(&self, path: &str) -> T {
        self.get(path).json()
    }

    /// Returns the status of the trace.
    #[track_caller]
    pub(crate) fn trace(&self) -> Trace {
        self.read("/trace")
    }

    /// Posts JSON to a path of the API; an empty body is none.
    #[track_caller]
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        let headers: &[_] = if body.is_empty() { &[] } else { &[JSON] };
        self.request("POST", &api(path), headers, body.as_bytes())
    }

    /// Posts JSON that must be accepted, and returns the trace's new status.
    #[track_caller]
    pub(crate) fn command(&self, path: &str, body: &str) -> Trace {
        self.post(path, body).json()
    }

    /// Sends any request.
    #[track_caller]
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let request = request.body(body).expect("the test's request is right");
        let mut answer = self.run(&request);
        let headers = answer.headers().iter();
        Answer {
            status: answer.status().as_u16(),
            headers: headers
                .map(|(name, value)| {
                    let value = value.to_str().expect("headers are text");
                    (name.as_str().to_owned(), value.to_owned())
                })
                .collect(),
            body: answer
                .body_mut()
                .with_config()
                .limit(1 << 30)
                .read_to_vec()
                .unwrap_or_else(|error| panic!("body of {method} {path}: {error}")),
        }
    }

    #[track_caller]
    fn run(&self, request: &Request<&[u8]>) -> Response<Body> {
        let ask = || self.http.run(request.clone());
        if self.is_patient {
            return await_some("an answer", || ask().ok());
        }
        ask().unwrap_or_else(|error| panic!("{} {}: {error}", request.method(), request.uri()))
    }
}

/// Returns the URL path of a path of the API.
pub(crate) fn api(path: &str) -> String {
    format!("{PREFIX}{path}")
}
