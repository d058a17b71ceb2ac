//! Who may be told of events, how many may, and that nobody else notices.

use tokio_tungstenite::tungstenite;

use heapbeacon_shared::wire::Message;

use crate::support::await_that;
use crate::support::client::Client;
use crate::support::process::Process;
use crate::support::viewer::{Heard, Viewer, protocols};

const TOKEN: &str = "correct-horse";
/// Viewers that the agent has places for.
const VIEWERS: usize = 4;

fn open(client: &Client, headers: &[(&str, &str)]) -> Result<Viewer, u16> {
    Viewer::try_open(client, "?events=0&counters_ms=100", headers).map_err(|refusal| refusal.status)
}

/// Checks that a viewer is told something.
fn is_told(viewer: &mut Viewer) -> bool {
    matches!(viewer.hear(), Heard::Messages(_))
}

#[test]
fn a_page_shows_the_token_in_a_subprotocol_and_is_answered_with_the_other_one() {
    let agent = Process::start(&["--token", TOKEN]);
    let client = agent.client();
    let with = |protocols: &str| open(&client, &[("Sec-WebSocket-Protocol", protocols)]);
    let mut viewer = with(&protocols(TOKEN)).expect("the token is right");
    let protocol = viewer.headers.get("sec-websocket-protocol");
    assert_eq!(
        protocol.and_then(|name| name.to_str().ok()),
        Some("heapbeacon.v1")
    );
    assert!(is_told(&mut viewer));
    for wrong in [
        protocols(""),
        protocols("correct-hors"),
        protocols("correct-horse2"),
        "heapbeacon.v1, heapbeacon.token.!".to_owned(),
        "heapbeacon.v1, heapbeacon.token.Y29ycmVjdC1ob3JzZQ==".to_owned(),
    ] {
        assert_eq!(with(&wrong).err(), Some(401), "{wrong}");
    }
    let bearer = format!("Bearer {TOKEN}");
    assert!(open(&client, &[("Authorization", &bearer)]).is_ok());
    assert_eq!(
        open(&client, &[("Authorization", "Bearer no")]).err(),
        Some(401)
    );
}

#[test]
fn a_viewer_may_show_the_token_in_its_first_message_and_is_told_nothing_before() {
    let agent = Process::start(&["--token", TOKEN, "--start", "leaks"]);
    let client = agent.client();
    let begin =
        || open(&client, &[("Sec-WebSocket-Protocol", "heapbeacon.v1")]).expect("it may try");
    let mut viewer = begin();
    viewer.ask(&format!(r#"{{"token":"{TOKEN}","samples_ms":0}}"#));
    let first = viewer.messages();
    assert!(matches!(first[0], Message::Header(_)), "{first:?}");
    for wrong in [
        r#"{"token":"wrong"}"#,
        r#"{"token":""}"#,
        r#"{"events":false}"#,
        "{}",
        "hello",
    ] {
        let mut viewer = begin();
        viewer.ask(wrong);
        let end = viewer.hear();
        assert!(matches!(end, Heard::Close(1008, _)), "{wrong}: {end:?}");
    }
    // Events are there for those only who may know that there are none.
    let mut viewer = Viewer::try_open(&client, "", &[]).expect("it may try");
    viewer.ask(&format!(r#"{{"token":"{TOKEN}"}}"#));
    let Heard::Close(1008, reason) = viewer.hear() else {
        panic!("there are no events");
    };
    assert!(reason.contains("to_host"), "{reason}");
    let mut silent = begin();
    let end = silent.hear();
    assert!(matches!(end, Heard::Close(1008, _)), "{end:?}");
}

#[test]
fn viewers_have_places_of_their_own_and_there_are_only_so_many() {
    let agent = Process::start(&["--start", "leaks"]);
    let client = agent.client();
    let mut viewers: Vec<_> = (0..VIEWERS)
        .map(|_| open(&client, &[]).expect("there is a place"))
        .collect();
    assert_eq!(open(&client, &[]).err(), Some(503));
    assert_eq!(client.get("/trace").status, 200);
    assert!(viewers.iter_mut().all(is_told));
    viewers.pop();
    await_that("a place that is free again", || open(&client, &[]).is_ok());
}

#[test]
fn a_viewer_that_takes_nothing_is_left_and_the_others_are_told_all() {
    let agent = Process::start(&[]);
    let client = agent.client();
    client.command("/trace/init", r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=all", "");
    let deaf: Vec<_> = (0..VIEWERS - 1)
        .map(|_| Viewer::open(&client, "?counters_ms=100"))
        .collect();
    let mut viewer = Viewer::open(&client, "");
    let before = client.trace().summary.total_allocations;
    await_that("events", || {
        client.trace().summary.total_allocations > before + 2000
    });
    viewer.until_mark(&client, "all of it");
    assert!(viewer.live.is_complete());
    assert_eq!(viewer.live.dropped(), 0);
    drop(deaf);
}

#[test]
fn a_viewer_that_is_told_nothing_is_sent_a_ping_and_stays() {
    let agent = Process::start(&[]);
    let client = agent.client();
    let mut viewer = Viewer::open(&client, "?events=0&counters_ms=0&samples_ms=0");
    for _ in 0..2 {
        let mut heard = (0..).map(|_| viewer.hear());
        let other = heard.find(|heard| !matches!(heard, Heard::Messages(_)));
        assert_eq!(other, Some(Heard::Ping));
    }
    viewer.ask(r#"{"counters_ms":100}"#);
    viewer.until(|message| matches!(message, Message::Counters(_)));
    viewer.say(tungstenite::Message::Close(None));
    assert_eq!(viewer.end(), Heard::Close(1000, String::new()));
}
