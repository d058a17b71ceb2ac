//! How a device says where it is, by DNS-SD (RFC 6763) over mDNS: as a web server, of a sub-type of our own, which it names in its texts, too.

use super::PREFIX;

/// The service.
pub const SERVICE: &str = "_http._tcp.local.";
/// The same with its sub-type: who browses for it finds devices, and no other web servers.
pub const SUBTYPE: &str = "_heapbeacon._sub._http._tcp.local.";
/// The key of the page's path, as every web server has it.
pub const PATH_KEY: &str = "path";
/// The key of the API's version, `v1`: who has it is a device. Not every responder answers to a sub-type.
pub const API_KEY: &str = "heapbeacon";
/// The key of the firmware's build id, in hexadecimal digits; left out where there is none.
pub const BUILD_ID_KEY: &str = "build_id";
/// What [`SUBTYPE`] has before [`SERVICE`].
pub const SUBTYPE_LABEL: &str = "_heapbeacon";

/// Bytes of the longest label in the names of DNS.
pub const MOST_LABEL_BYTES: usize = 63;

/// A label in the names of DNS.
pub type Label = heapless::String<MOST_LABEL_BYTES>;

/// Returns the name that the host of a device has below `.local`: what no host name may have is a hyphen in it, and what no label has room for is left out.
pub fn host_label(device: &str) -> Label {
    let letters = device.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() => letter,
        _ => '-',
    });
    match device {
        // A device without a name is reached, too.
        "" => host_label(SUBTYPE_LABEL.trim_start_matches('_')),
        _ => letters.take(MOST_LABEL_BYTES).collect(),
    }
}

/// Returns the texts that a device is described by: keys and values, of which none is empty.
pub fn texts(build_id: &str) -> impl Iterator<Item = (&'static str, &str)> {
    let api = PREFIX.strip_prefix("/api/").unwrap_or(PREFIX);
    [(PATH_KEY, "/"), (API_KEY, api), (BUILD_ID_KEY, build_id)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_letters_digits_and_hyphens() {
        assert_eq!(host_label("Kitchen 2"), "Kitchen-2");
        assert_eq!(host_label("k\u{fc}che.lan"), "k-che-lan");
        assert_eq!(host_label(""), "heapbeacon");
        assert_eq!(host_label(&"\u{fc}".repeat(70)), *"-".repeat(63));
    }

    #[test]
    fn what_is_unknown_is_left_out_of_the_texts() {
        let known = texts("cafe");
        assert!(known.eq([("path", "/"), ("heapbeacon", "v1"), ("build_id", "cafe")]));
        assert_eq!(texts("").count(), 2);
    }
}
