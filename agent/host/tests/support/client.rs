//! An HTTP client with the API's base URL.

use std::time::Duration;

use heapbeacon_shared::api::{Endpoint, PREFIX, Trace};
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::Request;

use super::answer::Answer;
use super::{PATIENCE, some_within};

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
        Self {
            http: http(TIMEOUT),
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

    /// Asks once, and waits only so long.
    pub(crate) fn hasty(self, timeout: Duration) -> Self {
        Self {
            http: http(timeout),
            is_patient: false,
            ..self
        }
    }

    /// Returns the same client of another URL.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self {
            url: url.to_owned(),
            ..self.clone()
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

    /// Gets a path of the API.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub(crate) fn try_get(&self, path: &str) -> Result<Answer, String> {
        self.try_request("GET", &api(path), &[], b"")
    }

    /// Asks an endpoint with its own method and without a body; `0` stands for its parameter.
    #[track_caller]
    pub(crate) fn ask(&self, endpoint: &Endpoint) -> Answer {
        let method = endpoint.method.to_string();
        self.request(&method, &path_of(endpoint), &[], b"")
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
        let answer = self.try_post(path, body);
        answer.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Posts JSON to a path of the API; an empty body is none.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub(crate) fn try_post(&self, path: &str, body: &str) -> Result<Answer, String> {
        let headers: &[_] = if body.is_empty() { &[] } else { &[JSON] };
        self.try_request("POST", &api(path), headers, body.as_bytes())
    }

    /// Deletes what a path of the API names.
    #[track_caller]
    #[allow(dead_code, reason = "not every suite deletes something")]
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", &api(path), &[], b"")
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
        let answer = self.try_request(method, path, headers, body);
        answer.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Sends any request.
    ///
    /// # Errors
    /// When the agent does not answer, or not to the end.
    pub(crate) fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
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
        let patience = if self.is_patient {
            PATIENCE
        } else {
            Duration::ZERO
        };
        let mut error = None;
        let answer = some_within(patience, || {
            self.http
                .run(request.clone())
                .map_err(|refused| error = Some(refused))
                .ok()
        });
        let mut answer = answer.ok_or_else(|| {
            let error = error.map_or_else(String::new, |error| error.to_string());
            format!("{method} {path} has no answer: {error}")
        })?;
        let headers = answer.headers().iter();
        Ok(Answer {
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
                .map_err(|error| format!("{method} {path} has no whole answer: {error}"))?,
        })
    }
}

/// How long a connection is kept for another request: a device closes it after half a second, and a request that crosses with that has no answer.
const IDLE: Duration = Duration::from_millis(250);

fn http(timeout: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .max_idle_age(IDLE)
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .timeout_global(Some(timeout))
        .build();
    config.into()
}

/// Returns the path of an endpoint; `0` stands for its parameter.
pub(crate) fn path_of(endpoint: &Endpoint) -> String {
    endpoint.path.replace("{}", "0")
}

/// Returns the URL path of a path of the API.
pub(crate) fn api(path: &str) -> String {
    format!("{PREFIX}{path}")
}
