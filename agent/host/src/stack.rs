//! Call stacks of this process.

use std::cell::Cell;
use std::mem::MaybeUninit;

use heapbeacon::walk::{self, Bounds};
use heapbeacon_shared::MAX_FRAMES;

use crate::image;

/// Frames of the hook and of the traced heap, below the code that allocates.
const OWN_FRAMES: usize = 2;

thread_local! {
    /// End of this thread's stack; 0 before it is known.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
}

/// Writes the return addresses of the running call stack, relative to the ELF's own addresses.
///
/// It is part of its caller, so that there are as many frames of our own in every profile.
#[inline(always)]
pub(crate) fn frames(frames: &mut [usize; MAX_FRAMES]) -> usize {
    let Some(image) = image::get() else { return 0 };
    let frame = walk::frame_pointer();
    let bounds = Bounds {
        stack: frame..stack_end(),
        code: image.code.clone(),
    };
    // SAFETY: from a live frame up to its end, a thread's own stack is mapped.
    let depth = unsafe { walk::walk(frame, &bounds, frames) };
    frames.copy_within(OWN_FRAMES.min(depth)..depth, 0);
    let depth = depth.saturating_sub(OWN_FRAMES);
    for frame in &mut frames[..depth] {
        *frame -= image.bias;
    }
    depth
}

fn stack_end() -> usize {
    STACK_END.with(|end| {
        if end.get() == 0 {
            end.set(find_stack_end().unwrap_or(0));
        }
        end.get()
    })
}

/// Asks the C library, which allocates with its own `malloc` alone, so this can't recurse.
fn find_stack_end() -> Option<usize> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: asks for the calling thread.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: the attributes are there to be written.
    if unsafe { libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes were written above.
    unsafe { libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size) };
    // SAFETY: the attributes were written above, and are not used again.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    Some(start.addr() + size)
}
