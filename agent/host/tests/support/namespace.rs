//! Scripts that have a network for themselves, with an Avahi in it.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const MISSING: &str = "missing: unshare, ip, dbus-daemon, avahi-daemon, avahi-browse, and what else the test needs; on Debian, the packages \
                       util-linux iproute2 dbus-daemon avahi-daemon avahi-utils";
/// Seconds that a script has.
const PATIENCE: &str = "100";

/// Runs a script below `tests` in a network with nobody else in it, with an argument and an empty folder; returns what it said, and that folder.
///
/// # Panics
/// When it does not succeed.
pub(crate) fn run_alone(script: &str, argument: impl AsRef<OsStr>) -> (String, TempDir) {
    let folder = tempfile::tempdir().expect("there are folders");
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(script);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).expect("it is ours");
    // Nobody but Avahi's user is in there, who may all. Whatever is started ends with the first process.
    let output = Command::new("timeout")
        .args(["-k", "2", PATIENCE, "unshare", "--keep-caps"])
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
        .arg(format!("--map-user={}", avahi("-u")))
        .arg(format!("--map-group={}", avahi("-g")))
        .arg("sh")
        .arg(script)
        .arg(argument)
        .arg(folder.path())
        .output()
        .expect(MISSING);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{MISSING}, and leave to make namespaces: {errors}\n{said}"
    );
    (said, folder)
}

/// Returns an id of Avahi's user.
fn avahi(option: &str) -> String {
    let output = Command::new("id").args([option, "avahi"]).output();
    String::from_utf8_lossy(&output.expect(MISSING).stdout)
        .trim()
        .to_owned()
}
