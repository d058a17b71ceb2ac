//! A Prometheus of the test's own.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::background::Background;
use crate::support::client::Client;
use crate::support::free_port;

pub(super) const MISSING: &str = "missing in PATH: prometheus and promtool of version 3; `cargo xtask test unit` fetches them, and \
    `cargo xtask tools` says where they are then";

/// Returns a program of Prometheus, before it gets arguments.
pub(super) fn program(name: &str) -> Command {
    let output = Command::new(name).arg("--version").output().expect(MISSING);
    let version = String::from_utf8_lossy(&output.stdout);
    assert!(version.contains(", version 3."), "{MISSING}, not {version}");
    Command::new(name)
}

/// Checks that `promtool` has nothing to say of a document.
#[track_caller]
pub(super) fn check(text: &str) {
    let mut promtool = program("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect(MISSING);
    let mut input = promtool.stdin.take().expect("it is piped");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

/// A Prometheus that runs until this value goes.
pub(super) struct Prometheus {
    _process: Background,
    client: Client,
}

impl Prometheus {
    /// Starts one in a folder, which has its configuration, `prometheus.yml`.
    pub(super) fn start(folder: &Path) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = program("prometheus");
        command
            .arg(format!(
                "--config.file={}",
                folder.join("prometheus.yml").display()
            ))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error");
        Self {
            _process: Background::start(&mut command, MISSING),
            client: Client::new(&format!("http://{address}"), None),
        }
    }

    /// Returns the series that answer a query, each with its labels and its value; `None` while it does not answer.
    ///
    /// # Panics
    /// When the query is wrong.
    pub(super) fn ask(&self, query: &str) -> Option<Vec<Series>> {
        let path = format!("/api/v1/query?query={}", escaped(query));
        let answer: Value = self
            .client
            .try_request("GET", &path, &[], b"")
            .ok()?
            .try_json()
            .ok()?;
        assert_ne!(answer["errorType"], "bad_data", "{query}: {answer}");
        let series = answer["data"]["result"].as_array()?;
        Some(series.iter().cloned().map(Series).collect())
    }

    /// Returns which values a label has in the series that answer a query.
    pub(super) fn labels(&self, query: &str, label: &str) -> BTreeSet<String> {
        let series = self.ask(query).unwrap_or_default();
        let values = series.iter().map(|series| series.label(label).to_owned());
        values.collect()
    }

    /// Returns the value of the first series that answers a query.
    pub(super) fn value(&self, query: &str) -> Option<f64> {
        self.ask(query)?.first().map(Series::value)
    }
}

/// A series with a value.
#[derive(Debug)]
pub(super) struct Series(Value);

impl Series {
    /// Returns the value of a label; empty where there is none.
    pub(super) fn label(&self, name: &str) -> &str {
        self.0["metric"][name].as_str().unwrap_or_default()
    }

    pub(super) fn value(&self) -> f64 {
        let value = self.0["value"][1].as_str();
        value
            .and_then(|value| value.parse().ok())
            .expect("a number")
    }
}

/// Runs `promtool` in a folder.
pub(super) fn promtool(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program("promtool");
    command.args(arguments).current_dir(folder);
    command.output().expect(MISSING)
}

/// Returns a text as a value in a URL.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
