//! New firmware over HTTP: whole, in parts, slowly, and all that is refused.

use std::format;
use std::string::String;
use std::vec::Vec;

use heapbeacon_shared::api::{Ota, OtaState};
use heapbeacon_shared::trace::name;

use super::crowd::{self, serve_on};
use super::peer::Peer;
use super::{Answer, agent_with, get, talk_to};
use crate::field::update::tests::rig::{self, Shared, header, image, share, signed};
use crate::field::update::{Installer, Update, Verdict};
use crate::http::{Guard, Server};
use crate::tests::board::{self, Board};

const NEW: usize = 9001;
const OTA: &str = "/api/v1/ota";

/// Returns a device that takes updates.
fn device() -> &'static Shared {
    let flash = rig::flash(&image(1, 5000));
    let update = share(Installer::new(flash, rig::board(0)));
    board::take_updates(update);
    update
}

/// Returns what is uploaded.
fn firmware() -> Vec<u8> {
    let new = image(2, NEW);
    signed(&header(&new), &new)
}

fn post(query: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {OTA}{query} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn delete() -> String {
    get(OTA).replacen("GET", "DELETE", 1)
}

#[track_caller]
fn told(text: &str) -> Ota {
    let answers = Answer::all(text);
    let answer = answers.last().expect("there is an answer");
    assert_eq!(answer.status, 200, "{text}");
    let (ota, _) = serde_json_core::from_str(&answer.body).expect("it is JSON");
    ota
}

fn ota(agent: &'static Server<Board>) -> Ota {
    told(&talk_to(agent, Peer::that_leaves(get(OTA))).0)
}

/// Sends bytes that are refused; returns the detail.
#[track_caller]
fn refused(status: u16, request: &[u8]) -> String {
    let update = device();
    let agent = agent_with(None);
    let (text, took) = talk_to(agent, Peer::that_stays(request).in_pieces(700));
    let answers = Answer::all(&text);
    assert_eq!(answers.len(), 1, "{text}");
    let problem = answers[0].problem(status);
    assert_eq!(
        took,
        if answers[0].has("connection: close") {
            0
        } else {
            500
        }
    );
    let booted = update.with_flash(|flash| rig::boots(flash));
    assert_eq!(booted, 0, "it is booted all the same");
    problem.detail.as_str().into()
}

#[test]
fn signed_firmware_is_booted_next_in_whatever_pieces_it_comes() {
    for pieces in [1, 100, 1000, usize::MAX] {
        let update = device();
        let agent = agent_with(None);
        let request = post("", "", &firmware());
        let (text, _) = talk_to(agent, Peer::that_leaves(request).in_pieces(pieces));
        let ota = told(&text);
        assert_eq!((ota.state, ota.next), (OtaState::RestartNeeded, 1));
        let version = ota.slots[1].version.as_deref();
        assert_eq!(version, Some("1.3.0"));
        assert_eq!(update.with_flash(|flash| rig::boots(flash)), 1);
    }
}

#[test]
fn who_waits_for_word_gets_it_once_the_upload_is_admitted() {
    device();
    let request = post("", "Expect: 100-continue\r\n", &firmware());
    let head = request.len() - firmware().len();
    let peer = Peer::that_stays(&request[..head]).then(50, &request[head..]);
    let (text, _) = talk_to(agent_with(None), peer);
    let (first, rest) = text.split_once("\r\n\r\n").expect("it has an end");
    assert!(first.starts_with("HTTP/1.1 100 "), "{text}");
    assert_eq!(told(rest).state, OtaState::RestartNeeded);
    let large = format!(
        "POST {OTA} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
    );
    assert!(refused(413, large.as_bytes()).contains("16640 bytes"));
}

#[test]
fn another_request_may_follow_an_upload() {
    device();
    let requests = [post("", "", &firmware()), get(OTA).into()].concat();
    let (text, _) = talk_to(agent_with(None), Peer::that_leaves(requests));
    assert_eq!(Answer::all(&text).len(), 2);
    assert_eq!(told(&text).state, OtaState::RestartNeeded);
}

#[test]
fn firmware_that_does_not_belong_here_is_refused_with_the_reason() {
    let with = |change: &dyn Fn(&mut heapbeacon_shared::update::Header)| {
        let new = image(2, NEW);
        let mut header = header(&new);
        change(&mut header);
        post("", "", &signed(&header, &new))
    };
    let chip = with(&|header| header.chip = name("esp32c6"));
    assert!(refused(422, &chip).contains("this one is esp32c3"));
    let older = with(&|header| header.version = name("1.1.0"));
    assert!(refused(409, &older).contains("allow=downgrade"));
    let mut forged = firmware();
    forged[250] ^= 1;
    assert!(refused(422, &post("", "", &forged)).contains("signature"));
    assert!(refused(422, &post("", "", &image(2, NEW))).contains("xtask sign"));
    assert!(refused(422, &post("", "", &firmware()[..NEW])).contains("all 9257 bytes"));
    let mut changed = firmware();
    changed[5000] ^= 1;
    assert!(refused(422, &post("", "", &changed)).contains("not what was signed"));
    assert!(refused(422, &post("", "", b"")).contains("xtask sign"));
    assert!(refused(422, &post("?allow=all", "", b"x")).contains("downgrade"));
    let beyond = "Content-Range: bytes 100-100/9257\r\n";
    assert!(refused(416, &post("", beyond, b"x")).contains("first byte"));
    for range in ["bytes 0-5/9257", "bytes 0-0/*", "x", "bytes */9257"] {
        let range = format!("Content-Range: {range}\r\n");
        refused(400, &post("", &range, b"x"));
    }
}

#[test]
fn an_older_version_may_come_if_that_is_meant() {
    device();
    let new = image(2, NEW);
    let mut header = header(&new);
    header.version = name("1.1.0");
    let request = post("?allow=downgrade", "", &signed(&header, &new));
    let (text, _) = talk_to(agent_with(None), Peer::that_leaves(request));
    assert_eq!(told(&text).state, OtaState::RestartNeeded);
}

#[test]
fn an_upload_that_is_cut_off_goes_on_where_get_says() {
    let firmware = firmware();
    for came in [1, 300, 1024, 5000, firmware.len() - 1] {
        device();
        let agent = agent_with(None);
        let request = post("", "", &firmware);
        let head = request.len() - firmware.len();
        let (text, _) = talk_to(agent, Peer::that_leaves(&request[..head + came]));
        Answer::all(&text)[0].problem(400);
        let ota = ota(agent);
        assert_eq!(ota.state, OtaState::Interrupted);
        let received = ota.upload.expect("it may go on").received as usize;
        assert_eq!(received, came);
        let (last, total) = (firmware.len() - 1, firmware.len());
        let range = format!("Content-Range: bytes {received}-{last}/{total}\r\n");
        let rest = post("", &range, &firmware[received..]);
        let (text, _) = talk_to(agent, Peer::that_leaves(rest));
        assert_eq!(told(&text).state, OtaState::RestartNeeded);
    }
}

#[test]
fn firmware_may_come_in_parts() {
    device();
    let agent = agent_with(None);
    let firmware = firmware();
    let mut parts: Vec<u8> = Vec::new();
    for (index, part) in firmware.chunks(3000).enumerate() {
        let first = index * 3000;
        let last = first + part.len() - 1;
        let range = format!("Content-Range: bytes {first}-{last}/{}\r\n", firmware.len());
        parts.extend(post("", &range, part));
    }
    let (text, _) = talk_to(agent, Peer::that_leaves(parts));
    assert_eq!(Answer::all(&text).len(), 4);
    assert_eq!(told(&text).state, OtaState::RestartNeeded);
}

#[test]
fn an_upload_that_stalls_is_ended_and_may_go_on_or_begin_anew() {
    device();
    let agent = agent_with(None);
    let request = post("", "", &firmware());
    let (text, took) = talk_to(agent, Peer::that_stays(&request[..4000]));
    let problem = Answer::all(&text)[0].problem(408);
    assert_eq!((took, problem.code.as_str()), (5000, "ESP_ERR_TIMEOUT"));
    assert_eq!(ota(agent).state, OtaState::Interrupted);
    let (text, _) = talk_to(agent, Peer::that_leaves(request));
    assert_eq!(told(&text).state, OtaState::RestartNeeded);
}

#[test]
fn an_upload_that_trickles_is_ended_too() {
    device();
    let trickle = (0..100).fold(
        Peer::that_stays(post("", "", &firmware())[..300].to_vec()),
        |peer, _| peer.then(100, "x"),
    );
    let (text, took) = talk_to(agent_with(None), trickle);
    Answer::all(&text)[0].problem(408);
    assert_eq!(took, 5000);
}

#[test]
fn a_second_upload_is_refused_and_the_first_goes_on() {
    device();
    let agent = agent_with(None);
    let request = post("", "", &firmware());
    let first = Peer::that_stays(&request[..4000]).then(3000, &request[4000..]);
    let second = Peer::that_leaves(request.clone());
    let looks = Peer::that_leaves(get(OTA));
    let told_all = serve_on::<4>(
        agent,
        [
            (0, first),
            (100, second),
            (200, looks),
            (4000, Peer::that_leaves(get(OTA))),
        ],
    );
    assert_eq!(told(&told_all[0].0).state, OtaState::RestartNeeded);
    Answer::all(&told_all[1].0)[0].problem(409);
    let meanwhile = told(&told_all[2].0);
    assert_eq!(meanwhile.state, OtaState::Receiving);
    let upload = meanwhile.upload.expect("it is coming");
    assert!((3000..4000).contains(&upload.received), "{upload:?}");
    assert_eq!(upload.version.as_deref(), Some("1.3.0"));
    assert_eq!(told(&told_all[3].0).state, OtaState::RestartNeeded);
}

#[test]
fn an_upload_can_be_cancelled_whoever_sends_it() {
    device();
    let agent = agent_with(None);
    let request = post("", "", &firmware());
    let first = Peer::that_stays(&request[..4000]).then(1000, &request[4000..]);
    let told_all = serve_on::<4>(
        agent,
        [
            (0, first),
            (100, Peer::that_leaves(delete())),
            (2000, Peer::that_leaves(get(OTA))),
        ],
    );
    Answer::all(&told_all[0].0)[0].problem(409);
    assert_eq!(told(&told_all[1].0).state, OtaState::Receiving);
    assert_eq!(told(&told_all[2].0).state, OtaState::Idle);
    let (text, _) = talk_to(agent, Peer::that_leaves(delete()));
    Answer::all(&text)[0].problem(409);
}

#[test]
fn an_upload_that_makes_progress_is_not_cut_off_by_a_crowd() {
    device();
    let agent = crowd::agent::<3, 1>(Guard::default(), &[]);
    let request = post("", "", &firmware());
    let mut pieces = request.chunks(100);
    let first = Peer::that_stays(pieces.next().expect("there is one"));
    let upload = pieces.fold(first, |peer, piece| peer.then(100, piece));
    let crowd = (0..1000).map(|index| (10 + index * 10, Peer::that_stays(get(OTA))));
    let told_all = serve_on::<3>(agent, [(0, upload)].into_iter().chain(crowd));
    assert_eq!(told(&told_all[0].0).state, OtaState::RestartNeeded);
    for (text, took) in &told_all[1..] {
        assert_eq!(Answer::all(text)[0].status, 200);
        assert!(*took < 1000, "{took} ms");
    }
}

#[test]
fn an_upload_that_stalls_gives_way_to_a_crowd() {
    device();
    let agent = crowd::agent::<2, 1>(Guard::default(), &[]);
    let request = post("", "", &firmware());
    let stalls = || Peer::that_stays(&request[..4000]);
    let holds = Peer::that_stays("GET ");
    let newcomer = Peer::that_leaves(get(OTA));
    let told_all = serve_on::<2>(agent, [(0, stalls()), (1700, holds), (1701, newcomer)]);
    assert_eq!(told_all[0].0, "", "it is closed without a word");
    assert!(told_all[0].1 < 2000, "{} ms", told_all[0].1);
    let ota = told(&told_all[2].0);
    assert_eq!(ota.state, OtaState::Interrupted);
}

#[test]
fn a_board_without_slots_says_so() {
    let request = post("", "", &firmware());
    for request in [get(OTA).into(), request, delete().into()] {
        let (text, _) = talk_to(agent_with(None), Peer::that_leaves(request));
        Answer::all(&text)[0].problem(404);
    }
}

#[test]
fn nobody_updates_or_looks_without_the_token() {
    let update = device();
    let agent = agent_with(Some("secret"));
    for request in [get(OTA).into(), post("", "", &firmware()), delete().into()] {
        let (text, _) = talk_to(agent, Peer::that_leaves(request));
        Answer::all(&text)[0].problem(401);
    }
    assert_eq!(update.with_flash(|flash| flash.operations()), 0);
    let request = post("", "Authorization: Bearer secret\r\n", &firmware());
    let (text, _) = talk_to(agent, Peer::that_leaves(request));
    assert_eq!(told(&text).state, OtaState::RestartNeeded);
}

#[test]
fn an_answer_of_the_api_shows_that_new_firmware_works_and_a_refusal_does_not() {
    let update = device();
    let agent = agent_with(Some("secret"));
    let request = post("", "Authorization: Bearer secret\r\n", &firmware());
    let (text, _) = talk_to(agent, Peer::that_leaves(request));
    assert_eq!(told(&text).next, 1);
    let flash = update.with_flash(|flash| flash.clone());
    let mut installer = Installer::new(flash, rig::board(1));
    installer.start().expect("it has power");
    let update = share(installer);
    board::take_updates(update);
    for (headers, verdict) in [
        ("", Verdict::Wait),
        ("Authorization: Bearer wrong\r\n", Verdict::Wait),
        ("Authorization: Bearer secret\r\n", Verdict::Settled),
    ] {
        let request = format!("GET {OTA} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        talk_to(agent, Peer::that_leaves(request));
        assert_eq!(update.settle(1, Some(1)), verdict, "{headers}");
    }
    assert_eq!(update.status().map(|it| it.state), Some(OtaState::Idle));
}

/// Returns numbers below a bound, of a xorshift generator (Marsaglia 2003).
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as usize % bound
    }
}

#[test]
fn whatever_comes_nothing_but_what_was_signed_is_booted_and_what_runs_is_as_it_was() {
    let (old, new, firmware) = (image(1, 5000), image(2, NEW), firmware());
    let mut booted = 0;
    for seed in 1..400 {
        let update = device();
        let agent = agent_with(None);
        let mut below = numbers(seed);
        for _ in 0..1 + below(4) {
            let total = firmware.len();
            let upload = update.status().and_then(|status| status.upload);
            let next = upload.map_or(0, |upload| upload.received as usize);
            let first = [0, next, below(total)][below(3)].min(total - 1);
            let last = first + below(total - first);
            let last = [last, total - 1][below(2)];
            let mut part = firmware[first..=last].to_vec();
            if below(4) == 0 {
                let at = below(part.len());
                part[at] ^= 1 << below(8);
            }
            let range = format!("Content-Range: bytes {first}-{last}/{total}\r\n");
            let request = post("", &range, &part);
            let cut = [request.len(), 1 + below(request.len())][usize::from(below(4) == 0)];
            let peer = Peer::that_leaves(&request[..cut]).in_pieces(1 + below(2000));
            talk_to(agent, peer);
        }
        update.with_flash(|flash| {
            assert!(rig::slot(flash, 0).starts_with(&old), "seed {seed}");
            let is_booted = rig::boots(flash) == 1;
            assert!(
                !is_booted || rig::slot(flash, 1).starts_with(&new),
                "seed {seed}"
            );
            booted += usize::from(is_booted);
        });
    }
    assert!(booted > 50, "{booted} of them are whole");
}
