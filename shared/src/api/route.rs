//! The one table of routes: the agent dispatches by it, the dashboard makes its requests from it, and the OpenAPI document
//! is held to it.

use super::method::{Method, Methods};

/// What every path of the API begins with.
pub const PREFIX: &str = "/api/v1";
/// Content type of postcard answers; see [`wire`](crate::wire) for the format.
pub const POSTCARD_MIME: &str = "application/vnd.heapbeacon.v1+postcard";
/// Content type of what Prometheus scrapes.
pub const METRICS_MIME: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Content type of bodies and answers in JSON.
pub const JSON_MIME: &str = "application/json";
/// The subprotocol of event connections.
pub const EVENTS_PROTOCOL: &str = "heapbeacon.v1";
/// What a subprotocol begins with that holds the agent's token, in base64 as for URLs without padding: a browser can send it in no
/// other way.
pub const TOKEN_PROTOCOL: &str = "heapbeacon.token.";
/// Content type of errors (RFC 9457).
pub const PROBLEM_MIME: &str = "application/problem+json";

/// Bytes of the longest settings that are taken at once: each connection has room for them.
const SETTINGS_BYTES: usize = 768;

/// Who may use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody whose host name and origin are accepted.
    Public,
    /// Whoever may read: with the agent's token, if it has one.
    Read,
    /// Whoever may change the trace or the device: with the agent's token, if it has one.
    Control,
    /// Whoever may read, on a connection that no foreign page may open, since it could read all of it: with the agent's token,
    /// if it has one, which may come in a subprotocol or in the first message.
    Events,
}

impl Access {
    /// Returns whether the agent's token is asked for.
    pub const fn needs_token(self) -> bool {
        !matches!(self, Self::Public)
    }
}

/// What the body of a request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing; an empty JSON object counts as that.
    None,
    /// JSON of so many bytes at most.
    Json(usize),
    /// Anything, of which nothing is read: the connection ends behind the answer.
    Unread,
    /// Bytes of any number, which are used as they come.
    Stream,
}

impl Body {
    /// Returns the most bytes that say something.
    pub const fn most_bytes(self) -> usize {
        match self {
            Self::None | Self::Unread | Self::Stream => 0,
            Self::Json(most) => most,
        }
    }
}

/// What an endpoint answers with where it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// JSON.
    Json,
    /// JSON, or the same as postcard messages where the client prefers those.
    JsonOrPostcard,
    /// Postcard messages.
    Postcard,
    /// Plain text.
    Text,
    /// An OpenAPI document.
    Yaml,
    /// A file's bytes.
    File,
    /// A WebSocket with postcard messages.
    WebSocket,
    /// Samples for Prometheus.
    Metrics,
}

impl Answer {
    /// Returns the content types that it may have, the usual one first.
    pub const fn content_types(self) -> &'static [&'static str] {
        match self {
            Self::Json => &[JSON_MIME],
            Self::JsonOrPostcard => &[JSON_MIME, POSTCARD_MIME],
            Self::Postcard => &[POSTCARD_MIME],
            Self::Text => &["text/plain; charset=utf-8"],
            Self::Yaml => &["application/yaml"],
            Self::File => &["application/octet-stream"],
            Self::WebSocket => &[],
            Self::Metrics => &[METRICS_MIME],
        }
    }
}

/// A place in the API; what it answers stands beside it in [`Route::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each variant is explained by its path in the table below"
)]
pub enum Route {
    Device,
    Heap,
    HeapHistory,
    HeapPins,
    Trace,
    Init,
    Start,
    Stop,
    Pause,
    Resume,
    Count,
    Records,
    Record,
    Stacks,
    Leaks,
    References,
    Dump,
    Capture,
    Marks,
    Mark,
    Elf,
    Demo,
    DemoSwitch,
    OpenApi,
    Events,
    PostMortem,
    DeletePostMortem,
    Restart,
    Metrics,
    HeapProfile,
    AllocsProfile,
    HasProfileSymbols,
    ProfileSymbols,
    Settings,
    SetSettings,
    TryTrigger,
    Ota,
    Upload,
    CancelUpload,
    SetSymbols,
}

/// A row of the table of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// What it answers with.
    pub route: Route,
    /// The method that it answers.
    pub method: Method,
    /// Its whole path; `{}` stands for one segment.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// The names that its query may have.
    pub query: &'static [&'static str],
    /// Whether it answers only where tracing is compiled in.
    pub needs_tracing: bool,
    /// What a request may bring.
    pub body: Body,
    /// What it answers with.
    pub answer: Answer,
}

impl Endpoint {
    /// Makes a row that reads. It needs the token, like every row that does not say otherwise.
    const fn read(route: Route, path: &'static str, answer: Answer) -> Self {
        Self {
            route,
            method: Method::Get,
            path,
            access: Access::Read,
            query: &[],
            needs_tracing: false,
            body: Body::None,
            answer,
        }
    }

    /// Makes a row that changes something, and answers with what came of it.
    const fn control(route: Route, path: &'static str, body: Body) -> Self {
        Self {
            method: Method::Post,
            access: Access::Control,
            body,
            ..Self::read(route, path, Answer::Json)
        }
    }

    /// Returns what its path answers: it may have a row for each method.
    pub fn methods(&self) -> Methods {
        Methods::of(|method| {
            let mut rows = Route::TABLE.iter();
            rows.any(|row| row.path == self.path && row.method == method)
        })
    }

    const fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    const fn with_access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    const fn of_trace(self) -> Self {
        Self {
            needs_tracing: true,
            ..self
        }
    }
}

impl Route {
    /// Every route, in the order of the variants.
    pub const ALL: [Endpoint; 40] = [
        Endpoint::read(Route::Device, "/api/v1/device", Answer::Json),
        Endpoint::read(Route::Heap, "/api/v1/heap", Answer::Json).with_query(&["since"]),
        Endpoint::read(Route::HeapHistory, "/api/v1/heap/history", Answer::Json),
        Endpoint::read(Route::HeapPins, "/api/v1/heap/pins", Answer::Json).of_trace(),
        Endpoint::read(Route::Trace, "/api/v1/trace", Answer::Json),
        Endpoint::control(Route::Init, "/api/v1/trace/init", Body::Json(256)).of_trace(),
        Endpoint::control(Route::Start, "/api/v1/trace/start", Body::Json(256))
            .with_query(&["mode"])
            .of_trace(),
        Endpoint::control(Route::Stop, "/api/v1/trace/stop", Body::None).of_trace(),
        Endpoint::control(Route::Pause, "/api/v1/trace/pause", Body::None).of_trace(),
        Endpoint::control(Route::Resume, "/api/v1/trace/resume", Body::None).of_trace(),
        Endpoint::read(Route::Count, "/api/v1/trace/count", Answer::Json).of_trace(),
        Endpoint::read(
            Route::Records,
            "/api/v1/trace/records",
            Answer::JsonOrPostcard,
        )
        .with_query(&[
            "after", "limit", "format", "since", "until", "stack", "task", "min_size",
        ])
        .of_trace(),
        Endpoint::read(Route::Record, "/api/v1/trace/records/{}", Answer::Json).of_trace(),
        Endpoint::read(
            Route::Stacks,
            "/api/v1/trace/stacks",
            Answer::JsonOrPostcard,
        )
        .with_query(&["after", "limit", "format"])
        .of_trace(),
        Endpoint::read(Route::Leaks, "/api/v1/trace/leaks", Answer::JsonOrPostcard)
            .with_query(&[
                "limit",
                "min_age_ms",
                "since",
                "until",
                "sort",
                "verdict",
                "known",
                "format",
            ])
            .of_trace(),
        Endpoint::read(
            Route::References,
            "/api/v1/trace/references",
            Answer::JsonOrPostcard,
        )
        .with_query(&["format"])
        .of_trace(),
        Endpoint::read(Route::Dump, "/api/v1/trace/dump", Answer::Text).of_trace(),
        Endpoint::read(Route::Capture, "/api/v1/capture", Answer::Postcard)
            .with_query(&["references"])
            .of_trace(),
        Endpoint::read(Route::Marks, "/api/v1/marks", Answer::Json),
        Endpoint::control(Route::Mark, "/api/v1/marks", Body::Json(256)),
        Endpoint::read(Route::Elf, "/api/v1/elf", Answer::File),
        Endpoint::read(Route::Demo, "/api/v1/demo", Answer::Json),
        Endpoint::control(Route::DemoSwitch, "/api/v1/demo/{}", Body::Json(256)),
        Endpoint::read(Route::OpenApi, "/api/v1/openapi.yaml", Answer::Yaml),
        Endpoint::read(Route::Events, "/api/v1/events", Answer::WebSocket)
            .with_query(&["events", "counters_ms", "samples_ms", "min_size", "task"])
            .with_access(Access::Events),
        Endpoint::read(
            Route::PostMortem,
            "/api/v1/postmortem",
            Answer::JsonOrPostcard,
        )
        .with_query(&["format"]),
        Endpoint {
            method: Method::Delete,
            ..Endpoint::control(Route::DeletePostMortem, "/api/v1/postmortem", Body::None)
        },
        Endpoint::control(Route::Restart, "/api/v1/restart", Body::None),
        Endpoint::read(Route::Metrics, "/metrics", Answer::Metrics),
        Endpoint::read(Route::HeapProfile, "/debug/pprof/heap", Answer::File)
            .with_query(&["seconds", "gc", "debug"])
            .of_trace(),
        Endpoint::read(Route::AllocsProfile, "/debug/pprof/allocs", Answer::File)
            .with_query(&["seconds", "gc", "debug"])
            .of_trace(),
        Endpoint::read(
            Route::HasProfileSymbols,
            "/debug/pprof/symbol",
            Answer::Text,
        ),
        // It changes nothing: pprof posts the addresses that it would have names of.
        Endpoint {
            method: Method::Post,
            body: Body::Unread,
            ..Endpoint::read(Route::ProfileSymbols, "/debug/pprof/symbol", Answer::Text)
        },
        Endpoint::read(Route::Settings, "/api/v1/settings", Answer::Json),
        Endpoint {
            method: Method::Put,
            ..Endpoint::control(
                Route::SetSettings,
                "/api/v1/settings",
                Body::Json(SETTINGS_BYTES),
            )
        },
        Endpoint::control(Route::TryTrigger, "/api/v1/triggers/{}", Body::None),
        Endpoint::read(Route::Ota, "/api/v1/ota", Answer::Json),
        Endpoint::control(Route::Upload, "/api/v1/ota", Body::Stream).with_query(&["allow"]),
        Endpoint {
            method: Method::Delete,
            ..Endpoint::control(Route::CancelUpload, "/api/v1/ota", Body::None)
        },
        Endpoint {
            method: Method::Put,
            ..Endpoint::control(Route::SetSymbols, "/api/v1/elf", Body::Stream)
        },
    ];

    const TABLE: &'static [Endpoint; 40] = &Self::ALL;

    /// Returns this route's row of the table.
    pub fn endpoint(self) -> &'static Endpoint {
        &Self::TABLE[self as usize]
    }

    /// Returns the most bytes that the body of any request has.
    pub const fn most_body_bytes() -> usize {
        let mut most = 0;
        let mut index = 0;
        while index < Self::ALL.len() {
            let bytes = Self::ALL[index].body.most_bytes();
            if bytes > most {
                most = bytes;
            }
            index += 1;
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (index, endpoint) in Route::ALL.iter().enumerate() {
            assert_eq!(endpoint.route as usize, index);
            assert_eq!(endpoint.route.endpoint(), endpoint);
        }
    }

    #[test]
    fn every_route_of_the_api_needs_the_token() {
        for endpoint in Route::ALL {
            let places = [PREFIX, "/metrics", "/debug/pprof/"];
            let is_known = places.iter().any(|place| endpoint.path.starts_with(place));
            assert!(is_known, "{}", endpoint.path);
            assert!(endpoint.access.needs_token(), "{}", endpoint.path);
        }
    }

    #[test]
    fn what_only_reads_is_got() {
        for endpoint in Route::ALL {
            let controls = endpoint.access == Access::Control;
            let is_ignored = endpoint.body == Body::Unread;
            let is_got = endpoint.method == Method::Get;
            assert_eq!(!is_got, controls || is_ignored, "{}", endpoint.path);
            assert!(!is_got || endpoint.body == Body::None, "{}", endpoint.path);
        }
    }

    #[test]
    fn a_path_has_one_row_for_each_of_its_methods() {
        for endpoint in Route::ALL {
            let mut rows = Route::ALL.iter();
            let same = |row: &&Endpoint| (row.path, row.method) == (endpoint.path, endpoint.method);
            assert_eq!(rows.find(same).map(|row| row.route), Some(endpoint.route));
        }
        let both = Route::Marks.endpoint().methods();
        assert_eq!(Route::Mark.endpoint().methods(), both);
        assert!(both.has(Method::Get) && both.has(Method::Post));
        assert_eq!(both.allow(), "GET, HEAD, POST, OPTIONS");
        assert_eq!(Route::Heap.endpoint().methods(), Methods::READ);
        let all = Route::Ota.endpoint().methods();
        assert_eq!(all.allow(), "GET, HEAD, POST, DELETE, OPTIONS");
    }

    #[test]
    fn a_parameter_is_a_whole_segment() {
        for endpoint in Route::ALL {
            let mut segments = endpoint.path.split('/');
            assert!(segments.all(|segment| segment == "{}" || !segment.contains(['{', '}'])));
        }
    }
}
