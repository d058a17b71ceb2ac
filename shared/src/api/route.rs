//! The one table of routes: the agent dispatches by it, the dashboard builds its URLs from it.

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

impl Route {
    /// Every route with its method and its path below [`PREFIX`]; `{}` stands for one segment.
    pub const ALL: [(Route, Method, &'static str); 19] = [
        (Route::Device, Method::Get, "/device"),
        (Route::Heap, Method::Get, "/heap"),
        (Route::Trace, Method::Get, "/trace"),
        (Route::Init, Method::Post, "/trace/init"),
        (Route::Start, Method::Post, "/trace/start"),
        (Route::Stop, Method::Post, "/trace/stop"),
        (Route::Pause, Method::Post, "/trace/pause"),
        (Route::Resume, Method::Post, "/trace/resume"),
        (Route::Count, Method::Get, "/trace/count"),
        (Route::Records, Method::Get, "/trace/records"),
        (Route::Record, Method::Get, "/trace/records/{}"),
        (Route::Stacks, Method::Get, "/trace/stacks"),
        (Route::Leaks, Method::Get, "/trace/leaks"),
        (Route::Dump, Method::Get, "/trace/dump"),
        (Route::Capture, Method::Get, "/capture"),
        (Route::Elf, Method::Get, "/elf"),
        (Route::Demo, Method::Get, "/demo"),
        (Route::DemoSwitch, Method::Post, "/demo/{}"),
        (Route::OpenApi, Method::Get, "/openapi.yaml"),
    ];

    /// The method that this route answers.
    pub fn method(self) -> Method {
        Self::ALL[self as usize].1
    }

    /// The path below [`PREFIX`], with `{}` for a parameter.
    pub fn path(self) -> &'static str {
        Self::ALL[self as usize].2
    }
}

/// Finds the route of a path, and the text that stands for its `{}` if it has one.
///
/// The method is the caller's to check, so that it can tell "not here" from "not so".
pub fn find(path: &str) -> Option<(Route, &str)> {
    let below = path.strip_prefix(PREFIX)?;
    Route::ALL
        .iter()
        .find_map(|(route, _, pattern)| parameter(pattern, below).map(|text| (*route, text)))
}

fn parameter<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    match pattern.strip_suffix("{}") {
        None => (pattern == path).then_some(""),
        Some(before) => path
            .strip_prefix(before)
            .filter(|rest| !rest.is_empty() && !rest.contains('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (index, (route, ..)) in Route::ALL.iter().enumerate() {
            assert_eq!(*route as usize, index);
        }
    }

    #[test]
    fn a_path_finds_its_route_and_parameter() {
        assert_eq!(find("/api/v1/trace"), Some((Route::Trace, "")));
        assert_eq!(find("/api/v1/trace/records"), Some((Route::Records, "")));
        assert_eq!(find("/api/v1/trace/records/7"), Some((Route::Record, "7")));
        assert_eq!(find("/api/v1/demo/x"), Some((Route::DemoSwitch, "x")));
    }

    #[test]
    fn what_is_no_route_is_not_found() {
        for path in [
            "/",
            "/api/v1",
            "/api/v1/",
            "/api/v2/trace",
            "/api/v1/trace/",
            "/api/v1/trace/records/1/2",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
