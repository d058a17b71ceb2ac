//! How a device says where it is, by DNS-SD (RFC 6763) over mDNS: as a web server, of a sub-type of our own, which it names in its texts, too.

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
