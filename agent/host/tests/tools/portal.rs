//! A device without a network, asked by what Debian's machines join one with: DHCP clients, `dig` and curl, in a network of their own.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::support::process::executable;

const MISSING: &str = "missing: unshare, ip, udhcpc, dhclient, dig and curl; on Debian, the packages util-linux iproute2 udhcpc \
                       isc-dhcp-client bind9-dnsutils curl";

const PORTAL: &str = "302 http://192.168.4.1/";

/// What the phone saw. The script waits for what has to come, and is given up after two minutes.
static SEEN: LazyLock<String> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("there are folders");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/portal.sh");
    // Whatever is started ends with the first process.
    let output = Command::new("timeout")
        .args(["-k", "2", "120", "unshare", "--map-root-user", "--net"])
        .args(["--mount", "--pid", "--fork", "--kill-child", "sh"])
        .arg(script)
        .arg(executable())
        .arg(folder.path())
        .output()
        .expect(MISSING);
    let seen = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{MISSING}, and leave to make namespaces: {errors}\n{seen}"
    );
    seen
});

/// Returns what stands behind a label.
#[track_caller]
fn seen(label: &str) -> &'static str {
    let line = SEEN.lines().find_map(|line| line.strip_prefix(label));
    line.unwrap_or_else(|| panic!("no `{label}`: {}", *SEEN))
        .trim()
}

#[test]
fn dhcp_clients_get_an_address_and_the_device_as_router_and_name_server() {
    let settings = "router 192.168.4.1 dns 192.168.4.1";
    assert_eq!(
        seen("udhcpc:"),
        format!("192.168.4.50/24 {settings} for 300 s")
    );
    assert_eq!(seen("dhclient:"), format!("192.168.4.50 {settings}"));
}

#[test]
fn every_name_leads_to_the_device() {
    assert_eq!(seen("dig:"), "192.168.4.1 192.168.4.1");
    assert_eq!(seen("dig AAAA:"), "1", "it is there, without an address");
}

#[test]
fn whatever_a_system_asks_for_leads_to_the_portal() {
    let probes: Vec<_> = SEEN
        .lines()
        .filter_map(|line| line.strip_prefix("probe "))
        .collect();
    assert_eq!(probes.len(), 8, "{}", *SEEN);
    for probe in probes {
        assert!(probe.ends_with(&format!(": {PORTAL}")), "{probe}");
    }
    assert_eq!(seen("foreign page:"), PORTAL);
    assert_eq!(seen("own page:"), "200");
}

#[test]
fn a_guest_gets_nothing_but_the_portal_even_with_the_token() {
    assert_eq!(seen("api:"), PORTAL);
    assert_eq!(seen("api with token:"), PORTAL);
    for label in [
        "restart:",
        "other origin:",
        "foreign form:",
        "foreign at home:",
    ] {
        assert_eq!(seen(label), "403", "{label}");
    }
}

#[test]
fn what_is_sent_wrong_changes_nothing() {
    assert_eq!(seen("json:"), "415");
    assert_eq!(seen("short password:"), "422");
    assert_eq!(seen("unknown field:"), "422");
    assert_eq!(seen("escaped:"), "1 0", "names are text");
}

#[test]
fn a_wrong_password_leads_back_with_the_reason_and_the_right_one_into_the_network() {
    for label in ["wrong:", "missing:", "right:"] {
        assert_eq!(seen(label), "303 http://192.168.4.1/", "{label}");
    }
    // That it was said is what the script has waited for.
    assert_eq!(seen("Home</b>"), "did not take the password");
    assert_eq!(seen("not stored:"), "1");
    assert_eq!(seen("Elsewhere</b>"), "was not found");
    assert_eq!(seen("href="), "\"http://10.7.0.5/\"");
    let settings = seen("{");
    assert!(settings.contains("\"wifi_ssid\":\"Home\""), "{settings}");
    assert!(
        settings.contains("\"has_wifi_password\":true"),
        "{settings}"
    );
    assert!(!SEEN.contains("a good password"), "it is shown to nobody");
}

#[test]
fn behind_it_the_portal_is_closed_and_stays_so_after_a_restart() {
    assert_eq!(seen("foreign afterwards:"), "403");
    assert_eq!(seen("portal again:"), "0");
    assert!(SEEN.ends_with("over\n"), "{}", *SEEN);
}
