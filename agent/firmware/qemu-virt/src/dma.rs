//! Memory that the network card reads and writes by itself.

use core::cell::UnsafeCell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE, PhysAddr};

/// Pages for the card's two queues, as virtio lays them out.
const PAGES: usize = 8;

#[repr(align(4096))]
struct Pages(UnsafeCell<[[u8; PAGE_SIZE]; PAGES]>);

// SAFETY: each page is given away once.
unsafe impl Sync for Pages {}

static MEMORY: Pages = Pages(UnsafeCell::new([[0; PAGE_SIZE]; PAGES]));
static GIVEN: AtomicUsize = AtomicUsize::new(0);

/// Pages from a static, which are never given back: the card is found once and stays.
pub(crate) struct StaticPages;

// SAFETY: addresses are physical here, and each page is zeroed and given away once.
unsafe impl Hal for StaticPages {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        // Nobody else runs when the card is found.
        let first = GIVEN.load(Relaxed);
        assert!(first + pages <= PAGES, "PAGES is too small for the queues");
        GIVEN.store(first + pages, Relaxed);
        let start = NonNull::from(&MEMORY.0).cast::<u8>();
        // SAFETY: the page is inside of the static, as was just checked.
        let page = unsafe { start.add(first * PAGE_SIZE) };
        (page.addr().get() as PhysAddr, page)
    }

    unsafe fn dma_dealloc(_: PhysAddr, _: NonNull<u8>, _: usize) -> i32 {
        0
    }

    unsafe fn mmio_phys_to_virt(address: PhysAddr, _: usize) -> NonNull<u8> {
        NonNull::new(address as usize as *mut u8).expect("no device is at address 0")
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.cast::<u8>().addr().get() as PhysAddr
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}
