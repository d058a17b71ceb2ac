//! Whatever a crowd does, an honest client is soon answered.

use std::time::Duration;

use crate::support::crowd::{Crowd, Kind, wait};
use crate::support::far::far;
use crate::support::qemu::Qemu;

/// Within which an honest client is answered.
const SOON: Duration = Duration::from_secs(3);

#[track_caller]
fn answered_beside_a_crowd(kind: Kind) {
    for size in [24, 200] {
        let machine = Qemu::boot();
        let client = machine.client();
        let _crowd = Crowd::of(size, kind, &client);
        let wait = wait(&client);
        println!("{kind:?} {size}: {wait:?}");
        assert!(wait < SOON, "{wait:?} beside {size}");
    }
}

#[test]
fn soon_beside_a_crowd_that_says_nothing() {
    answered_beside_a_crowd(Kind::Silent);
}

#[test]
fn soon_beside_a_crowd_that_sends_no_body() {
    answered_beside_a_crowd(Kind::NoBody);
}

#[test]
fn soon_beside_a_crowd_that_sends_heads_slowly() {
    answered_beside_a_crowd(Kind::SlowHead);
}

#[test]
fn soon_beside_a_crowd_that_sends_bodies_slowly() {
    answered_beside_a_crowd(Kind::SlowBody);
}

#[test]
fn soon_beside_a_crowd_that_reads_slowly() {
    answered_beside_a_crowd(Kind::SlowReader);
}

#[test]
fn soon_beside_a_crowd_that_reads_files_slowly() {
    answered_beside_a_crowd(Kind::SlowFileReader);
}

#[test]
fn soon_beside_a_crowd_that_lingers() {
    answered_beside_a_crowd(Kind::Lingering);
}

#[test]
fn soon_beside_a_crowd_that_is_busy() {
    answered_beside_a_crowd(Kind::Busy);
}

#[test]
fn soon_beside_a_crowd_that_asks_ahead() {
    answered_beside_a_crowd(Kind::Pipelining);
}

#[test]
fn soon_beside_a_crowd_that_returns() {
    answered_beside_a_crowd(Kind::Returning);
}

#[test]
fn soon_beside_a_crowd_that_comes_and_goes() {
    answered_beside_a_crowd(Kind::Fleeting);
}

/// What comes over a round trip of 300 ms is answered beside a crowd, too; near clients would be answered at once.
#[test]
fn soon_when_far_away_beside_a_crowd() {
    for kind in [Kind::Silent, Kind::NoBody, Kind::SlowReader, Kind::Busy] {
        let machine = Qemu::boot();
        let client = machine.client();
        let _crowd = Crowd::of(24, kind, &client);
        let wait = wait(&far(&client));
        println!("{kind:?}, far: {wait:?}");
        assert!(wait < SOON, "{kind:?}: {wait:?}");
    }
}
