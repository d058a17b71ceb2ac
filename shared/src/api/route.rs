//! The one table of routes: the agent dispatches by it and asks for the token by it, the dashboard builds its URLs
//! from it.

use core::fmt;

/// What every path of the API begins with.
pub const PREFIX: &str = "/api/v1";
/// Content type of postcard answers; see [`wire`](crate::wire) for the format.
pub const POSTCARD_MIME: &str = "application/vnd.heapbeacon.v1+postcard";
/// Content type of errors (RFC 9457).
pub const PROBLEM_MIME: &str = "application/problem+json";

/// A method that some route answers; `HEAD` and `OPTIONS` are derived from these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; never changes the trace.
    Get,
    /// Changes the trace or the device.
    Post,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Get => "GET",
            Method::Post => "POST",
        })
    }
}

/// Who may use an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody whose host name and origin are accepted.
    Public,
    /// Whoever sends the agent's token, if it has one.
    Token,
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
    Dump,
    Capture,
    Elf,
    Demo,
    DemoSwitch,
    OpenApi,
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
}

impl Endpoint {
    /// Makes a row that reads. It needs the token, like every row that does not say otherwise.
    const fn get(route: Route, path: &'static str) -> Self {
        Self {
            route,
            method: Method::Get,
            path,
            access: Access::Token,
            query: &[],
            needs_tracing: false,
        }
    }

    /// Makes a row that changes something.
    const fn post(route: Route, path: &'static str) -> Self {
        Self {
            method: Method::Post,
            ..Self::get(route, path)
        }
    }

    const fn with_query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
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
    pub const ALL: [Endpoint; 19] = [
        Endpoint::get(Route::Device, "/api/v1/device"),
        Endpoint::get(Route::Heap, "/api/v1/heap").with_query(&["since"]),
        Endpoint::get(Route::Trace, "/api/v1/trace"),
        Endpoint::post(Route::Init, "/api/v1/trace/init").of_trace(),
        Endpoint::post(Route::Start, "/api/v1/trace/start")
            .with_query(&["mode"])
            .of_trace(),
        Endpoint::post(Route::Stop, "/api/v1/trace/stop").of_trace(),
        Endpoint::post(Route::Pause, "/api/v1/trace/pause").of_trace(),
        Endpoint::post(Route::Resume, "/api/v1/trace/resume").of_trace(),
        Endpoint::get(Route::Count, "/api/v1/trace/count").of_trace(),
        Endpoint::get(Route::Records, "/api/v1/trace/records")
            .with_query(&["after", "limit", "format"])
            .of_trace(),
        Endpoint::get(Route::Record, "/api/v1/trace/records/{}").of_trace(),
        Endpoint::get(Route::Stacks, "/api/v1/trace/stacks")
            .with_query(&["after", "limit", "format"])
            .of_trace(),
        Endpoint::get(Route::Leaks, "/api/v1/trace/leaks")
            .with_query(&["limit", "min_age_ms"])
            .of_trace(),
        Endpoint::get(Route::Dump, "/api/v1/trace/dump").of_trace(),
        Endpoint::get(Route::Capture, "/api/v1/capture").of_trace(),
        Endpoint::get(Route::Elf, "/api/v1/elf"),
        Endpoint::get(Route::Demo, "/api/v1/demo"),
        Endpoint::post(Route::DemoSwitch, "/api/v1/demo/{}"),
        Endpoint::get(Route::OpenApi, "/api/v1/openapi.yaml"),
    ];

    const TABLE: &'static [Endpoint; 19] = &Self::ALL;

    /// Returns this route's row of the table.
    pub fn endpoint(self) -> &'static Endpoint {
        &Self::TABLE[self as usize]
    }

    /// Returns the method that this route answers.
    pub fn method(self) -> Method {
        self.endpoint().method
    }

    /// Returns the whole path, with `{}` for a parameter.
    pub fn path(self) -> &'static str {
        self.endpoint().path
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
            assert!(endpoint.path.starts_with(PREFIX), "{}", endpoint.path);
            assert_eq!(endpoint.access, Access::Token, "{}", endpoint.path);
        }
    }

    #[test]
    fn a_parameter_is_a_whole_segment() {
        for endpoint in Route::ALL {
            let mut segments = endpoint.path.split('/');
            assert!(segments.all(|segment| segment == "{}" || !segment.contains(['{', '}'])));
        }
    }
}
