//! Bootloaders that go back by themselves, and power that is cut in what they do for that.

use heapbeacon_flash_sim::Flash;
use heapbeacon_shared::api::OtaRejection;

use super::rig::*;
use crate::field::update::{
    ATTEMPTS, Board, Installer, Refusal, Rollback, Start, Update, Verdict, boot,
};

const OLD: usize = 4100;
const NEW: usize = 1201;

/// A bootloader that goes back by itself.
struct Loader {
    rollback: Rollback,
    /// Does what it does before it boots a slot, and returns the slot, if there is power for so long.
    boots: fn(&mut Flash) -> Option<usize>,
    /// How often it starts what is not confirmed.
    starts: usize,
}

const LOADERS: [Loader; 2] = [
    Loader {
        rollback: Rollback::Bootloader,
        boots: boots_or_goes_back,
        starts: 1,
    },
    Loader {
        rollback: Rollback::CountingBootloader,
        boots: |flash| boot(flash, &layout()).ok(),
        starts: ATTEMPTS,
    },
];

impl Loader {
    fn board(&self, running: usize) -> Board {
        Board {
            rollback: self.rollback,
            ..board(running)
        }
    }

    /// Starts what it boots, if it has power for so long.
    fn started(&self, mut flash: Flash) -> Result<(Installer<Flash>, Start), Flash> {
        let Some(running) = (self.boots)(&mut flash) else {
            return Err(flash);
        };
        let mut installer = Installer::new(flash, self.board(running));
        match installer.start() {
            Ok(start) => Ok((installer, start)),
            Err(_) => Err(installer.flash().clone()),
        }
    }

    fn shared(&self, flash: Flash) -> Result<&'static Shared, Flash> {
        self.started(flash).map(|(installer, _)| share(installer))
    }

    fn brought(&self, flash: Flash, seed: u8) -> Flash {
        let update = match self.shared(flash) {
            Ok(update) => update,
            Err(flash) => return flash,
        };
        let new = image(seed, NEW);
        let result = upload(update, &signed(&header(&new), &new), 1000);
        assert!(matches!(result, Ok(()) | Err(Refusal::Flash)));
        flash_of(update)
    }

    /// Returns what runs behind the next restart, and how it starts.
    fn runs(&self, flash: Flash) -> (usize, Start) {
        let Ok((mut installer, start)) = self.started(flash) else {
            panic!("it has power");
        };
        let status = installer.status(Some(0), 0);
        (usize::from(status.running), start)
    }
}

/// Returns why the firmware in the second slot was left.
fn rejection(update: &Shared) -> Option<OtaRejection> {
    let status = update.status().expect("nobody is at work");
    assert_eq!(status.running, 0);
    status.slots[1].rejection
}

/// What is done with a device until the power goes.
type Story = fn(&Loader, Flash) -> Flash;

fn confirmed(loader: &Loader, flash: Flash) -> Flash {
    let update = match loader.shared(loader.brought(flash, 2)) {
        Ok(update) => update,
        Err(flash) => return flash,
    };
    update.note_answer();
    update.settle(1, Some(1));
    flash_of(update)
}

fn left(loader: &Loader, flash: Flash) -> Flash {
    let mut flash = loader.brought(flash, 2);
    for _ in 0..=loader.starts {
        flash = match loader.started(flash) {
            Ok((mut installer, _)) => installer.flash().clone(),
            Err(flash) => return flash,
        };
    }
    flash
}

fn given_up(loader: &Loader, flash: Flash) -> Flash {
    let update = match loader.shared(loader.brought(flash, 2)) {
        Ok(update) => update,
        Err(flash) => return flash,
    };
    update.settle(u64::MAX, None);
    flash_of(update)
}

fn fresh() -> Flash {
    flash(&image(1, OLD))
}

#[test]
fn what_is_confirmed_stays_and_what_is_not_is_left_with_the_reason() {
    for loader in &LOADERS {
        let mut flash = loader.brought(fresh(), 2);
        for attempt in 1..=loader.starts {
            let (mut installer, start) = loader.started(flash).unwrap_or_else(|_| panic!());
            assert_eq!(start, Start::Trial(attempt), "{:?}", loader.rollback);
            flash = installer.flash().clone();
        }
        assert_eq!(loader.runs(flash), (0, Start::Settled));
        let stays = confirmed(loader, fresh());
        assert_eq!(loader.runs(stays), (1, Start::Settled));
        for (story, why) in [
            (left as Story, OtaRejection::NeverConfirmed),
            (given_up, OtaRejection::NoNetwork),
        ] {
            let flash = story(loader, fresh());
            assert_eq!(loader.runs(flash.clone()), (0, Start::Settled));
            let update = loader.shared(flash).unwrap_or_else(|_| panic!());
            assert_eq!(rejection(update), Some(why));
            let new = image(3, NEW);
            assert_eq!(upload(update, &signed(&header(&new), &new), 1000), Ok(()));
            assert_eq!(rejection(update), None);
        }
    }
}

#[test]
fn firmware_that_has_no_network_goes_back_whatever_the_bootloader_does() {
    let [loader, _] = &LOADERS;
    let (installer, start) = loader
        .started(loader.brought(fresh(), 2))
        .unwrap_or_else(|_| panic!("it has power"));
    assert_eq!(start, Start::Trial(1));
    let update = share(installer);
    assert_eq!(update.settle(u64::MAX, None), Verdict::GiveUp);
    assert_eq!(update.with_flash(|flash| boots(flash)), 0);
}

#[test]
fn power_that_is_cut_anywhere_leaves_something_whole() {
    for loader in &LOADERS {
        for story in [confirmed as Story, left, given_up] {
            for fresh in [fresh(), confirmed(loader, fresh())] {
                cut_everywhere(loader, &fresh, story);
            }
        }
    }
}

fn cut_everywhere(loader: &Loader, fresh: &Flash, story: Story) {
    let all = story(loader, fresh.clone()).operations() - fresh.operations();
    assert!(all > 300, "{all} operations");
    for cut in 0..all {
        let mut flash = fresh.clone();
        flash.cut_after(cut, cut.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut flash = story(loader, flash);
        assert!(!flash.has_power());
        flash.restart();
        let running = (loader.boots)(&mut flash).expect("it has power");
        let booted = slot(&flash, running);
        let is_whole = booted.starts_with(&image(1, OLD)) || booted.starts_with(&image(2, NEW));
        assert!(is_whole, "cut in operation {cut}");
        let mut installer = Installer::new(flash, loader.board(running));
        installer.start().expect("it has power");
        installer.confirm().expect("it has power");
        let after = loader.brought(installer.flash().clone(), 2);
        assert_eq!(boots(&after), 1 - running, "cut in operation {cut}");
    }
}
