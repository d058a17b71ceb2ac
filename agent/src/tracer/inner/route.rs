//! What becomes of an event, decided before it comes.

/// Where events of one kind go: all that an event has to ask. At most one is true.
#[derive(Clone, Copy, Default)]
pub(in crate::tracer) struct Route {
    /// Into the table, in leaks mode.
    pub(in crate::tracer) leaks: bool,
    /// Into the table, in all mode.
    pub(in crate::tracer) all: bool,
    /// Into the table, in leaks mode, and on the ring.
    pub(in crate::tracer) host: bool,
    /// The long way: on the ring if there is one, into the table if there is one, and past pending frees.
    pub(in crate::tracer) long: bool,
}

impl Route {
    pub(super) const NOWHERE: Self = Self {
        leaks: false,
        all: false,
        host: false,
        long: false,
    };
}
