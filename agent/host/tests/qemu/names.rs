//! Names for addresses, from the ELF of the very image.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use heapbeacon_shared::api::{Device, Feature, HeldSymbols, LeaksPage};
use heapbeacon_shared::symbol_file;
use heapbeacon_shared::symbols::{Frame, SymbolizedStack, Symbols};
use object::{Object, ObjectSection};

use super::postmortem::LISTENING;
use crate::support::answer::Answer;
use crate::support::client::Client;
use crate::support::qemu::{self, Qemu};
use crate::support::{await_some, firmware};

#[test]
fn the_elf_of_the_image_names_the_leak_and_its_task() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let symbols = qemu::elf(qemu::AGENT);
    let symbols = Symbols::parse(&symbols).expect("the ELF has symbols");
    let device: Device = agent.read("/device");
    let build_id = symbols.build_id().expect("the linker wrote one");
    assert_eq!(build_id.to_string(), device.build_id.to_string());

    let leak = await_some("the leak shows", || {
        let page: LeaksPage = agent.read("/trace/leaks?limit=1000");
        let mut stacks = page.leaks.into_iter().map(|leak| leak.stack);
        stacks.find(|stack| {
            site(&symbols, stack).is_some_and(|(function, _, _)| function.contains("Table::open"))
        })
    });
    let (_, file, line) = site(&symbols, &leak).expect("it was found by that");
    assert!(file.ends_with("demo/src/session.rs"), "{file}");
    let source = include_str!("../../../demo/src/session.rs");
    let text = source.lines().nth(line as usize - 1).unwrap_or_default();
    let allocates = ["String::from(client)", "Box::new(session)"];
    assert!(
        allocates.iter().any(|call| text.contains(call)),
        "line {line}: {text}"
    );
    assert_eq!(leak.task.as_deref(), Some("net"));
    assert_eq!(leak.cut, None);
}

#[test]
fn the_image_carries_names_that_are_those_of_its_elf() {
    let machine = Qemu::boot();
    let agent = machine.client();
    let elf = qemu::elf(qemu::AGENT);
    let carried = agent.get("/elf");
    assert_eq!(carried.status, 200, "{}", carried.text());
    assert!(carried.body.starts_with(&symbol_file::MAGIC));
    let bytes = carried.body.len();
    assert!(bytes <= 350_000 && bytes * 10 <= elf.len(), "{bytes} bytes");

    let of_elf = Symbols::parse(&elf).expect("the ELF has symbols");
    let symbols = Symbols::parse(&carried.body).expect("it names addresses");
    assert_eq!(symbols.build_id(), of_elf.build_id());
    let page: LeaksPage = agent.read("/trace/leaks?limit=1000");
    let frames = page.leaks.iter().flat_map(|leak| &leak.stack.frames);
    let addresses: Vec<_> = frames.map(|address| address.0).collect();
    assert!(addresses.len() > 50, "{addresses:x?}");
    let without_column = |frame| Frame {
        column: None,
        ..frame
    };
    let expected = of_elf.call_stack(&addresses).into_iter();
    let found = symbols.call_stack(&addresses);
    assert!(found.into_iter().eq(expected.map(without_column)));
}

/// Where names lie in the flash chip, beside the image.
const BESIDE: u64 = 6 * 1024 * 1024;

#[test]
fn names_of_the_image_are_served_from_flash_and_those_of_another_are_not() {
    let folder = tempfile::tempdir().expect("there is room");
    let elf = firmware::without_names();
    let (image, flash) = (folder.path().join("image"), folder.path().join("flash"));
    fs::write(&image, &elf).expect("there is room");
    let mut names = Symbols::parse(&elf).expect("the ELF has symbols").pack();
    let boot_with = |names: &[u8]| {
        let file = File::create(&flash).expect("there is room");
        file.write_all_at(names, BESIDE).expect("there is room");
        Qemu::boot_image_with(&image, &flash)
    };

    let machine = boot_with(&[]);
    let answer = machine.client().get("/elf");
    assert_eq!(answer.status, 404);
    assert!(
        answer.text().contains("there are none"),
        "{}",
        answer.text()
    );
    let device: Device = machine.client().read("/device");
    assert!(!device.features.contains(&Feature::Elf));
    drop(machine);

    let machine = boot_with(&names);
    let answer = machine.client().get("/elf");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.body == names,
        "{} bytes of {}",
        answer.body.len(),
        names.len()
    );
    let device: Device = machine.client().read("/device");
    assert!(device.features.contains(&Feature::Elf));
    drop(machine);

    // Its build id begins behind magic bytes, version and length.
    names[symbol_file::MAGIC.len() + 2] ^= 1;
    let machine = boot_with(&names);
    let answer = machine.client().get("/elf");
    assert_eq!(answer.status, 404);
    assert!(
        answer.text().contains("are those of build"),
        "{}",
        answer.text()
    );
}

#[test]
fn names_that_are_sent_over_the_network_are_served_while_their_build_runs() {
    let folder = tempfile::tempdir().expect("there is room");
    let elf = firmware::without_names();
    let image = folder.path().join("image");
    fs::write(&image, &elf).expect("there is room");
    let names = Symbols::parse(&elf).expect("the ELF has symbols").pack();
    let mut machine = Qemu::boot_image_with(&image, &folder.path().join("flash"));
    let agent = machine.client();

    // Those of another build may come, for it may be about to run.
    let mut of_another = names.clone();
    of_another[symbol_file::MAGIC.len() + 2] ^= 1;
    let held: HeldSymbols = put(&agent, &of_another).json();
    assert_eq!((held.bytes, held.running), (names.len() as u64, false));
    assert_eq!(agent.get("/elf").status, 404);

    let held: HeldSymbols = put(&agent, &names).json();
    assert!(held.running);
    assert!(agent.get("/elf").body == names);

    // What is none leaves them, and so does a restart.
    let problem = put(&agent, &elf[..1000]).problem(422);
    assert!(
        problem.detail.contains("cargo xtask symbols"),
        "{problem:?}"
    );
    assert_eq!(agent.post("/restart", "").status, 200);
    machine.await_line(LISTENING);
    assert!(agent.get("/elf").body == names);
}

fn put(agent: &Client, names: &[u8]) -> Answer {
    agent.request("PUT", "/api/v1/elf", &[], names)
}

/// Returns the function, file and line of the user's own code that allocated.
fn site(symbols: &Symbols, stack: &heapbeacon_shared::api::Stack) -> Option<(String, String, u32)> {
    let frames: Vec<_> = stack.frames.iter().map(|frame| frame.0).collect();
    let stack = SymbolizedStack::new(symbols.call_stack(&frames));
    let frame = &stack.call_site()?.frame;
    Some((frame.function.clone()?, frame.file.clone()?, frame.line?))
}

/// How long it may take to name as many addresses as a long list of leaks has.
const LOOKUP: Duration = Duration::from_millis(100);
const ADDRESSES: usize = 1_000;

#[test]
fn a_symbol_file_names_a_thousand_addresses_at_once() {
    let elf = qemu::elf(qemu::AGENT);
    let packed = Symbols::parse(&elf).expect("the ELF has symbols").pack();
    let file = object::File::parse(&*elf).expect("it is an ELF");
    let code = file.section_by_name(".text").expect("it has code");
    let step = code.size() as usize / ADDRESSES;
    let addresses = (code.address()..).step_by(step).take(ADDRESSES);
    let addresses: Vec<u64> = addresses.collect();
    // Nothing is known of them before. The shortest of a few: others use the machine, too.
    let times = (0..5).map(|_| {
        let symbols = Symbols::parse(&packed).expect("it names addresses");
        let began = Instant::now();
        let named = addresses.iter().map(|address| symbols.frames(*address));
        let named = named.filter(|frames| !frames.is_empty()).count();
        assert!(named * 10 > ADDRESSES * 9, "{named}");
        began.elapsed()
    });
    let shortest = times.min().expect("there are some");
    assert!(shortest <= LOOKUP, "{shortest:?}");
}
