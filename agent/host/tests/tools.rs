//! The agent asked by tools that exist: Prometheus, its `promtool`, `go tool pprof`, and Avahi.

mod support;

mod tools {
    mod avahi;
    mod fleet;
    mod pprof;
    mod prometheus;
    mod server;
}
