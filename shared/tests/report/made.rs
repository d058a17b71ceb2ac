//! What a firmware holds, as tests say it.

use heapbeacon_shared::api::{Device, Leak, LeaksPage, Stack, Trace};
use heapbeacon_shared::frames::Frame;
use heapbeacon_shared::report::Version;
use heapbeacon_shared::trace::{Address, BuildId, Kind, Period, Verdict, name};

/// A call stack of one frame, and what it holds.
pub(crate) struct Held {
    address: u64,
    bytes: u64,
    kind: Kind,
}

pub(crate) fn held(address: u64, bytes: u64, kind: Kind) -> Held {
    Held {
        address,
        bytes,
        kind,
    }
}

fn leak(id: u32, held: &Held) -> Leak {
    let mut stack = Stack {
        id,
        ..Stack::default()
    };
    stack
        .frames
        .push(Address(held.address))
        .expect("there is room");
    Leak {
        stack,
        count: 2,
        bytes: held.bytes,
        verdict: Verdict {
            kind: held.kind,
            bytes_per_minute: 1_024,
            ..Verdict::default()
        },
        ..Leak::default()
    }
}

/// What a firmware of a build holds; its functions are at the addresses that `functions` lists.
pub(crate) fn version(
    title: &str,
    build: u8,
    all: &[Held],
    functions: &[(u64, &str, u32)],
) -> Version {
    let device = Device {
        firmware: name("lamp"),
        firmware_version: name("1.2.0"),
        build_id: BuildId::new(&[build; 4]),
        ..Device::default()
    };
    let leaks = LeaksPage {
        period: Period {
            time_us: 60_000_000,
            ..Period::default()
        },
        total: all.len() as u32,
        leaks: (1..).zip(all).map(|(id, held)| leak(id, held)).collect(),
        ..LeaksPage::default()
    };
    let at = |address| {
        let known = functions.iter().filter(|(at, ..)| *at == address);
        let frame = |(at, function, line): &(u64, &str, u32)| Frame {
            address: *at,
            function: Some((*function).to_owned()),
            file: Some("/home/me/lamp/src/net.rs".to_owned()),
            line: Some(*line),
            ..Frame::default()
        };
        known.map(frame).collect()
    };
    Version::new(title.to_owned(), &device, &Trace::default(), &leaks, at)
}
