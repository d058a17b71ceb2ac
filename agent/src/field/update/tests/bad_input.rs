//! What is refused, and when: nothing of it touches what runs.

use ed25519_dalek::{Signer, SigningKey};
use heapbeacon_flash_sim::Flash;
use heapbeacon_shared::api::OtaState;
use heapbeacon_shared::trace::name;
use heapbeacon_shared::update::{HEADER_BYTES, Header, NoHeader};

use super::rig::*;
use crate::field::update::{Installer, Part, Refusal, Session, Update};

const OLD: usize = 9000;
const NEW: usize = 5000;

fn device() -> &'static Shared {
    share(Installer::new(flash(&image(1, OLD)), board(0)))
}

/// Checks that bytes are refused for a reason, before anything was erased or written.
#[track_caller]
fn assert_refused(bytes: &[u8], refusal: Refusal) {
    let update = device();
    assert_eq!(upload(update, bytes, 500), Err(refusal));
    let operations = update.with_flash(|flash| flash.operations());
    assert_eq!(operations, 0, "the flash was touched");
    let status = update.status().expect("nobody is at work");
    assert_eq!((status.state, status.upload), (OtaState::Idle, None));
}

fn with(change: impl FnOnce(&mut Header)) -> std::vec::Vec<u8> {
    let new = image(2, NEW);
    let mut header = header(&new);
    change(&mut header);
    signed(&header, &new)
}

#[test]
fn what_a_header_says_is_checked_before_anything_is_erased() {
    assert_refused(
        &with(|header| header.chip = name("esp32c6")),
        Refusal::WrongChip(CHIP),
    );
    assert_refused(
        &with(|header| header.version = name("1.1.9")),
        Refusal::Older,
    );
    assert_refused(
        &with(|header| header.size += 1),
        Refusal::WrongLength {
            wanted: (HEADER_BYTES + NEW + 1) as u32,
        },
    );
    let mut foreign = with(|_| {});
    foreign[0] = 0xE9;
    assert_refused(&foreign, Refusal::NoHeader(NoHeader::Foreign));
    let mut later = with(|_| {});
    later[8] = 2;
    assert_refused(&later, Refusal::NoHeader(NoHeader::Format(2)));
    assert_refused(&image(2, 100), Refusal::NoHeader(NoHeader::Foreign));
}

#[test]
fn every_bit_of_a_header_is_signed() {
    let bytes = with(|_| {});
    for bit in 0..8 * HEADER_BYTES {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let update = device();
        let refused = upload(update, &changed, 2000);
        assert!(refused.is_err(), "bit {bit}");
        assert_eq!(update.with_flash(|flash| flash.operations()), 0);
    }
}

#[test]
fn another_key_signs_nothing() {
    let new = image(2, NEW);
    let head = header(&new).encode();
    let other = SigningKey::from_bytes(&[43; 32]);
    let bytes = [&head[..], &other.sign(&head).to_bytes(), &new].concat();
    assert_refused(&bytes, Refusal::Signature);
}

#[test]
fn a_key_that_is_none_admits_nothing() {
    // A point of small order, with which some signatures verify that nobody has made.
    for key in [
        [0; 32],
        [0xFF; 32],
        core::array::from_fn(|at| u8::from(at == 0)),
    ] {
        let board = crate::field::update::Board { key, ..board(0) };
        let update = share(Installer::new(flash(&image(1, OLD)), board));
        let refused = upload(update, &with(|_| {}), 500);
        assert_eq!(refused, Err(Refusal::Signature));
    }
}

#[test]
fn an_older_one_may_come_if_somebody_allows_it() {
    let bytes = with(|header| header.version = name("1.1.9"));
    let update = device();
    let mut session = Session::open(update, all_of(&bytes), true).expect("it may");
    assert_eq!(bring(&mut session, &bytes, 500), Ok(()));
    while session.check().expect("it is as it was signed") {}
    drop(session);
    assert_eq!(update.with_flash(|flash| boots(flash)), 1);
}

#[test]
fn what_does_not_fit_is_refused_before_its_first_byte_and_what_just_fits_is_not() {
    let update = device();
    let too_much = Part {
        first: 0,
        end: 1,
        total: (HEADER_BYTES + ROOM + 1) as u32,
    };
    let refused = Session::open(update, too_much, false);
    let room = (HEADER_BYTES + ROOM) as u32;
    assert_eq!(refused.err(), Some(Refusal::TooLarge { room }));
    let full = image(2, ROOM);
    assert_eq!(upload(update, &signed(&header(&full), &full), 4096), Ok(()));
}

#[test]
fn the_board_looks_at_the_image_before_anything_is_erased() {
    let mut new = image(2, NEW);
    new[0] = 0x7F;
    let refusal = Refusal::Image("The image is none of an ESP32.");
    assert_refused(&signed(&header(&new), &new), refusal);
}

#[test]
fn an_image_that_is_not_the_signed_one_is_never_booted() {
    let mut bytes = with(|_| {});
    *bytes.last_mut().expect("there are some") ^= 1;
    let update = device();
    assert_eq!(upload(update, &bytes, 500), Err(Refusal::Digest));
    assert_eq!(update.with_flash(|flash| boots(flash)), 0);
    assert_eq!(update.status().map(|it| it.upload), Some(None));
}

#[test]
fn what_flash_has_made_of_an_image_is_never_booted() {
    let bytes = with(|_| {});
    let update = device();
    let mut session = Session::open(update, all_of(&bytes), false).expect("it may");
    assert_eq!(bring(&mut session, &bytes, 500), Ok(()));
    update.with_flash(|flash| flash.bytes_mut()[layout().slots[1].start as usize + 4999] ^= 1);
    let checked = loop {
        match session.check() {
            Ok(true) => {}
            checked => break checked,
        }
    };
    assert_eq!(checked, Err(Refusal::Digest));
    assert_eq!(update.with_flash(|flash| boots(flash)), 0);
}

#[test]
fn there_is_one_upload_at_a_time_and_a_new_one_takes_the_place_of_one_that_was_broken_off() {
    let bytes = with(|_| {});
    let update = device();
    let mut first = Session::open(update, all_of(&bytes), false).expect("it may");
    assert_eq!(bring(&mut first, &bytes[..3000], 500), Ok(()));
    let second = Session::open(update, all_of(&bytes), false);
    assert_eq!(second.err(), Some(Refusal::Busy));
    let state = update.status().map(|status| status.state);
    assert_eq!(state, Some(OtaState::Receiving));
    assert_eq!(bring(&mut first, &bytes[3000..4000], 500), Ok(()));
    drop(first);
    assert_eq!(upload(update, &bytes, 500), Ok(()));
}

#[test]
fn an_upload_goes_on_only_where_it_was_broken_off() {
    let bytes = with(|_| {});
    let update = device();
    let mut session = Session::open(update, all_of(&bytes), false).expect("it may");
    assert_eq!(bring(&mut session, &bytes[..3000], 500), Ok(()));
    drop(session);
    let part = |first: u32, more: u32| Part {
        first,
        end: first + 1,
        total: bytes.len() as u32 + more,
    };
    for wrong in [part(2999, 0), part(3001, 0), part(3000, 1)] {
        let refused = Session::open(update, wrong, false).err();
        assert_eq!(refused, Some(Refusal::WrongRange { next: 3000 }));
    }
    assert!(Session::open(update, part(3000, 0), false).is_ok());
}

#[test]
fn a_cancelled_upload_leaves_nothing_and_there_is_nothing_to_cancel_twice() {
    let bytes = with(|_| {});
    let update = device();
    assert_eq!(update.cancel(), Err(Refusal::Nothing));
    let mut session = Session::open(update, all_of(&bytes), false).expect("it may");
    assert_eq!(bring(&mut session, &bytes[..3000], 500), Ok(()));
    drop(session);
    assert_eq!(update.cancel(), Ok(()));
    assert_eq!(update.cancel(), Err(Refusal::Nothing));
    assert_eq!(update.status().map(|it| it.state), Some(OtaState::Idle));
    let rest = Part {
        first: 3000,
        ..all_of(&bytes)
    };
    let refused = Session::open(update, rest, false).err();
    assert_eq!(refused, Some(Refusal::WrongRange { next: 0 }));
}

#[test]
fn firmware_that_waits_for_the_restart_can_be_given_up_and_come_again() {
    let bytes = with(|_| {});
    let update = device();
    for _ in 0..2 {
        assert_eq!(upload(update, &bytes, 500), Ok(()));
        assert_eq!(update.with_flash(|flash| boots(flash)), 1);
        assert_eq!(update.cancel(), Ok(()));
        assert_eq!(update.with_flash(|flash| boots(flash)), 0);
        assert_eq!(update.status().map(|it| it.state), Some(OtaState::Idle));
        assert_eq!(update.cancel(), Err(Refusal::Nothing));
    }
}

#[test]
fn who_lost_the_last_answer_is_told_that_all_has_come() {
    let bytes = with(|_| {});
    let asked = |total: u32| Part {
        first: total,
        end: total,
        total,
    };
    let all = bytes.len() as u32;
    let update = device();
    let refused = |total| Session::open(update, asked(total), false).err();
    assert_eq!(refused(all), Some(Refusal::WrongRange { next: 0 }));
    assert_eq!(upload(update, &bytes, 500), Ok(()));
    assert_eq!(refused(all), None);
    assert_eq!(refused(all - 1), Some(Refusal::WrongRange { next: 0 }));
    let state = update.status().map(|it| it.state);
    assert_eq!(state, Some(OtaState::RestartNeeded));
    assert_eq!(update.cancel(), Ok(()));
    assert_eq!(refused(all), Some(Refusal::WrongRange { next: 0 }));
}

#[test]
fn an_upload_that_is_cancelled_meanwhile_learns_so_with_its_next_block() {
    let bytes = with(|_| {});
    for came in [10, 3000, bytes.len() - 1] {
        let update = device();
        let mut session = Session::open(update, all_of(&bytes), false).expect("it may");
        assert_eq!(bring(&mut session, &bytes[..came], 500), Ok(()));
        assert_eq!(update.cancel(), Ok(()));
        let rest = bring(&mut session, &bytes[came..], 500);
        assert_eq!(rest, Err(Refusal::Cancelled));
        drop(session);
        assert_eq!(update.status().map(|it| it.state), Some(OtaState::Idle));
        assert_eq!(upload(update, &bytes, 500), Ok(()));
    }
}

#[test]
fn an_upload_that_is_cancelled_and_breaks_off_is_not_gone_on_with() {
    let bytes = with(|_| {});
    let update = device();
    let mut session = Session::open(update, all_of(&bytes), false).expect("it may");
    assert_eq!(bring(&mut session, &bytes[..3000], 500), Ok(()));
    assert_eq!(update.cancel(), Ok(()));
    // It stalls, or its connection breaks, before it has learnt that.
    drop(session);
    assert_eq!(update.status().map(|it| it.state), Some(OtaState::Idle));
    assert_eq!(update.cancel(), Err(Refusal::Nothing));
    let rest = Part {
        first: 3000,
        ..all_of(&bytes)
    };
    let refused = Session::open(update, rest, false).err();
    assert_eq!(refused, Some(Refusal::WrongRange { next: 0 }));
}

#[test]
fn firmware_on_trial_takes_no_update_over_what_it_would_go_back_to() {
    let update = device();
    assert_eq!(upload(update, &with(|_| {}), 500), Ok(()));
    let flash: Flash = update.with_flash(|flash| flash.clone());
    let mut installer = Installer::new(flash, board(1));
    assert!(installer.start().is_ok());
    let trial = share(installer);
    assert_eq!(upload(trial, &with(|_| {}), 500), Err(Refusal::Unconfirmed));
}
