//! A device that says by mDNS where it is, as Avahi hears it, the mDNS of most Linux machines.

use std::fs;

use crate::support::namespace::run_alone;
use crate::support::qemu::{AGENT, image};

/// A report to be a member of the group 224.0.0.251 (RFC 2236, 2): type, time and sum, then the group.
const REPORT: [u8; 8] = [0x16, 0, 0x09, 0x04, 224, 0, 0, 251];

/// Checks what Avahi says of the board, in the line that says most.
#[track_caller]
fn check(line: &str) {
    let fields: Vec<_> = line.split(';').collect();
    assert_eq!(
        fields[3..9],
        [
            "qemu-virt",
            "Web Site",
            "local",
            "qemu-virt.local",
            "10.0.2.15",
            "80"
        ]
    );
    for text in ["\"path=/\"", "\"heapbeacon=v1\"", "\"build_id="] {
        assert!(fields[9].contains(text), "{line}");
    }
}

#[test]
fn a_device_is_found_by_its_sub_type_and_its_name_is_used_also_after_it_has_lost_its_network() {
    let (said, folder) = run_alone("qemu/mdns.sh", image(AGENT));
    let lines: Vec<_> = said.lines().collect();
    let resolved = "qemu-virt.local\t10.0.2.15";
    assert_eq!(lines.len(), 9, "{said}");
    check(lines[0]);
    assert_eq!(lines[1], resolved);
    assert_eq!(
        lines[2..6],
        [
            "qemu-virt.local 200",
            "QEMU-VIRT.local 200",
            "other.local 403",
            "gone"
        ]
    );
    check(lines[6]);
    assert_eq!(lines[7..], [resolved, "back"]);
    // A switch that has lost the device, too, would let nothing through otherwise.
    let frames = fs::read(folder.path().join("frames")).expect("they were written");
    let reports = frames
        .windows(REPORT.len())
        .filter(|bytes| *bytes == REPORT);
    assert!(reports.count() >= 2);
}

#[test]
fn a_device_is_found_after_minutes() {
    let (said, _) = run_alone("qemu/mdns_later.sh", image(AGENT));
    let (found, resolved) = said.split_once('\n').expect("two lines");
    check(found);
    assert_eq!(resolved, "qemu-virt.local\t10.0.2.15\n");
}
