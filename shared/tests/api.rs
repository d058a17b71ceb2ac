//! The API's values in JSON and in postcard, and the words that its table has.

use heapbeacon_shared::api::{
    self, Access, Body, InitRequest, JSON_MIME, POSTCARD_MIME, Route, StartRequest,
};
use heapbeacon_shared::trace::{self, Address, BuildId, Cut, Destination, Mode, Name, Origin};

fn name(text: &str) -> Name {
    text.try_into().expect("a short name")
}

#[test]
fn addresses_are_hexadecimal_in_json() {
    for (address, text) in [
        (0, "0x00000000"),
        (0x3FC8_A120, "0x3fc8a120"),
        (0xFFFF_FFFF, "0xffffffff"),
        (0x1_0000_0000, "0x100000000"),
        (u64::MAX, "0xffffffffffffffff"),
    ] {
        let address = Address(address);
        assert_eq!(address.to_string(), text);
        assert_eq!(format!("{address:?}"), text);
        let json = serde_json::to_string(&address).expect("JSON");
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<Address>(&json).expect("back"),
            address
        );
    }
    let short: Address = serde_json::from_str("\"0x1F\"").expect("any number of digits");
    assert_eq!(short, Address(0x1F));
}

/// Metrics tell it by name, and everything else by what serde makes of it.
#[test]
fn the_reason_of_an_end_has_one_name() {
    use trace::Reason::*;
    for reason in [
        Unknown,
        Requested,
        OutOfMemory,
        Panic,
        StackOverflow,
        Fault,
        Watchdog,
        TaskWatchdog,
        InterruptWatchdog,
        BrownOut,
        UpdateFailed,
        Triggered,
        Snapshot,
    ] {
        assert_eq!(
            serde_json::to_value(reason).expect("JSON"),
            reason.name(),
            "{reason:?}"
        );
    }
}

#[test]
fn what_is_no_address_is_refused_in_words() {
    for text in [
        "\"\"",
        "\"0x\"",
        "\"3fc8a120\"",
        "\"0X1\"",
        "\"0xg\"",
        "\"0x1ffffffffffffffff\"",
        "7",
        "null",
    ] {
        let error = serde_json::from_str::<Address>(text)
            .expect_err(text)
            .to_string();
        assert!(
            error.contains("a hexadecimal address such as"),
            "{text}: {error}"
        );
    }
}

#[test]
fn addresses_are_numbers_in_postcard() {
    let mut buffer = [0; 10];
    for (address, bytes) in [(0, &[0][..]), (127, &[127]), (128, &[0x80, 1])] {
        let encoded = postcard::to_slice(&Address(address), &mut buffer).expect("room");
        assert_eq!(encoded, bytes);
        assert_eq!(postcard::from_bytes(bytes), Ok(Address(address)));
    }
}

#[test]
fn build_ids_are_cut_where_the_field_ends() {
    for (bytes, text) in [
        (&[][..], String::new()),
        (&[0x0A, 0xF0], "0af0".into()),
        (&[0x11; 32], "11".repeat(32)),
        (&[0x11; 33], "11".repeat(32)),
    ] {
        let id = BuildId::new(bytes);
        assert_eq!(id.text(), text.as_str());
        assert_eq!(serde_json::to_value(&id).expect("JSON"), text);
        assert_eq!(serde_json::from_str(&format!("{text:?}")).ok(), Some(id));
    }
}

#[test]
fn what_is_no_build_id_is_refused() {
    for text in ["0", "0g", "é", "+1", &"11".repeat(33)] {
        let read = serde_json::from_str::<BuildId>(&format!("{text:?}"));
        assert!(read.is_err(), "{text}");
    }
}

#[test]
fn a_stack_that_ends_in_the_driver_is_the_drivers_and_else_its_tasks() {
    for (task, cut, origin) in [
        (None, None, Origin::Application),
        (None, Some(Cut::Driver), Origin::Driver),
        (Some(Origin::Agent), Some(Cut::Driver), Origin::Driver),
        (Some(Origin::Agent), Some(Cut::Depth), Origin::Agent),
        (Some(Origin::Driver), Some(Cut::Interrupt), Origin::Driver),
        (Some(Origin::Agent), None, Origin::Agent),
    ] {
        assert_eq!(Origin::of(task, cut), origin, "{task:?} {cut:?}");
    }
}

#[test]
fn a_stack_has_every_field_of_its_message() {
    let message = trace::Stack {
        id: 1,
        task: 2,
        frames: [3, 4].into_iter().collect(),
        live_count: 5,
        live_bytes: 6,
        peak_live_bytes: 7,
        allocations: 8,
        frees: 9,
        evicted: 10,
        cut: Some(Cut::Depth),
        longest_lifetime_us: 11,
        allocated_bytes: 0,
    };
    let body = api::Stack::of(&message, Some((&name("net"), Origin::Agent)));
    let json = serde_json::to_value(&body).expect("JSON");
    let expected = serde_json::json!({
        "id": 1, "task": "net", "origin": "agent", "frames": ["0x00000003", "0x00000004"],
        "cut": "depth", "live_count": 5, "live_bytes": 6, "peak_live_bytes": 7, "allocations": 8,
        "frees": 9, "evicted": 10, "longest_lifetime_us": 11,
    });
    assert_eq!(json, expected);
    let unknown = api::Stack::of(&message, None);
    assert_eq!((unknown.task, unknown.origin), (None, Origin::Application));
}

#[test]
fn every_route_has_its_row() {
    for endpoint in Route::ALL {
        assert_eq!(endpoint.route.endpoint(), &endpoint);
        assert!(endpoint.path.starts_with('/'));
        assert!(endpoint.body.most_bytes() <= Route::most_body_bytes());
    }
    let (init, record) = (Route::Init.endpoint(), Route::Record.endpoint());
    assert_eq!(init.method.to_string(), "POST");
    assert_eq!(init.access, Access::Control);
    assert_eq!(init.body, Body::Json(256));
    assert_eq!(record.method.to_string(), "GET");
    assert_eq!(record.path, "/api/v1/trace/records/{}");
    assert!(!Access::Public.needs_token());
}

#[test]
fn an_answer_of_two_forms_is_json_unless_postcard_is_preferred() {
    let answer = Route::Records.endpoint().answer;
    assert_eq!(answer.content_types(), [JSON_MIME, POSTCARD_MIME]);
    assert_eq!(
        Route::Capture.endpoint().answer.content_types(),
        [POSTCARD_MIME]
    );
}

#[test]
fn requests_take_enumerations_by_their_names_only() {
    let start = |json| serde_json::from_str::<StartRequest>(json).ok();
    let leaks = StartRequest { mode: Mode::Leaks };
    assert_eq!(start(r#"{"mode":"leaks"}"#), Some(leaks));
    assert_eq!(
        start(r#"{"mode":"all"}"#),
        Some(StartRequest { mode: Mode::All })
    );
    for json in [
        "{}",
        r#"{"mode":"Leaks"}"#,
        r#"{"mode":{"leaks":null}}"#,
        r#"{"mode":1}"#,
        r#"{"mode":"leaks","further":1}"#,
        r#"{"mode":"a name that is longer than any name of the API may be"}"#,
    ] {
        assert_eq!(start(json), None, "{json}");
    }
    let init: InitRequest =
        serde_json::from_str(r#"{"destination":"to_host","records":7}"#).expect("a request");
    assert_eq!(
        (init.destination, init.records),
        (Destination::ToHost, Some(7))
    );
    let json = r#"{"destination":"standalone"}"#;
    let init: InitRequest = serde_json::from_str(json).expect("a request");
    assert_eq!(serde_json::to_string(&init).expect("JSON"), json);
}
