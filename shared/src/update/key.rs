//! Public keys as people write them.

/// Bytes of a public key of Ed25519.
const BYTES: usize = 32;

/// Reads a public key from the 64 hexadecimal digits that `cargo xtask keygen` prints.
///
/// ```
/// use heapbeacon_shared::update::public_key;
///
/// assert_eq!(public_key(&"0f".repeat(32)), Some([15; 32]));
/// assert_eq!(public_key("0f"), None);
/// ```
pub const fn public_key(text: &str) -> Option<[u8; BYTES]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != BYTES || !rest.is_empty() {
        return None;
    }
    let mut key = [0; BYTES];
    let mut index = 0;
    while index < BYTES {
        let [high, low] = pairs[index];
        match (digit(high), digit(low)) {
            (Some(high), Some(low)) => key[index] = (high << 4) | low,
            _ => return None,
        }
        index += 1;
    }
    Some(key)
}

const fn digit(byte: u8) -> Option<u8> {
    match (byte as char).to_digit(16) {
        // A hexadecimal digit is less than 16.
        Some(digit) => Some(digit as u8),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::public_key;

    #[test]
    fn a_key_has_64_hexadecimal_digits() {
        let key = public_key("00017f80FFff00000000000000000000000000000000000000000000000000aB");
        let key = key.expect("it is one");
        assert_eq!(
            (&key[..6], key[31]),
            (&[0, 1, 0x7f, 0x80, 255, 255][..], 0xab)
        );
        for wrong in ["", "+f", "0f"] {
            assert_eq!(public_key(&wrong.repeat(31)), None, "{wrong}");
        }
        assert_eq!(public_key(&"+f".repeat(32)), None);
        assert_eq!(public_key(&"é".repeat(32)), None);
        assert_eq!(public_key(&"0f".repeat(33)), None);
    }
}
