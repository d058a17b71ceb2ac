//! An update that works, and one that does not.

use heapbeacon_shared::api::{OtaRejection, OtaState};

use super::rig::*;
use crate::field::update::{ATTEMPTS, Installer, Part, Session, Start, Update, Verdict};

const OLD: usize = 9000;
const NEW: usize = 13_001;

#[test]
fn an_image_comes_in_any_pieces_and_is_booted() {
    for at_a_time in [1, 7, 255, 256, 257, 1024, usize::MAX] {
        let new = image(2, NEW);
        let flash = flash(&image(1, OLD));
        let update = share(Installer::new(flash, board(0)));
        let bytes = signed(&header(&new), &new);
        assert_eq!(upload(update, &bytes, at_a_time), Ok(()), "{at_a_time}");
        let status = update.status().expect("nobody is at work");
        assert_eq!(status.state, OtaState::RestartNeeded);
        assert_eq!((status.running, status.next), (0, 1));
        let version = status.slots[1].version.as_deref();
        assert_eq!(version, Some("1.3.0"));
        let is_written = update.with_flash(|flash| slot(flash, 1).starts_with(&new));
        assert!(is_written, "{at_a_time}");
        assert_eq!(update.with_flash(|flash| boots(flash)), 1);
    }
}

#[test]
fn an_upload_that_was_broken_off_goes_on_with_the_byte_that_is_missing() {
    let new = image(2, NEW);
    let bytes = signed(&header(&new), &new);
    for broken_at in [1, 255, 256, 1023, 1024, 1025, 5000, bytes.len() - 1] {
        let update = share(Installer::new(flash(&image(1, OLD)), board(0)));
        let mut session = Session::open(update, all_of(&bytes), false).expect("it may");
        assert_eq!(bring(&mut session, &bytes[..broken_at], 100), Ok(()));
        drop(session);
        let status = update.status().expect("nobody is at work");
        assert_eq!(status.state, OtaState::Interrupted);
        let received = status.upload.expect("it may go on").received;
        assert_eq!(received as usize, broken_at);
        let rest = Part {
            first: received,
            ..all_of(&bytes)
        };
        let mut session = Session::open(update, rest, false).expect("it goes on");
        assert!(!session.is_complete());
        assert_eq!(bring(&mut session, &bytes[broken_at..], 4096), Ok(()));
        assert!(session.is_complete());
        while session.check().expect("it is as it was signed") {}
        drop(session);
        assert_eq!(update.with_flash(|flash| boots(flash)), 1);
    }
}

/// Uploads new firmware and restarts into it.
fn updated() -> &'static Shared {
    let new = image(2, NEW);
    let update = share(Installer::new(flash(&image(1, OLD)), board(0)));
    let bytes = signed(&header(&new), &new);
    assert_eq!(upload(update, &bytes, 1000), Ok(()));
    restarted(update, Start::Trial(1))
}

fn restarted(update: &'static Shared, expected: Start) -> &'static Shared {
    let flash = update.with_flash(|flash| flash.clone());
    let running = boots(&flash);
    let mut installer = Installer::new(flash, board(running));
    assert_eq!(installer.start(), Ok(expected));
    share(installer)
}

#[test]
fn firmware_that_has_answered_stays() {
    let update = updated();
    assert_eq!(update.status().map(|it| it.state), Some(OtaState::Trial));
    assert_eq!(update.settle(1_000_000, None), Verdict::Wait);
    update.note_answer();
    assert_eq!(update.settle(2_000_000, Some(1_500_000)), Verdict::Settled);
    assert_eq!(update.status().map(|it| it.state), Some(OtaState::Idle));
    for _ in 0..2 * ATTEMPTS {
        let again = restarted(update, Start::Settled);
        assert_eq!(again.status().map(|it| it.running), Some(1));
    }
}

#[test]
fn firmware_that_ends_before_it_is_confirmed_is_left_after_three_starts() {
    let mut update = updated();
    for attempt in 2..=ATTEMPTS {
        update = restarted(update, Start::Trial(attempt));
    }
    update = restarted(update, Start::GoBack);
    update = restarted(update, Start::Settled);
    let status = update.status().expect("nobody is at work");
    assert_eq!((status.running, status.state), (0, OtaState::Idle));
    let left = &status.slots[1];
    assert_eq!(left.rejection, Some(OtaRejection::NeverConfirmed));
    assert!(left.is_rejected);
    let update = restarted(update, Start::Settled);
    let new = image(3, NEW);
    let bytes = signed(&header(&new), &new);
    assert_eq!(upload(update, &bytes, 1000), Ok(()));
    restarted(update, Start::Trial(1));
}

#[test]
fn firmware_that_gets_no_network_is_left_without_a_restart_of_its_own() {
    let update = updated();
    update.note_answer();
    assert_eq!(update.settle(299_000_000, None), Verdict::Wait);
    assert_eq!(update.settle(300_000_000, None), Verdict::GiveUp);
    let old = restarted(update, Start::Settled);
    let status = old.status().expect("nobody is at work");
    assert_eq!(status.running, 0);
    assert_eq!(status.slots[1].rejection, Some(OtaRejection::NoNetwork));
}

#[test]
fn each_update_goes_into_the_slot_that_does_not_run() {
    let mut update = share(Installer::new(flash(&image(1, OLD)), board(0)));
    for seed in 2..8 {
        let new = image(seed, NEW);
        let bytes = signed(&header(&new), &new);
        assert_eq!(upload(update, &bytes, 1000), Ok(()));
        let running = usize::from(seed % 2 == 0);
        update = restarted(update, Start::Trial(1));
        assert_eq!(
            update.status().map(|it| usize::from(it.running)),
            Some(running)
        );
        update.note_answer();
        assert_eq!(update.settle(1, Some(1)), Verdict::Settled);
    }
}
