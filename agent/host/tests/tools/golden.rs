//! What the tools themselves make of the documents that the agent's own tests hold to these bytes: of a board whose names hold anything, of a full stack
//! table, and of no trace.

use std::fs;
use std::path::{Path, PathBuf};

use super::server::check;
use crate::support::pprof::Pprof;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../src/http/tests/golden")
        .join(name)
}

#[test]
fn promtool_has_nothing_to_say_of_any_of_them() {
    for state in ["evil", "full", "none"] {
        let file = golden(&format!("{state}_metrics.txt"));
        check(&fs::read_to_string(file).expect("it is there"));
    }
}

#[test]
fn pprof_reads_each_and_adds_up_what_it_stands_for() {
    let pprof = Pprof::new();
    for (state, sums) in [
        // Twenty blocks of 10 to 29 bytes, of which every third is freed.
        ("evil", [20, 390, 13, 257]),
        // There are records of the latest only.
        ("full", [2000, 20_000, 341, 3410]),
        ("none", [0; 4]),
    ] {
        let file = golden(&format!("{state}_heap.pb"));
        assert_eq!(
            pprof.sums(&[file.to_str().expect("it is text")]),
            sums,
            "{state}"
        );
    }
    let file = golden("evil_heap.pb");
    for view in ["-top", "-tags", "-traces"] {
        let said = pprof.run(&[view, "-symbolize=none", file.to_str().expect("it is text")]);
        assert!(said.contains("a \"b\\c"), "{view}: {said}");
    }
}
