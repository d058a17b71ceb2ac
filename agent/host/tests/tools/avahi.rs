//! What Avahi, the mDNS of most Linux machines, makes of an agent that says where it is.

use crate::support::namespace::run_alone;
use crate::support::process::executable;

#[test]
fn avahi_finds_the_agent_by_its_sub_type_resolves_its_name_and_hears_it_go() {
    let (said, _) = run_alone("tools/avahi.sh", executable());
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

#[test]
fn avahi_finds_the_agent_again_after_its_machine_was_out_of_the_network_and_has_another_address() {
    let (said, _) = run_alone("tools/avahi_rejoin.sh", executable());
    let addresses: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("=;here;IPv4;"))
        .filter_map(|line| line.split(';').nth(7))
        .collect();
    assert_eq!(addresses, ["10.9.9.1", "10.9.9.2"], "{said}");
    assert!(said.ends_with("\t10.9.9.2\n"), "{said}");
}
