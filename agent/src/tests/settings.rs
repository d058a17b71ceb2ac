//! Settings in flash whose power is cut.

use core::ops::Range;
use std::boxed::Box;
use std::sync::Mutex;
use std::vec::Vec;

use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, NoopRawMutex};
use heapbeacon_flash_sim::{Flash, SECTOR};
use heapbeacon_shared::api::SettingsState;
use heapbeacon_shared::trace::{
    Action, BootTrace, Condition, MAX_TRIGGERS, Secrets, Settings, Trigger,
};

use crate::field::flash::FlashStorage;
use crate::field::settings::{MAX_BYTES, Storage, StorageError, Store};

/// Sectors that settings are kept in.
const SECTORS: usize = 4;
const RANGE: Range<u32> = 0..(SECTORS * SECTOR) as u32;

/// Returns storage over a new chip.
#[cfg(feature = "http")]
pub(crate) fn storage() -> &'static dyn Storage {
    let storage = FlashStorage::<CriticalSectionRawMutex, _>::new(Flash::new(SECTORS), RANGE);
    Box::leak(Box::new(storage))
}

/// Returns storage over a chip that outlives it.
fn over(flash: &mut Flash) -> FlashStorage<CriticalSectionRawMutex, &mut Flash> {
    FlashStorage::new(flash, RANGE)
}

/// Returns what a chip holds.
fn load(flash: &mut Flash) -> Result<Option<Vec<u8>>, StorageError> {
    let mut bytes = [0; MAX_BYTES];
    let loaded = over(flash).load(&mut bytes);
    loaded.map(|loaded| loaded.map(<[u8]>::to_vec))
}

/// Returns what a chip holds that held something before; where that was nothing, half of the first value is nothing, too.
fn load_or(flash: &mut Flash, before: &Option<Vec<u8>>) -> Option<Vec<u8>> {
    match load(flash) {
        Err(StorageError::Damaged) if before.is_none() => None,
        loaded => loaded.expect("the chip can be read"),
    }
}

/// Storage that is a variable.
struct Memory(Mutex<Option<Vec<u8>>>);

impl Storage for Memory {
    fn load<'b>(&self, bytes: &'b mut [u8; MAX_BYTES]) -> Result<Option<&'b [u8]>, StorageError> {
        let memory = self.0.lock().expect("nobody panicked with it");
        Ok(memory.as_ref().map(|memory| {
            bytes[..memory.len()].copy_from_slice(memory);
            &bytes[..memory.len()]
        }))
    }

    fn store(&self, bytes: &[u8]) -> Result<(), StorageError> {
        *self.0.lock().expect("nobody panicked with it") = Some(bytes.to_vec());
        Ok(())
    }
}

/// Begins a boot with what was stored before.
fn boot(stored: Option<&[u8]>) -> (Store<NoopRawMutex>, &'static Memory) {
    let memory: &Memory = Box::leak(Box::new(Memory(Mutex::new(stored.map(<[u8]>::to_vec)))));
    let store = Store::new(memory);
    store.begin();
    (store, memory)
}

fn text<const N: usize>(letter: &str, length: usize) -> heapless::String<N> {
    letter
        .repeat(length)
        .as_str()
        .try_into()
        .expect("it is short")
}

fn longest() -> Settings {
    let trigger = Trigger {
        when: Condition::OutlivedAbove,
        bytes: u32::MAX,
        then: Action::Restart,
    };
    Settings {
        name: text("n", 32),
        trace: BootTrace::All,
        records: Some(u32::MAX),
        no_references: true,
        triggers: [trigger; MAX_TRIGGERS].into_iter().collect(),
        secrets: Secrets {
            control_token: text("c", 64),
            read_token: text("r", 64),
            wifi_ssid: text("s", 32),
            wifi_password: text("p", 64),
        },
        no_log: true,
    }
}

#[test]
fn the_longest_settings_outlive_a_boot() {
    let (store, memory) = boot(None);
    assert_eq!(store.describe().state, SettingsState::Nothing);
    store.set(longest()).expect("there is room");
    let stored = memory.0.lock().expect("nobody panicked with it").clone();
    let (store, _) = boot(stored.as_deref());
    assert_eq!(store.get(Settings::clone), longest());
    assert_eq!(store.describe().state, SettingsState::Stored);
}

#[test]
fn those_of_the_version_before_are_read_and_keep_the_log() {
    // Name, trace, no records, no references, no trigger, four secrets of which one is a read token.
    let stored = b"\x01\x03den\x02\0\x01\0\0\x02ab\0\0";
    let (store, _) = boot(Some(stored));
    let settings = store.get(Settings::clone);
    assert_eq!(
        (settings.name.as_str(), settings.trace),
        ("den", BootTrace::Leaks)
    );
    assert_eq!(settings.secrets.read_token, "ab");
    assert!(settings.no_references && !settings.no_log);
    assert_eq!(store.describe().state, SettingsState::Stored);
}

#[test]
fn what_is_no_settings_leaves_all_as_the_firmware_has_it() {
    let mut flash = Flash::new(SECTORS);
    for bytes in [
        &b""[..],
        b"\x01",
        b"\x03\0\0\0\0\0\0\0\0\0\0",
        b"\x01\xff\xff\xff\xff",
    ] {
        over(&mut flash).store(bytes).expect("any bytes are stored");
        let loaded = load(&mut flash).expect("they can be read");
        assert_eq!(loaded.as_deref(), Some(bytes));
        let (store, _) = boot(loaded.as_deref());
        assert_eq!(store.describe().state, SettingsState::Unknown, "{bytes:?}");
        assert_eq!(store.get(Settings::clone), Settings::NONE);
    }
}

/// Each value is of another length, so that pages fill up and are given up at all places.
fn value(number: usize) -> Vec<u8> {
    let length = 1 + number * 37 % (MAX_BYTES - 1);
    (0..length).map(|index| (number + index) as u8).collect()
}

#[test]
fn a_cut_of_the_power_leaves_the_old_value_or_the_new_one() {
    const CUTS: usize = 2_000;
    let mut flash = Flash::new(SECTORS);
    let (mut kept, mut number) = (None, 0);
    let (mut cuts, mut old, mut new) = (0, 0, 0);
    while cuts < CUTS {
        number += 1;
        let wanted = value(number);
        flash.cut_after((number * 7919 % 150) as u64, number as u64 * 0x9e37_79b9);
        let stored = over(&mut flash).store(&wanted);
        cuts += usize::from(!flash.has_power());
        flash.restart();
        let found = load_or(&mut flash, &kept);
        match found == Some(wanted) {
            true => new += 1,
            false => {
                assert!(stored.is_err(), "value {number} was said to be stored");
                assert_eq!(
                    found, kept,
                    "neither the old value nor the new one, {number}"
                );
                old += 1;
            }
        }
        kept = found;
    }
    assert!(
        old > 100 && new > 100,
        "{old} times the old, {new} times the new"
    );
}

#[test]
fn a_cut_while_the_chip_is_read_or_mended_changes_nothing() {
    let mut flash = Flash::new(SECTORS);
    let mut kept = None;
    for number in 1..400 {
        let wanted = value(number);
        flash.cut_after(number as u64 % 90, number as u64);
        let _ = over(&mut flash).store(&wanted);
        flash.restart();
        // What was left half done is mended when it is read: that may be cut, too.
        flash.cut_after(number as u64 % 3, number as u64 + 1);
        let _ = load(&mut flash);
        flash.restart();
        let found = load_or(&mut flash, &kept);
        assert!(
            found == kept || found == Some(wanted),
            "neither, at value {number}"
        );
        kept = found;
    }
}

#[test]
fn a_chip_that_holds_something_else_is_taken() {
    let bytes: Vec<u8> = (0..SECTORS * SECTOR)
        .map(|index| (index * 31 % 251) as u8)
        .collect();
    let mut flash = Flash::of(bytes);
    let _ = load(&mut flash);
    over(&mut flash)
        .store(b"settings")
        .expect("it is erased first");
    assert_eq!(load(&mut flash), Ok(Some(b"settings".to_vec())));
}

#[test]
fn a_value_that_is_damaged_is_not_taken_for_none() {
    let mut flash = Flash::new(SECTORS);
    over(&mut flash).store(b"settings").expect("there is room");
    let place = flash
        .bytes()
        .windows(8)
        .position(|bytes| bytes == b"settings");
    flash.bytes_mut()[place.expect("it is there")] ^= 1;
    assert_eq!(load(&mut flash), Err(StorageError::Damaged));
}
