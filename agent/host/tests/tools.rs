//! The agent asked by tools that exist: Prometheus, its `promtool`, and `go tool pprof`.

mod support;

mod tools {
    mod fleet;
    mod pprof;
    mod prometheus;
    mod server;
}
