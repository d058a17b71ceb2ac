//! Names for addresses that the firmware carries itself, so that any browser shows functions and lines at once.
//!
//! [`symbol_room!`](crate::symbol_room!) sets room aside in the firmware's image. `cargo xtask symbols ELF --embed` fills it in the
//! linked ELF, whose build id and addresses stay as they are; flash that ELF, or make the update from it, as ever. The board's
//! [`Device::elf`](crate::platform::Device::elf) answers with [`held`].
//!
//! Where slots for updates have no room for that, the file that `cargo xtask symbols ELF` writes may lie in a part of the [flash] beside them, where a debugger writes it, or an
//! [upload].

pub mod flash;
pub mod upload;

use core::hint::black_box;

use heapbeacon_shared::symbol_file;

/// What the room holds until it is filled: as erased flash does, no symbol file.
pub const EMPTY: u8 = 0xFF;

/// Returns the symbol file that some room holds, if it was filled.
pub fn held(room: &'static [u8]) -> Option<&'static [u8]> {
    // The compiler knows what it has put there itself, and not that it is filled once it is linked.
    let room = black_box(room);
    room.get(..symbol_file::len(room)?)
}

/// Sets room for a symbol file aside in the firmware's image, in bytes; evaluates to that room, a `&'static [u8]`.
///
/// A firmware with Wi-Fi and dashboard needs some 300 KiB of flash, and no RAM. `cargo xtask symbols ELF` says how large the file is.
///
/// ```
/// let room: &'static [u8] = heapbeacon::symbol_room!(1024);
/// assert_eq!(heapbeacon::symbols::held(room), None);
/// ```
#[macro_export]
macro_rules! symbol_room {
    ($bytes:expr) => {{
        // Found in the ELF by its name.
        static HEAPBEACON_SYMBOLS: [u8; $bytes] = [$crate::symbols::EMPTY; $bytes];
        &HEAPBEACON_SYMBOLS
    }};
}
