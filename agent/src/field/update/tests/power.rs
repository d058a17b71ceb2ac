//! The power is cut in every single flash operation of an update, and what the device boots then is whole.

use std::sync::OnceLock;
use std::vec::Vec;

use heapbeacon_flash_sim::Flash;
use heapbeacon_shared::update::HEADER_BYTES;

use super::rig::*;
use crate::field::update::{ATTEMPTS, Installer, Refusal, Start, Verdict};

/// More than a sector each, and no whole number of words.
const OLD: usize = 4100;
const NEW: usize = 4201;
/// The image that comes behind a cut is shorter: it only has to come.
const LAST: u8 = 6;
const SMALL: usize = 301;

/// What is uploaded, by its seed: it is made and signed once.
static FIRMWARE: [OnceLock<Vec<u8>>; LAST as usize + 1] =
    [const { OnceLock::new() }; LAST as usize + 1];

fn firmware(seed: u8) -> &'static [u8] {
    FIRMWARE[usize::from(seed)].get_or_init(|| {
        let bytes = match seed {
            1 => OLD,
            LAST => SMALL,
            _ => NEW,
        };
        let image = image(seed, bytes);
        signed(&header(&image), &image)
    })
}

/// What is done with a device, restarts included, until the power goes.
type Story = fn(Flash) -> Flash;

/// Starts what the bootloader chooses, as firmware does.
fn start(flash: Flash) -> (Installer<Flash>, Option<Start>) {
    let running = boots(&flash);
    let mut installer = Installer::new(flash, board(running));
    let started = installer.start().ok();
    (installer, started)
}

/// Uploads an image, as far as there is power.
fn brought(flash: Flash, seed: u8) -> Flash {
    let (installer, _) = start(flash);
    let update = share(installer);
    let result = upload(update, firmware(seed), 1000);
    let flash = flash_of(update);
    assert!(result == Ok(()) || result == Err(Refusal::Flash) && !flash.has_power());
    flash
}

fn confirmed(flash: Flash) -> Flash {
    let flash = brought(flash, 2);
    let (installer, _) = start(flash);
    let update = share(installer);
    crate::field::update::Update::note_answer(update);
    let verdict = update.settle(1, Some(1));
    let flash = flash_of(update);
    assert!(verdict == Verdict::Settled || !flash.has_power());
    flash
}

fn rolled_back(flash: Flash) -> Flash {
    let mut flash = brought(flash, 2);
    for _ in 0..=ATTEMPTS {
        let (mut installer, _) = start(flash);
        flash = installer.flash().clone();
    }
    flash
}

fn given_up(flash: Flash) -> Flash {
    let flash = brought(flash, 2);
    let (installer, _) = start(flash);
    let update = share(installer);
    let verdict = update.settle(u64::MAX, None);
    let flash = flash_of(update);
    assert!(verdict == Verdict::GiveUp || !flash.has_power());
    flash
}

/// Another image is brought before the first one was booted.
fn brought_twice(flash: Flash) -> Flash {
    let update = share(Installer::new(flash, board(0)));
    for seed in [2, 3] {
        let result = upload(update, firmware(seed), 1000);
        assert!(result == Ok(()) || result == Err(Refusal::Flash));
    }
    flash_of(update)
}

/// Both slots have been used: nothing is as the factory has left it.
fn used() -> Flash {
    let mut flash = flash(&image(1, OLD));
    for seed in [4, 5] {
        flash = brought(flash, seed);
        let (mut installer, started) = start(flash);
        assert_eq!(started, Some(Start::Trial(1)));
        assert_eq!(installer.confirm(), Ok(()));
        flash = installer.flash().clone();
    }
    assert_eq!(boots(&flash), 0);
    flash
}

/// Checks that what is booted is one of the images that were ever whole.
#[track_caller]
fn assert_boots(flash: &Flash, cut: u64) {
    let booted = slot(flash, boots(flash));
    let mut images = (1..=LAST).map(|seed| &firmware(seed)[HEADER_BYTES..]);
    let is_whole = images.any(|image| booted.starts_with(image));
    assert!(is_whole, "cut in operation {cut}");
}

fn cut_everywhere(fresh: &Flash, story: Story) {
    let all = story(fresh.clone()).operations() - fresh.operations();
    assert!(all > 1000, "{all} operations");
    for cut in 0..=all {
        let mut flash = fresh.clone();
        // Other bits are left half done in each.
        flash.cut_after(cut, cut.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut flash = story(flash);
        assert_eq!(flash.has_power(), cut == all);
        flash.restart();
        assert_boots(&flash, cut);
        // The firmware that runs then is not stuck: it is confirmed, or goes back, and takes another update.
        let (mut installer, started) = start(flash);
        if started == Some(Start::GoBack) {
            (installer, _) = start(installer.flash().clone());
        }
        assert_eq!(installer.confirm(), Ok(()));
        let flash = installer.flash().clone();
        assert_boots(&flash, cut);
        let running = boots(&flash);
        let flash = brought(flash, LAST);
        assert_eq!(boots(&flash), 1 - running, "cut in operation {cut}");
        assert_boots(&flash, cut);
    }
}

#[test]
fn an_update_that_is_confirmed() {
    cut_everywhere(&flash(&image(1, OLD)), confirmed);
    cut_everywhere(&used(), confirmed);
}

#[test]
fn an_update_that_never_gets_so_far_as_to_be_confirmed() {
    cut_everywhere(&flash(&image(1, OLD)), rolled_back);
    cut_everywhere(&used(), rolled_back);
}

#[test]
fn an_update_that_gets_no_network() {
    cut_everywhere(&flash(&image(1, OLD)), given_up);
    cut_everywhere(&used(), given_up);
}

#[test]
fn an_update_over_one_that_was_not_booted_yet() {
    cut_everywhere(&flash(&image(1, OLD)), brought_twice);
    cut_everywhere(&used(), brought_twice);
}
