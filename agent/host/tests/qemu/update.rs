//! Updates over the air by real resets: new firmware that works stays, and whatever else comes, the old one does.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use heapbeacon_shared::api::{Device, Ota, OtaRejection, OtaRollback, OtaState, Trace};

use crate::support::await_that;
use crate::support::client::{Client, api};
use crate::support::firmware::{Maker, Variant, curl};
use crate::support::qemu::Qemu;
use crate::support::raw::Connection;

const LISTENING: &str = "listening on";

/// Uploads an image, as the README tells.
#[track_caller]
fn upload(machine: &Qemu, query: &str, image: &Path) -> Ota {
    let (is_accepted, printed) = curl(machine.url(), query, image);
    assert!(is_accepted, "{printed}");
    serde_json::from_str(&printed).expect("it is JSON")
}

/// Restarts into the image that was uploaded.
fn restart(machine: &mut Qemu, slot: usize) {
    assert_eq!(machine.client().post("/restart", "").status, 200);
    machine.await_line(&booting(slot));
}

fn booting(slot: usize) -> String {
    format!("booting slot {slot}")
}

/// Waits until the running image is confirmed, and returns what is known then.
fn confirmed(agent: &Client) -> Ota {
    // Each look is an answer of the API, and so the proof that it works.
    let state = || agent.read::<Ota>("/ota").state;
    await_that("the image to be confirmed", || state() == OtaState::Idle);
    agent.read("/ota")
}

/// Checks that the counters of the trace add up.
#[track_caller]
fn assert_adds_up(trace: &Trace) {
    let summary = &trace.summary;
    let freed = summary.matched_frees + summary.evicted;
    assert_eq!(summary.total_allocations, summary.live_count + freed);
}

#[test]
fn an_image_that_works_is_started_and_stays() {
    let maker = Maker::new();
    let mut machine = Qemu::boot_chosen(&maker.factory(), None);
    let agent = machine.client();
    let before: Ota = agent.read("/ota");
    assert_eq!(
        (before.state, before.running, before.rollback),
        (OtaState::Idle, 0, OtaRollback::Bootloader)
    );
    assert_eq!(before.slots[0].version.as_deref(), Some("0.1.0"));
    for (slot, version) in [(1, "0.2.0"), (0, "0.3.0")] {
        let (image, build_id) = maker.sign(version, Variant::AsBuilt);
        let ota = watched_upload(&machine, &image);
        assert_eq!(
            (ota.state, usize::from(ota.next)),
            (OtaState::RestartNeeded, slot)
        );
        restart(&mut machine, slot);
        machine.await_line(LISTENING);
        let ota = confirmed(&agent);
        assert_eq!(usize::from(ota.running), slot);
        let running = &ota.slots[slot];
        assert_eq!(running.version.as_deref(), Some(version));
        // What runs says so itself, and not only the header that came with it.
        let device: Device = agent.read("/device");
        assert_eq!(device.build_id.to_string(), build_id);
        assert_eq!(running.build_id.as_ref(), Some(&device.build_id));
    }
    machine.reset();
    machine.await_line(&booting(0));
    machine.await_line(LISTENING);
    let ota: Ota = agent.read("/ota");
    assert_eq!((ota.state, ota.running), (OtaState::Idle, 0));
    assert_eq!(ota.slots[1].version.as_deref(), Some("0.2.0"));
    assert!(!ota.slots[1].is_rejected);
}

/// Uploads an image, and watches the trace meanwhile, and the time.
fn watched_upload(machine: &Qemu, image: &Path) -> Ota {
    let bytes = fs::metadata(image).expect("it is there").len();
    let agent = machine.client();
    let trace_id = agent.trace().trace_id;
    let began = Instant::now();
    let ota = thread::scope(|scope| {
        let upload = scope.spawn(|| upload(machine, "", image));
        while !upload.is_finished() {
            let trace = agent.trace();
            assert_adds_up(&trace);
            assert_eq!(trace.trace_id, trace_id);
        }
        upload.join().expect("it is accepted")
    });
    let took = began.elapsed();
    let kilobytes_a_second = bytes as f64 / 1000.0 / took.as_secs_f64();
    eprintln!("{bytes} bytes in {took:.1?}: {kilobytes_a_second:.0} KB/s");
    assert!(kilobytes_a_second >= 100.0, "{took:?}");
    ota
}

#[test]
fn an_image_that_hangs_or_panics_is_left_at_the_fourth_start() {
    let maker = Maker::new();
    let mut machine = Qemu::boot_chosen(&maker.factory(), None);
    let agent = machine.client();
    for (variant, version) in [(Variant::Panic, "0.2.0"), (Variant::Hang, "0.3.0")] {
        let (image, build_id) = maker.sign(version, variant);
        upload(&machine, "", &image);
        restart(&mut machine, 1);
        // The watchdog resets what hangs, a panic resets itself.
        for slot in [1, 1, 0] {
            assert_eq!(machine.await_line("booting slot"), booting(slot));
        }
        machine.await_line(LISTENING);
        let ota: Ota = agent.read("/ota");
        assert_eq!((ota.state, ota.running, ota.next), (OtaState::Idle, 0, 0));
        let left = &ota.slots[1];
        assert!(left.is_rejected, "{variant:?}");
        assert_eq!(left.rejection, Some(OtaRejection::NeverConfirmed));
        assert_eq!(left.version.as_deref(), Some(version));
        assert_eq!(
            left.build_id.as_ref().map(ToString::to_string),
            Some(build_id)
        );
    }
    // What was left keeps nobody from updating.
    upload(&machine, "", &maker.sign("0.4.0", Variant::AsBuilt).0);
    restart(&mut machine, 1);
    machine.await_line(LISTENING);
    assert_eq!(confirmed(&agent).running, 1);
}

#[test]
fn an_image_that_gets_no_network_is_left_within_five_minutes() {
    let maker = Maker::new();
    let (factory, flash) = (maker.factory(), maker.path("flash"));
    let machine = Qemu::boot_chosen(&factory, Some(&flash));
    upload(&machine, "", &maker.sign("0.2.0", Variant::NoNetwork).0);
    drop(machine);
    // Time passes at once whenever the machine waits.
    let fast = ["-icount", "shift=0,sleep=off"];
    let mut machine = Qemu::power_on_chosen(&factory, Some(&flash), &fast);
    for slot in [1, 0] {
        assert_eq!(machine.await_line("booting slot"), booting(slot));
    }
    drop(machine);
    let machine = Qemu::boot_chosen(&factory, Some(&flash));
    let ota: Ota = machine.client().read("/ota");
    assert_eq!((ota.state, ota.running), (OtaState::Idle, 0));
    assert_eq!(ota.slots[1].rejection, Some(OtaRejection::NoNetwork));
    assert_eq!(ota.slots[1].version.as_deref(), Some("0.2.0"));
}

#[test]
fn what_is_refused_leaves_firmware_and_trace_as_they_are() {
    let maker = Maker::new();
    let machine = Qemu::boot_chosen(&maker.factory(), None);
    let agent = machine.client();
    let trace_id = agent.trace().trace_id;
    let refused = |image: &Path, words: &str| {
        let (is_accepted, printed) = curl(machine.url(), "", image);
        assert!(!is_accepted && printed.contains(words), "{printed}");
        let ota: Ota = agent.read("/ota");
        assert_eq!((ota.state, ota.next), (OtaState::Idle, 0), "{words}");
    };
    refused(&Maker::new().sign("0.2.0", Variant::AsBuilt).0, "signature");
    refused(
        &maker.sign_for("esp", "0.2.0", Variant::AsBuilt).0,
        "riscv32imac",
    );
    let foreign = maker.sign_image("riscv32imac", "0.2.0", &[0xe9; 5000]);
    refused(&foreign, "no ELF of a 32-bit RISC-V");
    let (older, _) = maker.sign("0.0.9", Variant::AsBuilt);
    refused(&older, "allow=downgrade");
    let bytes = fs::read(&older).expect("it is there");
    let changed = maker.path("changed");
    let change = |bytes: &[u8]| fs::write(&changed, bytes).expect("there is room");
    change(&bytes[..bytes.len() - 1]);
    refused(&changed, "bytes");
    change(&[&bytes[..], &vec![0; 4 << 20]].concat());
    refused(&changed, "has room for");
    let trace = agent.trace();
    assert_adds_up(&trace);
    assert_eq!(trace.trace_id, trace_id);
    assert_eq!(upload(&machine, "?allow=downgrade", &older).next, 1);
}

#[test]
fn power_that_is_cut_during_an_upload_leaves_the_old_image_and_another_upload_works() {
    let maker = Maker::new();
    let (factory, flash) = (maker.factory(), maker.path("flash"));
    let (image, _) = maker.sign("0.2.0", Variant::AsBuilt);
    let bytes = fs::read(&image).expect("it is there");
    let machine = Qemu::boot_chosen(&factory, Some(&flash));
    let agent = machine.client();
    let mut connection = Connection::open(&agent);
    connection.send(format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
        api("/ota"),
        agent.authority(),
        bytes.len()
    ));
    connection.send(&bytes[..bytes.len() / 2]);
    let received = || agent.read::<Ota>("/ota").upload.map_or(0, |it| it.received);
    await_that("much of it to come", || {
        received() as usize > bytes.len() / 3
    });
    // QEMU is killed.
    drop(machine);
    let mut machine = Qemu::boot_chosen(&factory, Some(&flash));
    let agent = machine.client();
    let ota: Ota = agent.read("/ota");
    assert_eq!((ota.state, ota.running, ota.next), (OtaState::Idle, 0, 0));
    assert_eq!(ota.slots[1].version, None);
    upload(&machine, "", &image);
    restart(&mut machine, 1);
    machine.await_line(LISTENING);
    assert_eq!(confirmed(&agent).running, 1);
}
