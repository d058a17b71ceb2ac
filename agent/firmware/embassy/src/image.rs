//! The build id that the linker put into the image.

use heapbeacon::image;
use heapbeacon_shared::trace::BuildId;

unsafe extern "C" {
    // The linker script of the board keeps the section `.note.gnu.build-id` between these two.
    static __heapbeacon_build_id_start: u8;
    static __heapbeacon_build_id_end: u8;
}

/// Returns the build id; empty if the image was linked without `--build-id`.
pub fn build_id() -> BuildId {
    let start = &raw const __heapbeacon_build_id_start;
    let end = &raw const __heapbeacon_build_id_end;
    let len = end.addr().saturating_sub(start.addr());
    // SAFETY: the linker script places both at the ends of one section, which is never written.
    let notes = unsafe { core::slice::from_raw_parts(start, len) };
    BuildId::new(image::build_id(notes).unwrap_or(&[]))
}
