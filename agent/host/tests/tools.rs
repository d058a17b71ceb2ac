//! The agent asked by tools that exist: Prometheus, its `promtool`, and `go tool pprof`.

mod support;

mod tools {
    mod pprof;
    mod prometheus;
}
