//! A bootloader that goes back by itself, and power that is cut in what it does for that.

use heapbeacon_flash_sim::Flash;

use super::rig::*;
use crate::field::update::{Board, Installer, Refusal, Rollback, Start, Update, Verdict};

const OLD: usize = 4100;
const NEW: usize = 1201;

fn board_of(running: usize) -> Board {
    Board {
        rollback: Rollback::Bootloader,
        ..board(running)
    }
}

/// Starts what the bootloader boots, if it has power for so long.
fn started(mut flash: Flash) -> Result<(Installer<Flash>, Start), Flash> {
    let Some(running) = boots_or_goes_back(&mut flash) else {
        return Err(flash);
    };
    let mut installer = Installer::new(flash, board_of(running));
    match installer.start() {
        Ok(start) => Ok((installer, start)),
        Err(_) => Err(installer.flash().clone()),
    }
}

fn brought(flash: Flash, seed: u8) -> Flash {
    let update = match started(flash) {
        Ok((installer, _)) => share(installer),
        Err(flash) => return flash,
    };
    let new = image(seed, NEW);
    let result = upload(update, &signed(&header(&new), &new), 1000);
    assert!(matches!(result, Ok(()) | Err(Refusal::Flash)));
    flash_of(update)
}

fn confirmed(flash: Flash) -> Flash {
    let update = match started(brought(flash, 2)) {
        Ok((installer, _)) => share(installer),
        Err(flash) => return flash,
    };
    update.note_answer();
    update.settle(1, Some(1));
    flash_of(update)
}

fn left(flash: Flash) -> Flash {
    let mut flash = brought(flash, 2);
    for _ in 0..2 {
        flash = match started(flash) {
            Ok((mut installer, _)) => installer.flash().clone(),
            Err(flash) => return flash,
        };
    }
    flash
}

fn given_up(flash: Flash) -> Flash {
    let update = match started(brought(flash, 2)) {
        Ok((installer, _)) => share(installer),
        Err(flash) => return flash,
    };
    update.settle(u64::MAX, None);
    flash_of(update)
}

fn fresh() -> Flash {
    flash(&image(1, OLD))
}

/// Returns what runs behind the next restart, and how it starts.
fn runs(mut flash: Flash) -> (usize, Start) {
    let running = boots_or_goes_back(&mut flash).expect("it has power");
    let start = Installer::new(flash, board_of(running)).start();
    (running, start.expect("it has power"))
}

#[test]
fn what_is_confirmed_stays_and_what_is_not_is_left_at_the_first_restart() {
    assert_eq!(runs(brought(fresh(), 2)), (1, Start::Trial(1)));
    assert_eq!(runs(confirmed(fresh())), (1, Start::Settled));
    assert_eq!(runs(left(fresh())), (0, Start::Settled));
    assert_eq!(runs(given_up(fresh())), (0, Start::Settled));
}

#[test]
fn firmware_that_has_no_network_goes_back_whatever_the_bootloader_does() {
    let (installer, start) =
        started(brought(fresh(), 2)).unwrap_or_else(|_| panic!("it has power"));
    assert_eq!(start, Start::Trial(1));
    let update = share(installer);
    assert_eq!(update.settle(u64::MAX, None), Verdict::GiveUp);
    assert_eq!(update.with_flash(|flash| boots(flash)), 0);
}

#[test]
fn power_that_is_cut_anywhere_leaves_something_whole() {
    for story in [confirmed, left, given_up] {
        for fresh in [fresh(), confirmed(fresh())] {
            let all = story(fresh.clone()).operations() - fresh.operations();
            assert!(all > 300, "{all} operations");
            for cut in 0..all {
                let mut flash = fresh.clone();
                flash.cut_after(cut, cut.wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let mut flash = story(flash);
                assert!(!flash.has_power());
                flash.restart();
                let running = boots_or_goes_back(&mut flash).expect("it has power");
                let booted = slot(&flash, running);
                let is_whole =
                    booted.starts_with(&image(1, OLD)) || booted.starts_with(&image(2, NEW));
                assert!(is_whole, "cut in operation {cut}");
                let mut installer = Installer::new(flash, board_of(running));
                installer.start().expect("it has power");
                installer.confirm().expect("it has power");
                let after = brought(installer.flash().clone(), 2);
                assert_eq!(boots(&after), 1 - running, "cut in operation {cut}");
            }
        }
    }
}
