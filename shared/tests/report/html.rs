//! What a report of one version says.

use heapbeacon_shared::api::{Device, Heap};
use heapbeacon_shared::report::{Report, Site, Version};
use heapbeacon_shared::trace::{Kind, name};

use crate::made::{held, version};

fn html(version: &Version, losses: &[String]) -> String {
    let report = Report {
        version,
        device: &Device {
            name: name("lamp <kitchen>"),
            ..Device::default()
        },
        heap: &Heap::default(),
        moments: &[],
        boots_us: &[],
        records: &[],
        records_age_us: 0,
        verdict: None,
        losses,
    };
    report.html()
}

#[test]
fn a_report_says_what_leaks_and_what_is_missing() {
    let sites = [
        held(0x10, 9_216, Kind::Plateau),
        held(0x20, 1_024, Kind::Leaking),
    ];
    let functions = [
        (0x10, "lamp::Cache::fill", 8),
        (0x20, "lamp::Table::open", 30),
    ];
    let mut version = version("a.hbc", 1, &sites, &functions);
    version.summary.gaps = 2;
    let html = html(&version, &["Half of it is missing.".to_owned()]);
    for words in [
        "Recording was stopped or paused 2 times: what was allocated meanwhile is missing.",
        "<h2>1 call site leaks: Table::open (+1.0 KiB/min). 10.0 KiB in 4 blocks of 2 call sites are live.</h2>",
        "<p class=\"loss\">Half of it is missing.</p>",
        "src/net.rs:30",
        "<title>Heap report of lamp &lt;kitchen&gt;</title>",
        "lamp 1.2.0",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    // What leaks comes first, although it holds less.
    let place = |words| html.find(words).expect("it is there");
    assert!(place("<code>Table::open") < place("<code>Cache::fill"));
}

/// Holdings by way of `main`, of which one leaks.
#[test]
fn a_report_draws_by_way_of_whom_memory_is_held_and_boxes_are_as_wide_as_that() {
    let mut version = version("a.hbc", 1, &[], &[]);
    let site = |stack: &[&str], bytes: u64, kind| {
        let mut site = Site::default();
        site.calls = stack.iter().map(|name| (*name).to_owned()).collect();
        (site.holding.bytes, site.holding.kind) = (bytes, kind);
        site
    };
    version.sites = vec![
        site(&["open", "serve", "main"], 600, Kind::Leaking),
        site(&["fill", "main"], 300, Kind::Plateau),
        site(&["<read>", "serve", "main"], 100, Kind::Plateau),
        // It would be a hair.
        site(&["late", "main"], 4, Kind::Plateau),
        site(&[], 50, Kind::Plateau),
    ];
    let html = html(&version, &[]);
    let wanted = "<ul><li style=\"flex:1004\"><span title=\"main: 1004 B\">main</span>\
        <ul><li style=\"flex:700\"><span title=\"serve: 700 B\">serve</span>\
        <ul><li style=\"flex:600\"><span class=\"bad\" title=\"open: 600 B\">open</span>\
        <li style=\"flex:100\"><span title=\"&lt;read&gt;: 100 B\">&lt;read&gt;</span><li style=\"flex:0\"></ul>\
        <li style=\"flex:300\"><span title=\"fill: 300 B\">fill</span><li style=\"flex:4\"></ul>\
        <li style=\"flex:50\"></ul>";
    assert!(html.contains(wanted), "{html}");
    version.sites.truncate(0);
    assert!(
        !self::html(&version, &[]).contains("<ul>"),
        "nothing is known"
    );
}

#[test]
fn a_report_loads_nothing_runs_nothing_and_stays_small_whatever_names_say() {
    let evil = "\"'><script src=//x></script><img src=x onerror=alert(1)>".repeat(1_000);
    let functions: Vec<(u64, &str, u32)> = (0..200).map(|at| (at, &*evil, at as u32)).collect();
    let sites: Vec<_> = (0..200).map(|at| held(at, 8 + at, Kind::Leaking)).collect();
    let version = version(&evil, 1, &sites, &functions);
    let html = html(&version, &[]);
    assert!(html.len() <= 200_000, "{}", html.len());
    for words in [
        "<script", "<img", "<link", "url(", "@import", "http:", "https:",
    ] {
        assert!(!html.contains(words), "{words}");
    }
    assert!(html.contains("default-src 'none'"));
    // What is left out is counted.
    let listed = html.matches("<summary>Call stack</summary>").count();
    assert!(html.contains(&format!("{} call sites more", 200 - listed)));
}
