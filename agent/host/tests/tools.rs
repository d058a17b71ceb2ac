//! The agent asked by tools that exist: Prometheus, its `promtool`, `go tool pprof`, viewers, Avahi, and what joins networks.

mod support;

mod tools {
    mod avahi;
    mod fleet;
    mod golden;
    mod portal;
    mod pprof;
    mod prometheus;
    mod server;
    mod viewers;
}
