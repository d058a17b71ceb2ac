//! Guests of the device's own access point.

use std::format;
use std::string::String;

use embassy_futures::block_on;
use heapbeacon_shared::api;
use heapbeacon_shared::trace::{Name, Settings, name};

use super::peer::{Clock, Peer};
use super::{Answer, agent_with, talk_to};
use crate::field::provisioning::{Failure, Heard, Portal, Stage};
use crate::http::serve_guest;
use crate::http::server::Server;
use crate::tests::board::{
    Board, Interruptible, Names, call, have_portal, keep_settings, set_clock,
};
use crate::tests::settings::storage;

const TOKEN: &str = "the firmware's";

/// Returns an agent whose portal is open.
fn agent(wants_token: bool) -> (&'static Server<Board>, &'static Portal<Interruptible>) {
    keep_settings(storage());
    let portal = have_portal();
    portal.set_open(true, wants_token);
    let heard = [("Home", false), ("Guests", true)].map(|(ssid, is_open)| Heard {
        ssid: name(ssid),
        signal: -50,
        is_open,
    });
    portal.set_heard(heard.into_iter().collect());
    (agent_with(Some(TOKEN)), portal)
}

/// Sends a request by the access point; returns what was told.
fn visit(agent: &'static Server<Board>, request: &str) -> String {
    let clock = Clock::default();
    let peer = Peer::that_leaves(request).connect(&clock);
    let output = peer.output();
    block_on(serve_guest(agent, &clock, &mut [0; 1024], peer));
    output.text()
}

fn get(agent: &'static Server<Board>, host: &str, path: &str) -> String {
    visit(
        agent,
        &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
    )
}

fn page(agent: &'static Server<Board>) -> String {
    get(agent, "192.168.4.1", "/")
}

fn send(agent: &'static Server<Board>, fields: &str, form: &str) -> String {
    let length = form.len();
    visit(
        agent,
        &format!(
            "POST / HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Type: application/x-www-form-urlencoded\r\n{fields}\
             Content-Length: {length}\r\n\r\n{form}"
        ),
    )
}

fn status(answer: &str) -> &str {
    &answer[9..12]
}

/// Returns the network and the password that a guest has asked for.
fn asked(portal: &Portal<Interruptible>) -> Option<(Name, String)> {
    let network = portal.take_wishes().network?;
    Some((network.ssid.clone(), network.password.as_str().into()))
}

#[test]
fn a_closed_portal_shows_nothing() {
    let (agent, portal) = agent(false);
    portal.set_open(false, false);
    for answer in [page(agent), send(agent, "", "network=Guests")] {
        let problem = Answer::all(&answer).remove(0).problem(403);
        assert!(problem.detail.contains("closed"), "{}", problem.detail);
    }
    assert_eq!(asked(portal), None);
}

#[test]
fn every_other_name_and_path_leads_to_the_page() {
    let (agent, _) = agent(false);
    for (host, path) in [
        ("captive.apple.com", "/hotspot-detect.html"),
        ("captive.apple.com", "/"),
        ("192.168.4.1", "/generate_204"),
        ("192.168.4.1", "/api/v1/trace"),
        ("192.168.4.1:8080", "/"),
        ("192.168.4.1.evil.example", "/"),
        ("", "/"),
    ] {
        let answer = get(agent, host, path);
        let answer = Answer::all(&answer).remove(0);
        assert_eq!(answer.status, 302, "{host}{path}");
        assert_eq!(answer.header("location"), Some("http://192.168.4.1/"));
    }
    let old = visit(agent, "GET /generate_204 HTTP/1.0\r\n\r\n");
    assert_eq!(status(&old), "302");
    assert_eq!(status(&get(agent, "192.168.4.1:80", "/")), "200");
}

#[test]
fn in_the_devices_network_foreign_names_are_refused_while_the_portal_is_open() {
    let (agent, _) = agent(false);
    let request = "GET / HTTP/1.1\r\nHost: captive.apple.com\r\n\r\n";
    let (answer, _) = talk_to(agent, Peer::that_leaves(request));
    Answer::all(&answer).remove(0).problem(403);
}

#[test]
fn the_page_lists_what_is_heard_and_runs_nothing() {
    let (agent, portal) = agent(false);
    let page = page(agent);
    for part in [
        "value=\"Home\"",
        "value=\"Guests\"",
        "name=\"other\"",
        "name=\"password\"",
        "default-src 'none'",
        "form-action 'self'",
        "Cache-Control: no-store",
    ] {
        assert!(page.contains(part), "no {part}: {page}");
    }
    assert!(!page.contains("<script") && !page.contains("name=\"token\""));
    assert!(portal.take_wishes().visited);
}

#[test]
fn names_and_reasons_of_any_kind_are_text_and_fit() {
    let (agent, portal) = agent(true);
    let worst = name(&"\"".repeat(32));
    call(Names {
        device: api::Device {
            name: worst.clone(),
            ..api::Device::default()
        },
        ..Names::default()
    });
    let heard = Heard {
        ssid: worst.clone(),
        signal: -90,
        is_open: false,
    };
    portal.set_heard((0..16).map(|_| heard.clone()).collect());
    let address = "255.255.255.255".parse().expect("it is an address");
    for stage in [
        Stage::Choosing(None),
        Stage::Choosing(Some((worst.clone(), Failure::NotFound))),
        Stage::Joining(worst.clone()),
        Stage::Joined(worst.clone(), address, false),
    ] {
        portal.set_stage(stage);
        let page = page(agent);
        assert!(page.ends_with("\r\n0\r\n\r\n"), "it is whole");
        assert!(page.contains("&quot;&quot;") && !page.contains("\"\"\""));
    }
}

#[test]
fn a_form_that_is_right_is_asked_for_and_leads_back_to_the_page() {
    let (agent, portal) = agent(false);
    let answer = send(agent, "", "network=Home&password=a%26b+c%3Dd!&other=");
    let answer = Answer::all(&answer).remove(0);
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("http://192.168.4.1/"));
    assert!(page(agent).contains(" joins Home"));
    assert_eq!(asked(portal), Some((name("Home"), "a&b c=d!".into())));
    send(agent, "", "network=Guests&other=Elsewhere&password=");
    let listed = asked(portal).expect("what is chosen in the list goes first");
    assert_eq!(listed, (name("Guests"), String::new()));
    send(agent, "", "network=&other=Caf%C3%A9&password=");
    let typed = asked(portal).expect("a name may be typed");
    assert_eq!(typed, (name("Caf\u{e9}"), String::new()));
}

#[test]
fn a_form_that_is_wrong_says_why_and_asks_for_nothing() {
    let (agent, portal) = agent(false);
    for (form, why) in [
        ("", "Choose a network"),
        ("network=&password=12345678", "Choose a network"),
        ("network=Home", "wants a password"),
        ("network=Home&password=short", "8 to 63"),
        ("network=Home&password=caf%C3%A9+caf%C3%A9", "8 to 63"),
        ("network=a%0Ab", "control characters"),
        ("network=Home&password=%00%00%00%00%00%00%00%00", "8 to 63"),
    ] {
        let answer = send(agent, "", form);
        assert_eq!(status(&answer), "422", "{form}");
        assert!(answer.contains(why), "{form}: {answer}");
        assert!(answer.contains("role=\"alert\""), "{form}");
    }
    let long = format!("other={}", "x".repeat(33));
    assert!(send(agent, "", &long).contains("32 bytes at most"));
    let long = format!("network=Home&password={}", "x".repeat(65));
    assert!(send(agent, "", &long).contains("8 to 63"));
    assert_eq!(status(&send(agent, "", &"x".repeat(4096))), "413");
    assert_eq!(asked(portal), None);
    assert_eq!(portal.stage(), Stage::Choosing(None));
}

#[test]
fn a_password_is_shown_to_nobody() {
    let (agent, _) = agent(false);
    let answer = send(agent, "", "network=a%0Ab&password=correct+horse");
    assert!(!answer.contains("correct horse"), "{answer}");
}

#[test]
fn no_page_of_another_origin_sends_a_form() {
    let (agent, portal) = agent(false);
    for fields in ["Origin: http://evil.example\r\n", "Origin: null\r\n"] {
        let answer = send(agent, fields, "network=Guests");
        assert_eq!(status(&answer), "403", "{fields}");
    }
    let text = visit(
        agent,
        "POST / HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nnetwork=Guests",
    );
    assert_eq!(status(&text), "415");
    assert_eq!(asked(portal), None);
    let own = "Origin: http://192.168.4.1\r\n";
    assert_eq!(status(&send(agent, own, "network=Guests")), "303");
}

#[test]
fn a_device_that_had_a_network_wants_the_token() {
    let (agent, portal) = agent(true);
    assert!(page(agent).contains("name=\"token\""));
    set_clock(1_000_000);
    let answer = send(agent, "", "network=Guests");
    assert!(answer.contains("not the device's token"), "{answer}");
    set_clock(1_500_000);
    let right = "network=Guests&token=the+firmware%27s";
    let answer = send(agent, "", right);
    assert!(answer.contains("wait a second"), "{answer}");
    assert_eq!(asked(portal), None);
    set_clock(2_500_000);
    assert_eq!(status(&send(agent, "", right)), "303");
    assert_eq!(asked(portal), Some((name("Guests"), String::new())));
}

#[test]
fn a_token_that_only_reads_gives_no_network() {
    let (agent, portal) = agent(true);
    let store = keep_settings(storage());
    let mut settings = store.get(Settings::clone);
    settings.secrets.read_token = "almonds!".try_into().expect("it is short");
    store.set(settings).expect("there is room");
    let answer = send(agent, "", "network=Guests&token=almonds!");
    assert_eq!(status(&answer), "422");
    assert_eq!(asked(portal), None);
}

#[test]
fn a_guest_may_have_the_list_made_anew() {
    let (agent, portal) = agent(false);
    assert_eq!(status(&send(agent, "", "scan=1")), "303");
    assert!(page(agent).contains("looks for networks"));
    assert!(portal.take_wishes().scan);
    portal.set_heard(heapless::Vec::new());
    assert!(page(agent).contains("Connect "));
}
