//! What Avahi, the mDNS of most Linux machines, makes of an agent that says where it is.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::process::executable;

const MISSING: &str = "missing: unshare, ip, dbus-daemon, avahi-daemon and avahi-browse; on Debian, the packages util-linux iproute2 \
                       dbus-daemon avahi-daemon avahi-utils";

#[test]
fn avahi_finds_the_agent_by_its_sub_type_resolves_its_name_and_hears_it_go() {
    let folder = tempfile::tempdir().expect("there are folders");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/avahi.sh");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("it is ours");
    let id = |option| {
        let output = Command::new("id")
            .args([option, "avahi"])
            .output()
            .expect(MISSING);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    // Nobody but Avahi's user is in there, who may all. Whatever is started ends with the first process.
    let output = Command::new("timeout")
        .args([
            "-k",
            "2",
            "60",
            "unshare",
            "--keep-caps",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
        ])
        .arg(format!("--map-user={}", id("-u")))
        .arg(format!("--map-group={}", id("-g")))
        .arg("sh")
        .arg(script)
        .arg(executable())
        .arg(folder.path())
        .output()
        .expect(MISSING);
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{MISSING}, and leave to make namespaces: {errors}\n{said}"
    );
    let found = said
        .lines()
        .find(|line| line.starts_with("=;here;IPv4;"))
        .expect("it is found");
    let fields: Vec<_> = found.split(';').collect();
    let (host, address, texts) = (fields[6], fields[7], fields[9]);
    assert_eq!(address, "10.9.9.1");
    for text in ["\"path=/\"", "\"heapbeacon=v1\"", "\"build_id="] {
        assert!(texts.contains(text), "{texts}");
    }
    assert!(said.contains(&format!("{host}\t10.9.9.1")), "{said}");
    assert!(said.ends_with("gone\n"), "{said}");
}
