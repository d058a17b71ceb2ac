//! Query parameters and path parameters: every value checked, every unknown name refused.

use heapbeacon_shared::api::Route;
use heapbeacon_shared::trace::Mode;

use crate::support::client::path_of;
use crate::support::target::Target;

/// What is no whole number that fits into 64 bits.
const NO_NUMBERS: [&str; 11] = [
    "",
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "abc",
    "1%20",
    "null",
    "18446744073709551616",
    "99999999999999999999999999999999999999",
];

#[track_caller]
fn refuse(agent: &Target, path: &str) {
    let problem = agent.get(path).problem(422);
    assert_eq!(problem.code, "ESP_ERR_INVALID_ARG", "{path}");
}

#[test]
fn a_cursor_is_a_whole_number() {
    let agent = Target::take();
    let before = agent.trace();
    for number in NO_NUMBERS {
        refuse(&agent, &format!("/trace/records?after={number}"));
        refuse(&agent, &format!("/trace/stacks?after={number}"));
    }
    refuse(&agent, "/trace/stacks?after=4294967296");
    agent.assert_untouched(&before);
}

#[test]
fn a_limit_is_a_whole_number_in_its_range() {
    let agent = Target::take();
    for route in ["records", "stacks", "leaks"] {
        for number in NO_NUMBERS.into_iter().chain(["0", "1001"]) {
            refuse(&agent, &format!("/trace/{route}?limit={number}"));
        }
        assert_eq!(agent.get(&format!("/trace/{route}?limit=32")).status, 200);
    }
    refuse(&agent, "/trace/leaks?min_age_ms=4294967296");
    let problem = agent.get("/trace/records?limit=0").problem(422);
    assert!(problem.detail.contains("1 to 1000"), "{problem:?}");
}

#[test]
fn an_index_is_a_whole_number_below_the_count() {
    let agent = Target::tracing(Mode::Leaks);
    for index in [
        "-1",
        "abc",
        "1.0",
        "4294967295",
        "4294967296",
        "18446744073709551616",
    ] {
        refuse(&agent, &format!("/trace/records/{index}"));
    }
}

#[test]
fn a_format_is_known() {
    let agent = Target::take();
    for format in ["", "xml", "JSON", "postcard,json"] {
        refuse(&agent, &format!("/trace/records?format={format}"));
        refuse(&agent, &format!("/trace/stacks?format={format}"));
        refuse(&agent, &format!("/trace/leaks?format={format}"));
    }
}

#[test]
fn an_order_and_a_verdict_are_known() {
    let agent = Target::take();
    for sort in ["bytes", "count", "outlived"] {
        assert_eq!(agent.get(&format!("/trace/leaks?sort={sort}")).status, 200);
    }
    for sort in ["", "size", "BYTES", "bytes,count"] {
        refuse(&agent, &format!("/trace/leaks?sort={sort}"));
    }
    for verdict in ["leaking", "leaking,lost", "too_early,one_off,in_flight"] {
        let path = format!("/trace/leaks?verdict={verdict}");
        assert_eq!(agent.get(&path).status, 200);
    }
    for verdict in ["", "leak", "leaking,", "Leaking", "leaking;lost"] {
        refuse(&agent, &format!("/trace/leaks?verdict={verdict}"));
    }
}

#[test]
fn call_stacks_that_are_known_are_a_list_of_at_most_64_ids() {
    let agent = Target::take();
    let list = |number: usize| vec!["4294967295"; number].join(",");
    for known in ["0", "7,4294967295", &list(64)] {
        let path = format!("/trace/leaks?known={known}");
        assert_eq!(agent.get(&path).status, 200);
    }
    for known in ["", "x", "1,", "-1", "4294967296", &list(65)] {
        refuse(&agent, &format!("/trace/leaks?known={known}"));
    }
}

#[test]
fn a_mode_is_known_wherever_it_is_given() {
    let agent = Target::take();
    let before = agent.trace();
    for query in [
        "?mode=",
        "?mode=none",
        "?mode=ALL",
        "?mode",
        "?mode=all&mode=leaks",
    ] {
        agent.post(&format!("/trace/start{query}"), "").problem(422);
    }
    agent
        .post("/trace/start?mode=all", r#"{"mode":"none"}"#)
        .problem(422);
    for (query, body) in [("leaks", "all"), ("all", "leaks")] {
        let path = format!("/trace/start?mode={query}");
        let body = format!(r#"{{"mode":"{body}"}}"#);
        let problem = agent.post(&path, &body).problem(422);
        assert!(problem.detail.contains("different modes"), "{problem:?}");
    }
    agent.assert_untouched(&before);
}

#[test]
fn a_name_given_twice_is_refused() {
    let agent = Target::take();
    refuse(&agent, "/trace/records?limit=1&limit=1");
    refuse(&agent, "/trace/stacks?after=1&limit=2&after=1");
}

#[test]
fn every_route_refuses_a_query_that_it_does_not_know() {
    let agent = Target::take();
    let before = agent.trace();
    for endpoint in Route::ALL {
        let (method, path) = (endpoint.method.to_string(), path_of(&endpoint));
        let answer = agent.request(&method, &format!("{path}?nothing=1"), &[], b"");
        answer.problem(422);
    }
    agent.assert_untouched(&before);
}
