//! What a port brings: the functions of `heapbeacon_port.h`.

use core::ops::Range;

/// Addresses, as C has them.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Addresses {
    start: usize,
    end: usize,
}

impl From<Addresses> for Range<usize> {
    fn from(Addresses { start, end }: Addresses) -> Self {
        start..end
    }
}

/// Where call stacks may lead.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Bounds {
    pub(crate) stack: Addresses,
    pub(crate) code: [Addresses; 2],
    pub(crate) load_address: usize,
}

/// Returns where the call stack that runs may lead.
#[inline(always)]
pub(crate) fn bounds() -> Bounds {
    let mut bounds = Bounds::default();
    heapbeacon_port_bounds(&mut bounds);
    bounds
}

// SAFETY: these are the types of `heapbeacon_port.h`.
unsafe extern "C" {
    pub(crate) safe fn heapbeacon_port_lock() -> usize;
    pub(crate) safe fn heapbeacon_port_unlock(state: usize);
    pub(crate) safe fn heapbeacon_port_time_us() -> u64;
    pub(crate) safe fn heapbeacon_port_core() -> u8;
    safe fn heapbeacon_port_bounds(bounds: &mut Bounds);
    pub(crate) safe fn heapbeacon_port_is_allocator(return_address: usize) -> bool;
    pub(crate) safe fn heapbeacon_port_is_external(address: usize) -> bool;
    pub(crate) safe fn heapbeacon_port_putchar(character: u8);
}
