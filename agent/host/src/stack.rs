//! Call stacks of this process.

use std::cell::Cell;
use std::mem::MaybeUninit;

use heapbeacon::tracer::CallStack;
use heapbeacon::walk::{self, Bounds};

use crate::image;

thread_local! {
    /// End of this thread's stack; 0 before it is known.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
}

/// Pushes the return addresses of the running call stack from `frame` on, relative to the ELF's own addresses.
pub fn walk(frame: usize, stack: &mut CallStack) {
    let Some(image) = image::get() else { return };
    let bounds = Bounds {
        stack: frame..end(),
        code: [image.code.clone(), 0..0],
        is_opaque: |_| false,
        load_address: image.bias,
    };
    // SAFETY: from a live frame up to its end, a thread's own stack is mapped.
    unsafe { walk::walk(frame, &bounds, stack) };
}

/// Returns the end of the calling thread's stack; 0 if nobody knows.
pub(crate) fn end() -> usize {
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
