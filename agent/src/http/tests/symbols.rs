//! Names that lie in flash beside the image.

use std::boxed::Box;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use heapbeacon_flash_sim::{Flash, SECTOR};
use heapbeacon_shared::api;
use heapbeacon_shared::symbol_file::{MAGIC, VERSION, VERSION_WITH_FUNCTIONS};
use heapbeacon_shared::trace::BuildId;

use super::peer::Peer;
use super::{Answer, agent_with, get, talk_to};
use crate::http::Server;
use crate::read::symbols::File;
use crate::symbols::flash::Partition;
use crate::symbols::upload::{BLOCK, Upload};
use crate::tests::board::{Board, Names, call, keep_symbols};

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

/// Makes a chip that holds some bytes in the part for names, and nothing else.
fn chip_with(bytes: &[u8]) -> Flash {
    let mut chip = vec![0xFF; 4 * SECTOR];
    chip[RANGE.start as usize..][..bytes.len()].copy_from_slice(bytes);
    Flash::of(chip)
}

/// Puts some bytes into the part of the flash that is for names, and nothing else.
pub(super) fn hold_symbols(bytes: &[u8]) -> &'static Partition<CriticalSectionRawMutex, Flash> {
    let part = Box::leak(Box::new(Partition::new(chip_with(bytes), RANGE)));
    keep_symbols(part);
    part
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
    hold_symbols(bytes);
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
    future[4] = VERSION_WITH_FUNCTIONS + 1;
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

/// A device that runs some build, with a part of its flash for names.
struct Device {
    part: &'static Partition<CriticalSectionRawMutex, Flash>,
    agent: &'static Server<Board>,
}

impl Device {
    fn new(flash: Flash) -> Self {
        let device = api::Device {
            build_id: BuildId::new(&RUNNING),
            ..api::Device::default()
        };
        call(Names {
            device,
            ..Names::default()
        });
        let part = Box::leak(Box::new(Partition::new(flash, RANGE)));
        keep_symbols(part);
        let agent = agent_with(None);
        Self { part, agent }
    }

    /// Returns one that holds the names of what runs.
    fn with_names(bytes: &[u8]) -> Self {
        Self::new(chip_with(bytes))
    }

    fn put(&self, request: impl Into<Vec<u8>>) -> Answer {
        let (text, _) = talk_to(self.agent, Peer::that_leaves(request).in_pieces(700));
        Answer::all(&text).remove(0)
    }

    /// Returns what is served, if anything is.
    fn served(&self) -> Option<Vec<u8>> {
        let mut file = File::open::<Board>().ok()?;
        let (mut all, mut room) = (Vec::new(), [0; 700]);
        loop {
            match file.read(&mut room) {
                0 => return Some(all),
                read => all.extend(&room[..read]),
            }
        }
    }

    fn with_flash<T>(&self, work: impl FnOnce(&mut Flash) -> T) -> T {
        self.part.with(work).expect("nobody is at work")
    }
}

/// Returns a request that brings names, of which so many bytes are announced.
fn put(file: &[u8], announced: usize) -> Vec<u8> {
    let head = format!(
        "PUT /api/v1/elf HTTP/1.1\r\nHost: localhost\r\nContent-Length: {announced}\r\n\r\n"
    );
    [head.as_bytes(), file].concat()
}

#[test]
fn names_that_are_sent_are_served_if_they_are_of_what_runs() {
    for packed in [4, 5, 6, 7, 470, 478, 600, 4062, 8158] {
        let device = Device::with_names(&file(RUNNING, 3000));
        let new = file(RUNNING, packed);
        let answer = device.put(put(&new, new.len()));
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains("\"running\":true"), "{}", answer.body);
        assert!(device.served() == Some(new), "{packed}");
        // Nothing outside of the part has changed.
        device.with_flash(|flash| {
            let (before, behind) = (&flash.bytes()[..0x1000], &flash.bytes()[0x3000..]);
            assert!([before, behind].concat().iter().all(|byte| *byte == 0xFF));
        });

        // Those of an update may come before it runs.
        let next = file(OTHER, packed);
        let answer = device.put(put(&next, next.len()));
        assert!(answer.body.contains("\"running\":false"), "{}", answer.body);
        assert!(answer.body.contains(&"b1".repeat(20)), "{}", answer.body);
        assert_eq!(device.served(), None);
    }
}

#[test]
fn what_can_t_be_kept_is_refused_before_anything_is_erased() {
    let held = file(RUNNING, 3000);
    let new = file(RUNNING, 1000);
    let mut nameless = Vec::from(MAGIC);
    nameless.extend([VERSION, 0]);
    nameless.extend(99u32.to_le_bytes());
    nameless.extend(4u32.to_le_bytes());
    nameless.extend(*b"abcd");
    let long = [&new[..], b"more"].concat();
    for (file, announced, status, told) in [
        (&b"\x7fELF and so on"[..], 13, 422, "xtask symbols"),
        (&new[..20], 20, 422, "xtask symbols"),
        (b"", 0, 422, "xtask symbols"),
        (&nameless, nameless.len(), 422, "--build-id"),
        (&new[..900], 900, 422, "all 1034 bytes"),
        (&long, long.len(), 422, "all 1034 bytes"),
        (&new, 8193, 413, "room for 8192 bytes"),
    ] {
        let device = Device::with_names(&held);
        let problem = device.put(put(file, announced)).problem(status);
        assert!(problem.detail.contains(told), "{}", problem.detail);
        assert_eq!(device.with_flash(|flash| flash.operations()), 0, "{told}");
        assert!(device.served().as_ref() == Some(&held));
    }
}

#[test]
fn names_that_do_not_come_whole_are_none() {
    let new = file(RUNNING, 3000);
    let mut torn = new.clone();
    let end = torn.len();
    torn[end - 4..].fill(0xFF);
    for (file, announced, status) in [(&new[..2000], new.len(), 400), (&torn, torn.len(), 422)] {
        let device = Device::with_names(&self::file(RUNNING, 900));
        device.put(put(file, announced)).problem(status);
        assert_eq!(device.served(), None);
        // Whoever comes next is not kept from it.
        assert_eq!(device.put(put(&new, new.len())).status, 200);
        assert!(device.served().as_ref() == Some(&new));
    }
}

#[test]
fn one_sends_names_at_a_time() {
    let device = Device::with_names(&[]);
    let new = file(RUNNING, 3000);
    let mut block = [0; BLOCK];
    let upload =
        Upload::open(device.part, 3034, &mut block).map_err(|refusal| format!("{refusal:?}"));
    let problem = device.put(put(&new, new.len())).problem(409);
    assert!(problem.detail.contains("Somebody else"), "{problem:?}");
    drop(upload);
    assert_eq!(device.put(put(&new, new.len())).status, 200);
}

#[test]
fn whenever_the_power_goes_there_are_the_old_names_or_none_or_the_new_ones() {
    let (old, new) = (file(RUNNING, 4500), file(RUNNING, 5101));
    let device = Device::with_names(&old);
    assert_eq!(device.put(put(&new, new.len())).status, 200);
    let all = device.with_flash(|flash| flash.operations());
    let (mut old_ones, mut new_ones) = (0, 0);
    for cut in 0..all {
        let device = Device::with_names(&old);
        device.with_flash(|flash| flash.cut_after(cut, 77 * cut));
        device.put(put(&new, new.len())).problem(500);
        let mut flash = device.with_flash(|flash| flash.clone());
        flash.restart();
        match Device::new(flash).served() {
            None => {}
            Some(served) if served == old => old_ones += 1,
            Some(served) => {
                assert!(served == new, "neither, behind {cut} operations");
                new_ones += 1;
            }
        }
    }
    // Only in the very first operation, and in the last one.
    assert!(old_ones <= 1 && new_ones <= 1, "{old_ones} {new_ones}");
}

#[test]
fn who_reads_names_that_others_take_the_place_of_is_cut_off() {
    let old = file(RUNNING, 3000);
    let device = Device::with_names(&old);
    let mut reader = File::open::<Board>().expect("they are there");
    let mut room = [0; 512];
    assert_eq!(reader.read(&mut room), 512);
    let new = file(OTHER, 3000);
    let mut block = [0; BLOCK];
    let mut upload =
        Upload::open(device.part, new.len() as u64, &mut block).expect("nobody writes");
    let room_bytes = upload.room().len();
    upload.room().copy_from_slice(&new[..room_bytes]);
    upload.take(room_bytes).expect("it is the head");
    assert_eq!(reader.read(&mut room), 0);
}

#[test]
fn who_reads_names_while_others_of_the_same_build_come_whole_is_cut_off_too() {
    let device = Device::with_names(&file(RUNNING, 3000));
    let mut reader = File::open::<Board>().expect("they are there");
    let mut room = [0; 512];
    assert_eq!(reader.read(&mut room), 512);
    let new = file(RUNNING, 4000);
    assert_eq!(device.put(put(&new, new.len())).status, 200);
    assert_eq!(reader.read(&mut room), 0);
    assert!(device.served() == Some(new));
}

#[test]
fn names_that_stall_or_trickle_are_ended_and_keep_nobody_from_it() {
    let new = file(RUNNING, 3000);
    let begun = || put(&new[..300], new.len());
    let trickle = (0..100).fold(Peer::that_stays(begun()), |peer, _| peer.then(100, "x"));
    for slow in [Peer::that_stays(begun()), trickle] {
        let device = Device::with_names(&[]);
        let (text, took) = talk_to(device.agent, slow);
        let problem = Answer::all(&text)[0].problem(408);
        assert!(problem.detail.contains("from the beginning"), "{problem:?}");
        assert_eq!(took, 5000);
        assert_eq!(device.put(put(&new, new.len())).status, 200);
    }
}

#[test]
fn a_board_without_a_part_of_the_flash_for_names_says_so() {
    call(Names::default());
    let (text, _) = talk_to(agent_with(None), Peer::that_leaves(put(b"x", 1)));
    let problem = Answer::all(&text)[0].problem(404);
    assert!(
        problem.detail.contains("no part of its flash"),
        "{problem:?}"
    );
}
