//! What Prometheus makes of a fleet with the files of `assets/fleet`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::server::{Prometheus, Series, promtool};
use crate::support::await_that;
use crate::support::client::Client;
use crate::support::fleet::Fleet;
use crate::support::process::Process;

const TOKEN: &str = "correct-horse-battery";
const DEVICES: usize = 50;

/// What takes minutes and hours for a device, in seconds.
const HURRIED: [(&str, &str); 8] = [
    ("_interval: 15s", "_interval: 1s"),
    ("refresh_interval: 1m", "refresh_interval: 1s"),
    ("[5m]", "[5s]"),
    ("[15m]", "[20s]"),
    ("offset 15m", "offset 20s"),
    ("[1h]", "[20s]"),
    ("[1d]", "[20s]"),
    ("> 3600", "> 10"),
];

fn assets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/fleet")
}

/// Copies what Prometheus reads to a folder with a token and a place for targets; each text is changed on its way.
fn set_up(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there are folders");
    for name in ["prometheus.yml", "rules.yml", "rules_test.yml"] {
        let text = fs::read_to_string(assets().join(name)).expect(name);
        fs::write(folder.path().join(name), change(&text)).expect(name);
    }
    fs::write(folder.path().join("token"), TOKEN).expect("the folder is there");
    fs::create_dir(folder.path().join("targets")).expect("the folder is there");
    folder
}

/// Makes rules decide within seconds.
fn hurry(text: &str) -> String {
    let kept = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("for: "));
    let text = kept.fold(String::new(), |text, line| text + line + "\n");
    HURRIED
        .iter()
        .fold(text, |text, (slow, fast)| text.replace(slow, fast))
}

/// Returns the devices whose index is one of these.
fn names(is_one: impl Fn(usize) -> bool) -> BTreeSet<String> {
    let indices = (0..DEVICES).filter(|index| is_one(*index));
    indices
        .map(|index| format!("stand-in-{index:03}"))
        .collect()
}

fn leaks(index: usize) -> bool {
    index % 10 == 9 || index % 20 == 4
}

/// Returns which devices, or versions, an alert fires for.
fn firing(server: &Prometheus, alert: &str, label: &str) -> BTreeSet<String> {
    let query = format!("ALERTS{{alertname=\"{alert}\", alertstate=\"firing\"}}");
    server.labels(&query, label)
}

#[test]
fn promtool_has_nothing_against_configuration_and_rules() {
    let folder = set_up(str::to_owned);
    for arguments in [
        &["check", "config", "prometheus.yml"][..],
        &["check", "rules", "rules.yml"],
        &["test", "rules", "rules_test.yml"],
    ] {
        let output = promtool(folder.path(), arguments);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
}

#[test]
fn a_fleet_is_scraped_without_a_failure_and_what_leaks_is_found() {
    let folder = set_up(hurry);
    let targets = folder.path().join("targets/fleet.json");
    let _fleet = Fleet::start(DEVICES, &targets, &["--token", TOKEN]);
    let server = Prometheus::start(folder.path());
    await_that("each was scraped several times", || {
        let scrapes = server.value("min(count_over_time(up[1m]))");
        let count = server.value("count(up)");
        count == Some(DEVICES as f64) && scrapes.is_some_and(|scrapes| scrapes >= 5.0)
    });
    for (alert, label, expected) in [
        ("HeapLeaking", "device", names(leaks)),
        ("HeapInPieces", "device", names(|index| index % 20 == 14)),
        (
            "HeapAllocationsFail",
            "device",
            names(|index| index % 20 == 14),
        ),
        (
            "BadRelease",
            "version",
            BTreeSet::from(["1.3.0".to_owned()]),
        ),
    ] {
        await_that(alert, || !firing(&server, alert, label).is_empty());
        await_that(&format!("{alert} for {expected:?}"), || {
            firing(&server, alert, label) == expected
        });
    }
    await_that("each panel shows something", || {
        panels_without_series(&server).is_empty()
    });
    assert_eq!(server.value("min(min_over_time(up[10m]))"), Some(1.0));
    assert_eq!(firing(&server, "DeviceSilent", "device"), BTreeSet::new());
}

#[test]
fn a_release_whose_devices_run_out_of_memory_is_not_free_of_crashes_and_each_tells_why_it_restarted()
 {
    let folder = set_up(hurry);
    let targets = folder.path().join("targets/fleet.json");
    // What leaks restarts every quarter of a minute.
    let fleet = Fleet::start(20, &targets, &["--token", TOKEN, "--speed", "60"]);
    let server = Prometheus::start(folder.path());
    let crashing = BTreeSet::from(["1.2.0".to_owned(), "1.3.0".to_owned()]);
    await_that("a release is said to crash", || {
        firing(&server, "CrashFreeHoursLow", "version") == crashing
    });
    let first = Client::new(
        &format!("http://{}", fleet.devices()[0].1),
        Some(TOKEN.to_owned()),
    );
    assert_eq!(first.post("/restart", "").status, 200);
    for (reason, is_one) in [
        ("out_of_memory", leaks as fn(usize) -> bool),
        ("requested", |index| index == 0),
    ] {
        let expected = names(|index| index < 20 && is_one(index));
        for metric in ["process_restart_info", "process_restarts_total"] {
            await_that(&format!("{metric} of {reason}"), || {
                let query = format!("{metric}{{reason=\"{reason}\"}} > 0");
                server.labels(&query, "device") == expected
            });
        }
    }
    let healthy = "min_over_time(version:crash_free_hours:ratio1h{version=\"1.1.0\"}[1m])";
    assert_eq!(server.value(healthy), Some(1.0));
}

#[test]
fn what_discover_prints_is_scraped_under_the_names_that_devices_have_said() {
    let folder = set_up(hurry);
    let own = folder.path().join("own.json");
    let fleet = Fleet::start(3, &own, &["--token", TOKEN, "--mdns"]);
    let server = Prometheus::start(folder.path());
    // Others may be in this network.
    let is_up = |(device, address): &(String, String)| {
        let query = format!("up{{device=\"{device}\", instance=\"{address}\"}}");
        server.value(&query) == Some(1.0)
    };
    assert!(!fleet.devices().iter().any(is_up));
    // Prometheus may be reading: so the file comes as a whole.
    let beside = folder.path().join("targets/found.new");
    fs::write(&beside, discovered()).expect("the folder is there");
    fs::rename(&beside, beside.with_extension("json")).expect("it is there");
    await_that("each is up", || fleet.devices().iter().all(is_up));
}

/// Returns what `cargo xtask discover` prints.
fn discovered() -> Vec<u8> {
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "heapbeacon-reports", "--"])
        .arg("discover")
        .output()
        .expect("cargo runs this test");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output.stdout
}

/// Returns the queries of the dashboard that no series answers.
fn panels_without_series(server: &Prometheus) -> Vec<String> {
    let is_empty = |query: &String| {
        server
            .ask(query)
            .is_none_or(|series: Vec<Series>| series.is_empty())
    };
    queries().into_iter().filter(is_empty).collect()
}

/// Returns the queries of the dashboard, of all versions and devices.
fn queries() -> Vec<String> {
    let text = fs::read_to_string(assets().join("dashboard.json")).expect("it is there");
    let dashboard: Value = serde_json::from_str(&text).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let targets = panels.iter().flat_map(|panel| {
        let targets = panel["targets"]
            .as_array()
            .filter(|targets| !targets.is_empty());
        targets.unwrap_or_else(|| panic!("{} asks for nothing", panel["title"]))
    });
    let queries = targets.map(|target| {
        let query = target["expr"].as_str().expect("a query is a text");
        hurry(query)
            .trim_end()
            .replace("$version", ".*")
            .replace("$device", ".*")
    });
    let queries: Vec<_> = queries.collect();
    // `$1` is no variable, but what an expression has matched.
    let has_variable = |query: &String| query.replace("\"$1\"", "").contains('$');
    assert!(!queries.iter().any(has_variable), "{queries:?}");
    queries
}

#[test]
fn what_profile_servers_are_told_to_ask_for_is_there() {
    let process = Process::start(&["--start", "leaks"]);
    let agent: Client = process.client();
    for name in ["parca.yml", "pyroscope.alloy", "collector.yml"] {
        let text = fs::read_to_string(assets().join(name)).expect(name);
        let paths: BTreeSet<_> = text
            .match_indices("/debug/pprof/")
            .map(|(start, _)| {
                let rest = &text[start..];
                let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '/');
                &rest[..end.unwrap_or(rest.len())]
            })
            .collect();
        assert!(!paths.is_empty(), "{name}");
        for path in paths {
            assert_eq!(
                agent.request("GET", path, &[], b"").status,
                200,
                "{name}: {path}"
            );
        }
    }
}
