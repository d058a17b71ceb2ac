//! The running executable: where it lies, what it is, and its file.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::OnceLock;

use memmap2::Mmap;

static IMAGE: OnceLock<Image> = OnceLock::new();
static FILE: OnceLock<Option<Mmap>> = OnceLock::new();

/// Where the executable lies in memory, and what it is.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// Its code.
    pub code: Range<usize>,
    /// Its variables.
    pub data: Range<usize>,
    /// What is added to the ELF's own addresses.
    pub bias: usize,
    /// Its GNU build id; empty if it was linked without one.
    pub build_id: &'static [u8],
}

/// Finds the executable; before that, call stacks are empty.
pub fn load() {
    IMAGE.get_or_init(|| {
        let mut image = Image::default();
        // SAFETY: `look` reads the header that it is given, and `image` as what it is.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut image).cast()) };
        image
    });
}

/// Returns the executable, once it was found.
pub fn get() -> Option<&'static Image> {
    IMAGE.get()
}

/// Returns the executable's file.
pub fn file() -> Option<&'static [u8]> {
    let file = FILE.get_or_init(|| {
        let file = std::fs::File::open("/proc/self/exe").ok()?;
        // SAFETY: Linux refuses to write to the file of a running program (ETXTBSY).
        unsafe { Mmap::map(&file) }.ok()
    });
    file.as_deref()
}

/// Reads the program headers of the first object, which is the executable (`dl_iterate_phdr(3)`).
unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _: usize, image: *mut c_void) -> c_int {
    // SAFETY: the C library hands over a valid description.
    let info = unsafe { &*info };
    // SAFETY: `load` passes an `Image`.
    let image = unsafe { &mut *image.cast::<Image>() };
    let count = usize::from(info.dlpi_phnum);
    // SAFETY: the description says how many headers there are.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, count) };
    image.bias = info.dlpi_addr as usize;
    for header in headers {
        let start = image.bias + header.p_vaddr as usize;
        let range = start..start + header.p_memsz as usize;
        match header.p_type {
            libc::PT_LOAD if header.p_flags & libc::PF_X != 0 => image.code = range,
            libc::PT_LOAD if header.p_flags & libc::PF_W != 0 => image.data = range,
            libc::PT_NOTE => image.build_id = build_id(range).unwrap_or(image.build_id),
            _ => {}
        }
    }
    1
}

/// Looks for a build id among the notes of one segment.
fn build_id(notes: Range<usize>) -> Option<&'static [u8]> {
    // SAFETY: a loaded segment of the executable stays for as long as the program runs.
    let notes = unsafe { std::slice::from_raw_parts(notes.start as *const u8, notes.len()) };
    heapbeacon::image::build_id(notes)
}
