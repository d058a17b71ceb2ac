//! `go tool pprof`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::client::Client;

const MISSING: &str = "missing: go; on Debian, the package golang-go";

/// The tool, with a folder of its own for what it keeps.
pub(crate) struct Pprof(TempDir);

impl Pprof {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("there are folders"))
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Runs it, and returns what it prints.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("go")
            .args(["tool", "pprof"])
            .args(arguments)
            .env("HOME", self.folder())
            .env("PPROF_TMPDIR", self.folder())
            .output()
            .expect(MISSING);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// Returns the sums of the samples of a profile, or of the difference that `arguments` ask for.
    #[track_caller]
    pub(crate) fn sums(&self, arguments: &[&str]) -> [i64; 4] {
        let raw = self.run(&[&["-raw"], arguments].concat());
        let mut sums = [0; 4];
        for line in raw.lines() {
            let (values, _) = line.split_once(':').unwrap_or_default();
            let values = values.split_whitespace().map(str::parse::<i64>);
            let values: Result<Vec<_>, _> = values.collect();
            // Others are no samples.
            let Some(Ok(values)) = values.ok().map(<[i64; 4]>::try_from) else {
                continue;
            };
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        sums
    }

    /// Saves a profile in a file.
    pub(crate) fn save(&self, agent: &Client, name: &str) -> String {
        let path = self.folder().join(name);
        let answer = agent.request("GET", "/debug/pprof/heap", &[], b"");
        assert_eq!(answer.status, 200);
        fs::write(&path, answer.body).expect("the folder is there");
        path.to_str().expect("it is text").to_owned()
    }
}
