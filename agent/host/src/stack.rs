//! Call stacks of this process.

use std::cell::Cell;
use std::mem::MaybeUninit;

use heapbeacon::tracer::CallStack;
use heapbeacon::walk::{self, Bounds};

use crate::image;

/// Frames of the hook and of the traced heap, below the code that allocates.
const OWN_FRAMES: usize = 2;

thread_local! {
    /// End of this thread's stack; 0 before it is known.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
}

/// Pushes the return addresses of the running call stack, relative to the ELF's own addresses.
///
/// It is part of its caller, so that there are as many frames of our own in every profile.
#[inline(always)]
pub(crate) fn push(stack: &mut CallStack) {
    let Some(image) = image::get() else { return };
    let end = stack_end();
    let own = walk::frame_pointer();
    let Some(first) = (0..OWN_FRAMES).try_fold(own, |frame, _| caller(frame, end)) else {
        return;
    };
    let bounds = Bounds {
        stack: first..end,
        code: image.code.clone(),
        load_address: image.bias,
    };
    // SAFETY: from a live frame up to its end, a thread's own stack is mapped.
    unsafe { walk::walk(first, &bounds, stack) };
}

/// Returns the frame that a live frame was called from, if it lies further out on the stack.
fn caller(frame: usize, end: usize) -> Option<usize> {
    // SAFETY: a frame begins with its caller's, and this one is live.
    let caller = unsafe { (frame as *const usize).read() };
    let is_inside = frame < caller && caller < end && caller.is_multiple_of(size_of::<usize>());
    is_inside.then_some(caller)
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
