//! The HTTP API of a running agent, whatever board it runs on.
//!
//! With `HEAPBEACON_URL` the tests use the agent there (and `HEAPBEACON_TOKEN`, if it needs one),
//! one after the other, and leave its trace doing what it did. Without, each test starts its own
//! agent. What only this board has is tested in `host.rs`.

mod support;

mod api {
    mod arguments;
    mod bodies;
    mod connections;
    mod demo;
    mod document;
    mod events;
    mod forms;
    mod heap;
    mod malformed;
    mod manners;
    mod marks;
    mod methods;
    mod metrics;
    mod origins;
    mod paging;
    mod references;
    mod routes;
    mod settings;
    mod smuggling;
    mod states;
}
