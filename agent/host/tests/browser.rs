//! The release bundle of the dashboard in a real browser, against a real agent.
//!
//! `HEAPBEACON_DASHBOARD` names the folder of the bundle, `HEAPBEACON_AXE` the script of axe-core, `HEAPBEACON_SCREENSHOTS`
//! where pictures go; `cargo xtask test browser` sets all. Chromium's headless shell and chromedriver must be installed.

mod support;

mod browser {
    mod access;
    mod barriers;
    mod brush;
    mod captures;
    mod charts;
    mod colours;
    mod compare;
    mod crowded;
    mod evidence;
    mod exports;
    mod files;
    mod first_sight;
    mod flame;
    mod fleet;
    mod flood;
    mod holders;
    mod long_list;
    mod losses;
    mod map;
    mod marks;
    mod named;
    mod policy;
    mod records;
    mod response;
    mod settings;
    mod slow_link;
    mod states;
    mod story;
    mod strangers;
    mod timeline;
    mod tls;
    mod turns;
    mod two_builds;
    mod unpacking;
    mod views;
    mod warnings;
    mod whole_day;
}
