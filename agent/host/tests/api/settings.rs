//! What a device keeps of its users' wishes, on any board.

use heapbeacon_shared::api::{Device, Settings};

use crate::support::client::{JSON, api};
use crate::support::target::Target;

#[test]
fn a_name_is_set_and_taken_back() {
    let agent = Target::take();
    let before = agent.get("/settings");
    if before.status == 404 {
        before.problem(404);
        return;
    }
    let before: Settings = before.json();
    let put = |body: &str| agent.request("PUT", &api("/settings"), &[JSON], body.as_bytes());
    let set: Settings = put(r#"{"name":"a name for a test"}"#).json();
    assert_eq!(set.name, "a name for a test");
    let device: Device = agent.read("/device");
    assert_eq!(device.name, set.name);
    put(r#"{"name":"a\u0000b"}"#).problem(422);
    put(r#"{"name":"x","nmae":"y"}"#).problem(422);
    assert_eq!(agent.read::<Settings>("/settings"), set);
    let back: Settings = put(&format!(r#"{{"name":"{}"}}"#, before.name)).json();
    assert_eq!(back.name, before.name);
}
