//! What may be written into a built image: so tests make many of one build, each with something about it that is different, and sign them with a key of their own.

use core::hint::black_box;

use heapbeacon_shared::update::public_key;

/// The public key that the image was built with: `HEAPBEACON_UPDATE_KEY`.
const KEY: Option<&str> = option_env!("HEAPBEACON_UPDATE_KEY");

/// What may be written: tests find it by its symbol.
#[repr(C)]
struct Parameters {
    /// The public key of who signs updates; zeros if nobody does.
    key: [u8; 32],
    variant: u8,
}

#[used]
#[unsafe(no_mangle)]
static HEAPBEACON_PARAMETERS: Parameters = Parameters {
    key: match KEY {
        None => [0; 32],
        Some(digits) => match public_key(digits) {
            Some(key) => key,
            None => {
                panic!("HEAPBEACON_UPDATE_KEY has the 64 digits that `cargo xtask keygen` prints")
            }
        },
    },
    variant: 0,
};

/// What is different about an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// It hangs, with interrupts off.
    Hang,
    /// It panics.
    Panic,
    /// It does not use the network.
    NoNetwork,
    /// The leak of its workload is mended.
    Mended,
}

/// Returns what is different about this image, if anything is.
pub fn variant() -> Option<Variant> {
    match written().variant {
        b'h' => Some(Variant::Hang),
        b'p' => Some(Variant::Panic),
        b'n' => Some(Variant::NoNetwork),
        b'm' => Some(Variant::Mended),
        _ => None,
    }
}

/// Returns the public key of who signs updates, if anybody does.
pub(crate) fn key() -> Option<[u8; 32]> {
    let key = written().key;
    (key != [0; 32]).then_some(key)
}

/// Keeps the compiler from relying on what was built.
fn written() -> &'static Parameters {
    black_box(&HEAPBEACON_PARAMETERS)
}
