//! Names that lie in flash beside the image.

use std::boxed::Box;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use heapbeacon_flash_sim::{Flash, SECTOR};
use heapbeacon_shared::api;
use heapbeacon_shared::symbol_file::{MAGIC, VERSION};
use heapbeacon_shared::trace::BuildId;

use super::peer::Peer;
use super::{Answer, agent_with, get, talk_to};
use crate::symbols::flash::Partition;
use crate::tests::board::{Names, call, keep_symbols};

/// Where the part begins, and ends: in the middle of the chip.
const RANGE: core::ops::Range<u32> = 0x1000..0x3000;

/// A build id, and that of another build.
const RUNNING: [u8; 20] = [0x5a; 20];
const OTHER: [u8; 20] = [0xb1; 20];

/// Makes a symbol file of a build whose tables take so many bytes: printable ones, for answers are read as text.
fn file(build_id: [u8; 20], packed: usize) -> Vec<u8> {
    let mut file = Vec::from(MAGIC);
    file.extend([VERSION, 20]);
    file.extend(build_id);
    file.extend(99u32.to_le_bytes());
    file.extend((packed as u32).to_le_bytes());
    file.extend((0..packed).map(|index| b'a' + (index % 23) as u8));
    file
}

/// Runs a build with some bytes in the part of the flash that is for names; returns the answers of the device to who asks for them, and for itself.
fn ask(bytes: &[u8]) -> (Answer, String) {
    let device = api::Device {
        build_id: BuildId::new(&RUNNING),
        ..api::Device::default()
    };
    call(Names {
        device,
        ..Names::default()
    });
    let mut chip = vec![0xFF; 4 * SECTOR];
    chip[RANGE.start as usize..][..bytes.len()].copy_from_slice(bytes);
    let part = Partition::<CriticalSectionRawMutex, _>::new(Flash::of(chip), RANGE);
    keep_symbols(Box::leak(Box::new(part)));
    let answer = |path| {
        let leaving = Peer::that_leaves(get(path));
        let (text, _) = talk_to(agent_with(None), leaving);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head ends");
        Answer {
            status: head[9..12].parse().expect("a number"),
            head: head.to_string(),
            body: body.to_string(),
        }
    };
    (answer("/api/v1/elf"), answer("/api/v1/device").body)
}

/// Puts chunks together.
fn joined(chunks: &str) -> Vec<u8> {
    let mut rest = chunks;
    let mut all = Vec::new();
    loop {
        let (bytes, behind) = rest.split_once("\r\n").expect("a chunk has a length");
        match usize::from_str_radix(bytes, 16).expect("a number") {
            0 => return all,
            bytes => {
                all.extend(&behind.as_bytes()[..bytes]);
                rest = &behind[bytes + 2..];
            }
        }
    }
}

#[track_caller]
fn check_missing(bytes: &[u8], part: &str) {
    let (answer, device) = ask(bytes);
    let detail = answer.problem(404).detail;
    assert!(detail.contains(part), "{detail}");
    assert!(!device.contains("\"elf\""), "{device}");
}

#[test]
fn names_of_the_running_build_are_told_of_whatever_length() {
    // Their bytes are text, too.
    for packed in [4, 5, 6, 7, 2304, 2305, 2306, 2307, 8000] {
        let file = file(RUNNING, packed);
        let (answer, device) = ask(&file);
        assert_eq!(answer.status, 200, "{}", answer.head);
        assert!(answer.has("content-type: application/octet-stream"));
        assert_eq!(joined(&answer.body), file, "{packed}");
        assert!(device.contains("\"elf\""), "{device}");
    }
}

#[test]
fn names_of_another_build_are_not() {
    check_missing(&file(OTHER, 100), &"b1".repeat(20));
}

#[test]
fn nothing_and_something_else_are_no_names() {
    check_missing(&[], "there are none");
    check_missing(b"something else", "there are none");
    let mut future = file(RUNNING, 100);
    future[4] += 1;
    check_missing(&future, "there are none");
}

#[test]
fn names_that_were_not_written_to_their_end_are_none() {
    let file = file(RUNNING, 1000);
    for written in [64, 700, file.len() - 4] {
        check_missing(&file[..written], "not written to their end");
    }
    let mut longer = file;
    // More than the part holds.
    longer[30..34].copy_from_slice(&9000u32.to_le_bytes());
    check_missing(&longer, "not written to their end");
    longer[30..34].copy_from_slice(&u32::MAX.to_le_bytes());
    check_missing(&longer, "not written to their end");
}
