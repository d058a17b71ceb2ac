//! What users wish of a device, over the API.

use std::borrow::ToOwned;
use std::format;
use std::vec::Vec;

use super::peer::Peer;
use super::{Answer, agent_with, talk_to};
use crate::http::server::Server;
use crate::memory::AreaKind;
use crate::platform::{Device, Platform};
use crate::tests::board::{Board, keep_settings, list};
use crate::tests::references::Memory;
use crate::tests::settings::storage;

/// Sends a request with a token.
fn ask(agent: &'static Server<Board>, line: &str, token: &str, body: &str) -> Answer {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let (text, _) = talk_to(agent, Peer::that_leaves(request));
    Answer::all(&text).remove(0)
}

fn get(agent: &'static Server<Board>, token: &str) -> Answer {
    ask(agent, "GET /api/v1/settings", token, "")
}

fn put(agent: &'static Server<Board>, token: &str, body: &str) -> Answer {
    ask(agent, "PUT /api/v1/settings", token, body)
}

/// Begins a boot of a board that keeps settings.
fn agent() -> &'static Server<Board> {
    keep_settings(storage());
    agent_with(Some("the firmware's"))
}

const TOKEN: &str = "the firmware's";

#[test]
fn a_board_that_keeps_none_says_so() {
    let agent = agent_with(None);
    assert_eq!(get(agent, "").problem(404).code, "ESP_ERR_NOT_FOUND");
    assert_eq!(put(agent, "", "{}").status, 404);
    assert_eq!(ask(agent, "POST /api/v1/triggers/0", "", "").status, 404);
}

#[test]
fn what_is_set_is_kept_and_the_rest_stays() {
    let agent = agent();
    assert!(get(agent, TOKEN).body.contains("\"state\":\"nothing\""));
    let set = put(
        agent,
        TOKEN,
        "{\"name\":\"kitchen\",\"trace\":\"all\",\"records\":null}",
    );
    assert_eq!(set.status, 200, "{}", set.body);
    let set = put(agent, TOKEN, "{\"references\":false}");
    for part in [
        "\"state\":\"stored\"",
        "\"name\":\"kitchen\"",
        "\"trace\":\"all\"",
        "\"references\":false",
    ] {
        assert!(set.body.contains(part), "{part} in {}", set.body);
    }
    assert_eq!(get(agent, TOKEN).body, set.body);
    let device = ask(agent, "GET /api/v1/device", TOKEN, "");
    assert!(
        device.body.contains("\"name\":\"kitchen\""),
        "{}",
        device.body
    );
    let back = put(agent, TOKEN, "{\"name\":\"\",\"records\":0}");
    assert!(back.body.contains("\"name\":\"\"") && back.body.contains("\"records\":null"));
}

#[test]
fn an_answer_can_be_sent_back() {
    let agent = agent();
    let triggers = "{\"triggers\":[{\"when\":\"free_below\",\"bytes\":8192,\"then\":\"mark\"},\
         {\"when\":\"allocation_failed\",\"then\":\"freeze\"}]}";
    let set = put(agent, TOKEN, triggers);
    assert_eq!(set.status, 200, "{}", set.body);
    let back = put(agent, TOKEN, &set.body);
    assert_eq!((back.status, back.body), (200, set.body));
}

#[test]
fn a_secret_is_never_shown_again() {
    let agent = agent();
    let set = put(
        agent,
        TOKEN,
        "{\"wifi_ssid\":\"home\",\"wifi_password\":\"walnuts and almonds\",\"read_token\":\"hazelnut\"}",
    );
    assert_eq!(set.status, 200, "{}", set.body);
    for answer in [set.body, get(agent, TOKEN).body] {
        assert!(
            answer.contains("\"wifi_ssid\":\"home\"")
                && answer.contains("\"has_wifi_password\":true")
        );
        assert!(answer.contains("\"has_read_token\":true"), "{answer}");
        assert!(
            !answer.contains("walnuts") && !answer.contains("hazelnut"),
            "{answer}"
        );
    }
}

#[test]
fn a_token_that_is_set_holds_at_once_instead_of_the_firmwares() {
    let agent = agent();
    let tokens = "{\"control_token\":\"pistachio\",\"read_token\":\"hazelnut\"}";
    assert_eq!(put(agent, TOKEN, tokens).status, 200);
    assert_eq!(get(agent, TOKEN).status, 401);
    assert_eq!(get(agent, "hazelnut").status, 200);
    assert_eq!(
        put(agent, "hazelnut", "{\"name\":\"x\"}").problem(403).code,
        "ESP_ERR_NOT_ALLOWED"
    );
    assert_eq!(
        ask(agent, "POST /api/v1/trace/stop", "hazelnut", "").status,
        403
    );
    assert_eq!(get(agent, "pistachi0").status, 401);
    assert_eq!(
        put(
            agent,
            "pistachio",
            "{\"control_token\":\"\",\"read_token\":\"\"}"
        )
        .status,
        200
    );
    assert_eq!(get(agent, "pistachio").status, 401);
    assert_eq!(get(agent, TOKEN).status, 200);
}

#[test]
fn what_is_wrong_is_said_and_changes_nothing() {
    let agent = agent();
    let before = put(agent, TOKEN, "{\"name\":\"kitchen\"}").body;
    for (body, status, names) in [
        ("", 422, "name"),
        ("nonsense", 400, "name"),
        ("{\"nmae\":\"x\"}", 422, "openapi"),
        ("{\"name\":\"a\\u0007b\"}", 422, "name"),
        ("{\"name\":\"12\"}", 422, "name"),
        (
            "{\"name\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
            422,
            "name",
        ),
        ("{\"name\":\"new\",\"trace\":\"some\"}", 422, "trace"),
        ("{\"name\":\"new\",\"trace\":{\"all\":null}}", 422, "trace"),
        ("{\"name\":\"new\",\"records\":4000000000}", 422, "records"),
        ("{\"name\":\"new\",\"records\":-1}", 422, "records"),
        (
            "{\"name\":\"new\",\"triggers\":[{\"when\":\"free_below\",\"then\":\"mark\"}]}",
            422,
            "bytes",
        ),
        (
            "{\"triggers\":[{\"when\":\"allocation_failed\",\"bytes\":1,\"then\":\"mark\"}]}",
            422,
            "bytes",
        ),
        (
            "{\"triggers\":[{\"when\":\"sometimes\",\"then\":\"mark\"}]}",
            422,
            "triggers",
        ),
        ("{\"control_token\":\"short\"}", 422, "token"),
        ("{\"control_token\":\"with a blank\"}", 422, "token"),
        (
            "{\"control_token\":\"hazelnut\",\"read_token\":\"hazelnut\"}",
            422,
            "read_token",
        ),
        ("{\"read_token\":\"the firmware's\"}", 422, "token"),
        (
            "{\"wifi_ssid\":\"home\",\"wifi_password\":\"short\"}",
            422,
            "wifi_password",
        ),
        ("{\"wifi_password\":\"long enough\"}", 422, "wifi_ssid"),
    ] {
        let problem = put(agent, TOKEN, body).problem(status);
        assert!(problem.detail.contains(names), "{body}: {}", problem.detail);
        assert_eq!(get(agent, TOKEN).body, before, "{body}");
    }
    let five = "{\"when\":\"allocation_failed\",\"then\":\"mark\"},".repeat(5);
    let five = format!("{{\"triggers\":[{}]}}", five.trim_end_matches(','));
    assert_eq!(put(agent, TOKEN, &five).status, 422);
    let long = format!("{{\"name\":\"{}\"}}", " ".repeat(800));
    assert_eq!(put(agent, TOKEN, &long).status, 413);
}

#[test]
fn a_token_for_reading_needs_one_for_the_rest() {
    keep_settings(storage());
    let agent = agent_with(None);
    let problem = put(agent, "", "{\"read_token\":\"hazelnut\"}").problem(422);
    assert!(problem.detail.contains("control_token"), "{problem:?}");
    let both = "{\"control_token\":\"pistachio\",\"read_token\":\"hazelnut\"}";
    assert_eq!(put(agent, "", both).status, 200);
    assert_eq!(get(agent, "").status, 401);
    let none = "{\"control_token\":\"\",\"read_token\":\"\"}";
    let problem = put(agent, "pistachio", none).problem(422);
    assert!(problem.detail.contains("taken back"), "{problem:?}");
    assert_eq!(get(agent, "").status, 401);
    assert_eq!(
        put(agent, "pistachio", "{\"control_token\":\"macadamia\"}").status,
        200
    );
}

#[test]
fn a_trigger_is_tried() {
    let agent = agent();
    let body = "{\"triggers\":[{\"when\":\"free_below\",\"bytes\":1,\"then\":\"mark\"}]}";
    assert_eq!(put(agent, TOKEN, body).status, 200);
    let tried = ask(agent, "POST /api/v1/triggers/0", TOKEN, "");
    assert!(tried.body.contains("\"fired\":1"), "{}", tried.body);
    let mark = Board::marks().newest(|_| true).expect("it leaves a mark");
    assert_eq!(mark.name, "try: free: mark");
    for missing in ["1", "x", "-1", "99999999999999999999"] {
        let line = format!("POST /api/v1/triggers/{missing}");
        assert_eq!(ask(agent, &line, TOKEN, "").status, 404, "{missing}");
    }
    assert!(Board::settings().is_some());
}

#[test]
fn a_password_belongs_to_its_network() {
    let agent = agent();
    let has_password = |body: &str| {
        let set = put(agent, TOKEN, body);
        assert_eq!(set.status, 200, "{}", set.body);
        set.body.contains("\"has_wifi_password\":true")
    };
    let home = "{\"wifi_ssid\":\"home\",\"wifi_password\":\"walnuts and almonds\"}";
    assert!(has_password(home));
    assert!(has_password("{\"wifi_ssid\":\"home\"}"));
    assert!(!has_password("{\"wifi_ssid\":\"cafe\"}"));
    assert!(has_password(home));
    assert!(!has_password("{\"wifi_ssid\":\"\"}"));
    assert_eq!(put(agent, TOKEN, "{\"wifi_ssid\":\"a\\nb\"}").status, 422);
}

#[test]
fn the_longest_settings_can_be_sent_back() {
    let agent = agent();
    let trigger =
        "{\"when\":\"outlived_above\",\"bytes\":4294967295,\"then\":\"switch_mode\"},".repeat(4);
    let triggers = format!("{{\"triggers\":[{}]}}", trigger.trim_end_matches(','));
    assert_eq!(put(agent, TOKEN, &triggers).status, 200);
    let texts = format!("{{\"name\":\"{0}\",\"wifi_ssid\":\"{0}\"}}", "n".repeat(32));
    assert_eq!(put(agent, TOKEN, &texts).status, 200);
    (0..4).for_each(|index| {
        let line = format!("POST /api/v1/triggers/{index}");
        assert_eq!(ask(agent, &line, TOKEN, "").status, 200);
    });
    let all = get(agent, TOKEN).body;
    assert_eq!(put(agent, TOKEN, &all).body, all);
}

#[test]
fn a_trigger_for_lost_blocks_needs_memory_that_can_be_read() {
    let agent = agent();
    let trigger = "\"triggers\":[{\"when\":\"block_lost\",\"bytes\":1,\"then\":\"snapshot\"}]";
    let refused = |body: &str| {
        let answer = put(agent, TOKEN, body);
        answer.problem(422).detail.as_str().to_owned()
    };
    assert!(refused(&format!("{{{trigger}}}")).contains("Device::area"));
    let memory = Memory::new(8, |_, _| 0);
    list([memory.area(AreaKind::Heap, memory.of(0..8))].into(), 0);
    let contradiction = format!("{{{trigger},\"references\":false}}");
    assert!(refused(&contradiction).contains("references"));
    let set = put(agent, TOKEN, &format!("{{{trigger}}}"));
    assert_eq!(set.status, 200, "{}", set.body);
    // What it needs can't be taken away from under it.
    assert!(refused("{\"references\":false}").contains("block_lost"));
    list(Vec::new(), 0);
}
