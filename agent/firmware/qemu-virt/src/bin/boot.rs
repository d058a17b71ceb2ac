//! Starts what the flash chip has chosen: the bootloader of this machine, which loads the image of a slot where it belongs.
//!
//! A slot without an image stands for what QEMU has loaded itself. QEMU does so at each reset, and then starts this program:
//! `-device loader,file=BOOT,cpu-num=0 -device loader,file=IMAGE`.
#![no_std]
#![no_main]

use core::ptr::with_exposed_provenance_mut;

use embedded_storage::nor_flash::ReadNorFlash;
use heapbeacon::field::update;
use heapbeacon::hooks::TracedHeap;
use heapbeacon_qemu_virt::flash::{self, Flash, LAYOUT};
use heapbeacon_qemu_virt::heap::Regions;
use heapbeacon_qemu_virt::update::BOOTED;
use heapbeacon_qemu_virt::watchdog::Watchdog;
use heapbeacon_qemu_virt::{Board, elf, println};

#[global_allocator]
static HEAP: TracedHeap<Regions, Board> = TracedHeap::new(Regions);

/// Where what QEMU has loaded begins to run, as memory.x has it.
const LOADED_BY_QEMU: u32 = 0x8000_0000;
/// Bytes that are copied at a time.
const BLOCK: usize = 256;

/// Starts an image, and the watchdog that resets the machine if that hangs.
#[riscv_rt::entry]
fn main() -> ! {
    let mut flash = flash::chip();
    // A flash that fails is no reason not to start.
    let slot = update::boot(&mut flash, &LAYOUT).unwrap_or_default();
    let entry = load(&mut flash, slot).unwrap_or(LOADED_BY_QEMU);
    if let Some(watchdog) = Watchdog::find() {
        watchdog.start();
    }
    println!("booting slot {slot}");
    jump(entry, slot)
}

/// Loads the image of a slot; returns where it begins to run, or `None` if there is none.
fn load(flash: &mut Flash, slot: usize) -> Option<u32> {
    let header = update::installed(flash, &LAYOUT, slot)?;
    let start = LAYOUT.slots[slot].start;
    let mut description = [0; elf::DESCRIPTION];
    flash.read(start, &mut description).ok()?;
    elf::check(&description).ok()?;
    for segment in elf::segments(&description) {
        if segment.offset.checked_add(segment.bytes)? > header.size {
            return None;
        }
        copy(
            flash,
            start + segment.offset,
            segment.address,
            segment.bytes,
        )?;
    }
    Some(elf::entry(&description))
}

/// Copies bytes of the flash chip into memory that no program uses yet.
fn copy(flash: &mut Flash, from: u32, to: u32, bytes: u32) -> Option<()> {
    let mut block = [0; BLOCK];
    for done in (0..bytes).step_by(BLOCK) {
        flash.read(from + done, &mut block).ok()?;
        let place = with_exposed_provenance_mut::<u8>((to + done) as usize);
        let some = BLOCK.min((bytes - done) as usize);
        // SAFETY: it is memory of the image that is to be started, behind which this program lies.
        unsafe { place.copy_from_nonoverlapping(block.as_ptr(), some) };
    }
    Some(())
}

/// Runs the image that begins at an address, and tells it its slot.
fn jump(entry: u32, slot: usize) -> ! {
    riscv::asm::fence_i();
    let entry = with_exposed_provenance_mut::<()>(entry as usize);
    // SAFETY: an image begins there with code that expects nothing of registers and memory.
    let entry =
        unsafe { core::mem::transmute::<*mut (), extern "C" fn(usize, usize, usize) -> !>(entry) };
    entry(0, 0, BOOTED + slot)
}
