//! The dashboard's files.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;

use crate::support::answer::Answer;
use crate::support::process::Process;
use crate::support::raw::{Connection, request};

const INDEX: &str = "<!doctype html><title>index</title>";
const HASHED: &str = "/dashboard-0123456789abcdef_bg.wasm";

/// Makes a folder of files, and serves it.
fn start(test: &str) -> Process {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    let style = folder.join("style");
    fs::create_dir_all(&style).expect("the folder for temporary files is there");
    for (path, text) in [
        ("index.html", INDEX),
        ("style/app.css", "p {}"),
        (&HASHED[1..], "\0asm"),
    ] {
        fs::write(folder.join(path), text).expect("it can be written to");
    }
    Process::start(&["--dashboard", folder.to_str().expect("paths here are text")])
}

fn get(agent: &Process, path: &str, headers: &[(&str, &str)]) -> Answer {
    agent.client().request("GET", path, headers, b"")
}

fn unpacked(answer: &Answer) -> String {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    let mut gzip = GzDecoder::new(&answer.body[..]);
    gzip.read_to_string(&mut text).expect("the body is gzip");
    text
}

#[test]
fn the_index_is_at_the_root_and_other_paths_have_nothing() {
    let agent = start("index");
    let by_browser = [("Accept", "text/html,*/*;q=0.8")];
    for path in ["/", "/?device=http://127.0.0.1", "/index.html"] {
        let answer = get(&agent, path, &by_browser);
        assert_eq!(unpacked(&answer), INDEX, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
    }
    for path in ["/leaks", "/metrics/", "/debug/pprof"] {
        get(&agent, path, &by_browser).problem(404);
    }
}

/// It hands files to viewers that it opens in another tab; whoever has opened it keeps no hold on it.
#[test]
fn the_page_keeps_a_hold_on_what_it_opens_and_no_answer_of_the_api_does() {
    let agent = start("openers");
    for (path, expected) in [
        ("/", "same-origin-allow-popups"),
        ("/api/v1/device", "same-origin"),
    ] {
        let answer = get(&agent, path, &[]);
        let policy = answer.header("cross-origin-opener-policy");
        assert_eq!(policy, Some(expected), "{path}");
    }
}

#[test]
fn a_file_has_its_type_and_may_be_kept_if_its_name_has_its_hash() {
    let agent = start("types");
    let style = get(&agent, "/style/app.css", &[]);
    assert_eq!(unpacked(&style), "p {}");
    assert_eq!(
        style.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    let program = get(&agent, HASHED, &[]);
    assert_eq!(unpacked(&program), "\0asm");
    assert_eq!(program.header("content-type"), Some("application/wasm"));
    let caching = program.header("cache-control");
    assert_eq!(caching, Some("public, max-age=31536000, immutable"));
}

#[test]
fn a_file_that_the_client_has_is_not_sent_again() {
    let agent = start("etag");
    let first = get(&agent, "/", &[]);
    let tag = first.header("etag").expect("a file has a tag").to_owned();
    for tags in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"other\", {tag}"),
        "*".to_owned(),
    ] {
        let answer = get(&agent, "/", &[("If-None-Match", &tags)]);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{tags}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(
        unpacked(&get(&agent, "/", &[("If-None-Match", "\"other\"")])),
        INDEX
    );
    let style = get(&agent, "/style/app.css", &[]);
    assert_ne!(style.header("etag"), Some(tag.as_str()));
}

#[test]
fn a_missing_file_is_not_found_and_no_file_outside_is_read() {
    let agent = start("missing");
    for path in [
        "/missing.js",
        "/style/../index.html",
        "/style%2fapp.css",
        "/../Cargo.toml",
        "//index.html",
    ] {
        let mut connection = Connection::open(&agent.client());
        connection.send(request(&agent.client(), "GET", path));
        connection.answer().expect("an answer").problem(404);
    }
}

#[test]
fn a_file_answers_get_and_head_only() {
    let agent = start("methods");
    for path in ["/", "/style/app.css"] {
        let answer = agent.client().request("POST", path, &[], b"");
        answer.problem(405);
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        let head = agent.client().request("HEAD", path, &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), get(&agent, path, &[]).header("etag"));
        let options = agent.client().request("OPTIONS", path, &[], b"");
        assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(options.status, 204);
    }
}

#[test]
fn without_a_dashboard_the_page_says_how_to_get_one() {
    let agent = Process::start(&[]);
    let page = get(&agent, "/", &[]);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("cargo xtask demo"));
    get(&agent, "/index.html", &[]).problem(404);
}
