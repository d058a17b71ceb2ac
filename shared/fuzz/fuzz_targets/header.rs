//! Any bytes before an image are a header that is written as it was read, or none; and no two versions are each older than the other.

#![no_main]

use heapbeacon_shared::update::{HEADER_BYTES, Header, SIGNED_BYTES, is_older};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(head) = bytes.first_chunk::<HEADER_BYTES>()
        && let Ok(header) = Header::decode(head)
    {
        assert_eq!(header.encode(), head[..SIGNED_BYTES]);
        assert!(header.chip.len() <= 16);
        assert!(!is_older(&header.version, &header.version));
    }
    let (one, other) = bytes.split_at(bytes.len() / 2);
    if let (Ok(one), Ok(other)) = (str::from_utf8(one), str::from_utf8(other)) {
        assert!(!(is_older(one, other) && is_older(other, one)));
    }
});
