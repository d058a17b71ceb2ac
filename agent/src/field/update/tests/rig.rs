//! A device with two slots, whose bootloader is a model of the stock one.

use core::mem;
use std::boxed::Box;
use std::vec::Vec;

use ed25519_dalek::{Signer, SigningKey};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embedded_storage::nor_flash::NorFlash;
use heapbeacon_flash_sim::{Flash, SECTOR};
use heapbeacon_shared::trace::{BuildId, name};
use heapbeacon_shared::update::Header;
use sha2::{Digest, Sha256};

use crate::field::update::{
    Board, Installer, Lane, Layout, Part, Refusal, Rollback, Session, Updater,
};

/// Sectors of `otadata`, and of each slot.
const OTADATA: usize = 2;
const SLOT: usize = 5;
/// Bytes of the longest image.
pub(crate) const ROOM: usize = (SLOT - 1) * SECTOR;

pub(crate) const CHIP: &str = "esp32c3";

pub(crate) type Shared = Updater<CriticalSectionRawMutex, Flash>;

/// Returns an erased flash whose first slot holds an image.
pub(crate) fn flash(image: &[u8]) -> Flash {
    let mut flash = Flash::new(OTADATA + 2 * SLOT);
    flash.bytes_mut()[OTADATA * SECTOR..][..image.len()].copy_from_slice(image);
    flash
}

pub(crate) fn layout() -> Layout {
    let at = |sectors: usize| (sectors * SECTOR) as u32;
    Layout {
        otadata: 0..at(OTADATA),
        slots: [
            at(OTADATA)..at(OTADATA + SLOT),
            at(OTADATA + SLOT)..at(OTADATA + 2 * SLOT),
        ],
    }
}

/// Returns the bytes of a slot.
pub(crate) fn slot(flash: &Flash, slot: usize) -> &[u8] {
    let range = &layout().slots[slot];
    &flash.bytes()[range.start as usize..range.end as usize]
}

/// Returns the slot that the stock bootloader boots, without automatic rollback: see `bootloader_utility.c` of ESP-IDF.
///
/// It is written anew from there, so that it shares no mistake with what it judges.
pub(crate) fn boots(flash: &Flash) -> usize {
    let word = |at: usize| {
        let word = flash.bytes()[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(word)
    };
    let valid = [0, SECTOR].into_iter().filter_map(|at| {
        let (sequence, state) = (word(at), word(at + 24));
        let is_valid = sequence != u32::MAX && state != 3 && state != 4;
        (is_valid && word(at + 28) == rom_crc32(sequence)).then_some(sequence)
    });
    valid
        .max()
        .map_or(0, |sequence| (sequence.wrapping_sub(1) % 2) as usize)
}

/// Does what that bootloader does before it boots a slot, if it was built with `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE`, and returns the slot, if it
/// has power for so long.
pub(crate) fn boots_or_goes_back(flash: &mut Flash) -> Option<usize> {
    let state = |flash: &Flash, at: usize| {
        let word = flash.bytes()[at + 24..at + 28].try_into();
        u32::from_le_bytes(word.expect("four bytes"))
    };
    let rewrite = |flash: &mut Flash, at: usize, state: u32| {
        let mut entry = flash.bytes()[at..at + 32].to_vec();
        entry[24..28].copy_from_slice(&state.to_le_bytes());
        flash.erase(at as u32, (at + SECTOR) as u32).ok()?;
        flash.write(at as u32, &entry).ok()
    };
    for at in [0, SECTOR] {
        if state(flash, at) == PENDING_VERIFY {
            rewrite(flash, at, ABORTED)?;
        }
    }
    let chosen = boots(flash);
    for at in [0, SECTOR] {
        let sequence = flash.bytes()[at..at + 4].try_into();
        let sequence = u32::from_le_bytes(sequence.expect("four bytes"));
        let is_chosen = sequence != u32::MAX && (sequence.wrapping_sub(1) % 2) as usize == chosen;
        if is_chosen && state(flash, at) == NEW {
            rewrite(flash, at, PENDING_VERIFY)?;
        }
    }
    Some(chosen)
}

/// States of an entry (`esp_ota_img_states_t`).
const NEW: u32 = 0;
const PENDING_VERIFY: u32 = 1;
const ABORTED: u32 = 4;

/// `esp_rom_crc32_le(UINT32_MAX, …)`, bit by bit.
fn rom_crc32(word: u32) -> u32 {
    let mut crc = 0u32;
    for byte in word.to_le_bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    !crc
}

/// Returns what a board says whose bootloader has booted a slot.
pub(crate) fn board(running: usize) -> Board {
    Board {
        layout: layout(),
        running,
        chip: CHIP,
        firmware: name("logger"),
        version: name("1.2.0"),
        build_id: BuildId::new(&[1; 20]),
        key: key().verifying_key().to_bytes(),
        rollback: Rollback::OwnStart,
        check: |first| match first.first() {
            Some(0xE9) => Ok(()),
            _ => Err("The image is none of an ESP32."),
        },
    }
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// Returns an image of so many bytes, none like another of another seed.
pub(crate) fn image(seed: u8, bytes: usize) -> Vec<u8> {
    let mut image: Vec<_> = (0..bytes)
        .map(|at| (at as u8).wrapping_mul(31) ^ (at >> 8) as u8 ^ seed)
        .collect();
    image[0] = 0xE9;
    image
}

pub(crate) fn header(image: &[u8]) -> Header {
    Header {
        size: image.len() as u32,
        sha256: Sha256::digest(image).into(),
        chip: name(CHIP),
        firmware: name("logger"),
        version: name("1.3.0"),
        build_id: BuildId::new(&[2; 20]),
    }
}

/// Returns what is uploaded.
pub(crate) fn signed(header: &Header, image: &[u8]) -> Vec<u8> {
    let head = header.encode();
    let signature = key().sign(&head).to_bytes();
    [&head[..], &signature, image].concat()
}

pub(crate) fn all_of(bytes: &[u8]) -> Part {
    let total = bytes.len() as u32;
    Part {
        first: 0,
        end: total,
        total,
    }
}

/// Shares what was started; for as long as the test's process runs.
pub(crate) fn share(installer: Installer<Flash>) -> &'static Shared {
    let lane = Box::leak(Box::new(Lane::new()));
    Box::leak(Box::new(Updater::new(Box::leak(Box::new(installer)), lane)))
}

/// Takes the flash of what was shared, which is of no use then: tests share by the thousand.
pub(crate) fn flash_of(update: &'static Shared) -> Flash {
    update.with_flash(|flash| mem::replace(flash, Flash::new(0)))
}

/// Brings bytes, so many at a time.
pub(crate) fn bring(
    session: &mut Session,
    mut bytes: &[u8],
    at_a_time: usize,
) -> Result<(), Refusal> {
    while !bytes.is_empty() {
        let room = session.room();
        let some = bytes.len().min(at_a_time).min(room.len());
        assert!(some > 0, "it takes no more");
        room[..some].copy_from_slice(&bytes[..some]);
        session.take(some)?;
        bytes = &bytes[some..];
    }
    Ok(())
}

/// Uploads all of it, and has it booted.
pub(crate) fn upload(
    update: &'static Shared,
    bytes: &[u8],
    at_a_time: usize,
) -> Result<(), Refusal> {
    let mut session = Session::open(update, all_of(bytes), false)?;
    bring(&mut session, bytes, at_a_time)?;
    while session.check()? {}
    Ok(())
}
