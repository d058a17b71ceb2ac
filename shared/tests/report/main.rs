//! What is told of captures in words: of one, of two, and of moments of a trace.

mod compared;
mod html;
mod made;
mod moments;
mod pictures;

use heapbeacon_shared::api::{Device, Leak, LeaksPage, Stack, Trace};
use heapbeacon_shared::report::Version;
use heapbeacon_shared::trace::Origin;

#[test]
fn what_the_agent_holds_is_left_out() {
    let page = LeaksPage {
        leaks: vec![Leak {
            stack: Stack {
                origin: Origin::Agent,
                ..Stack::default()
            },
            count: 1,
            bytes: 5,
            ..Leak::default()
        }],
        ..LeaksPage::default()
    };
    let nobody = |_| Vec::new();
    let version = Version::new(
        "a".to_owned(),
        &Device::default(),
        &Trace::default(),
        &page,
        nobody,
    );
    assert!(version.sites.is_empty() && version.bytes() == 0);
}
