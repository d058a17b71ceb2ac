//! The release bundle of the dashboard in a real browser, against a real agent.
//!
//! `HEAPBEACON_DASHBOARD` names the folder of the bundle, `HEAPBEACON_SCREENSHOTS` where pictures
//! go; `cargo xtask test browser` sets both. Chromium and chromedriver must be in PATH.

mod support;

mod browser {
    mod access;
    mod captures;
    mod crowded;
    mod files;
    mod long_list;
    mod policy;
    mod records;
    mod states;
    mod story;
    mod warnings;
}
