//! Time: the CLINT's `mtime` counts tenths of a microsecond since reset.

use core::cell::RefCell;
use core::task::Waker;

use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::{Driver, time_driver_impl};
use embassy_time_queue_utils::Queue;

use crate::mmio::Register;

// SAFETY: the halves of `mtime` and of this hart's `mtimecmp`, where `virt` has its CLINT.
const TIME_LOW: Register<u32> = unsafe { Register::new(0x0200_bff8) };
// SAFETY: as above.
const TIME_HIGH: Register<u32> = unsafe { Register::new(0x0200_bffc) };
// SAFETY: as above.
const COMPARE_LOW: Register<u32> = unsafe { Register::new(0x0200_4000) };
// SAFETY: as above.
const COMPARE_HIGH: Register<u32> = unsafe { Register::new(0x0200_4004) };

// SAFETY: the halves of the time of day by the clock that `virt` has from Google's emulator; to read the lower one keeps the upper one until it is read.
const DAY_LOW: Register<u32> = unsafe { Register::new(0x0010_1000) };
// SAFETY: as above.
const DAY_HIGH: Register<u32> = unsafe { Register::new(0x0010_1004) };

const TICKS_PER_US: u32 = 10;
const NS_PER_TICK: u64 = 100;

time_driver_impl!(static TIMERS: Timers = Timers(Mutex::new(RefCell::new(Queue::new()))));

struct Timers(Mutex<RefCell<Queue>>);

/// Returns the microseconds since reset, without a division of 64 bits, which is a call and takes longer than all else here.
#[inline(always)]
pub fn now_us() -> u64 {
    // The upper half is 2³² ticks each: so many microseconds, and some ticks left.
    const EACH_US: u64 = (1 << u32::BITS) / TICKS_PER_US as u64;
    const EACH_LEFT: u32 = ((1 << u32::BITS) % TICKS_PER_US as u64) as u32;
    let ticks = ticks();
    // No more than 16 bits: a machine runs for weeks at most.
    let (high, low) = ((ticks >> u32::BITS) as u16, ticks as u32);
    let left = u32::from(high) * EACH_LEFT + low % TICKS_PER_US;
    u64::from(high) * EACH_US + u64::from(low / TICKS_PER_US + left / TICKS_PER_US)
}

/// Returns the nanoseconds since reset.
pub(crate) fn now_ns() -> u64 {
    ticks() * NS_PER_TICK
}

/// Returns the time of day, in seconds since the Unix epoch.
pub(crate) fn unix_s() -> u32 {
    const NS_PER_S: u64 = 1_000_000_000;
    let ns = critical_section::with(|_| {
        let low = DAY_LOW.read();
        u64::from(DAY_HIGH.read()) << 32 | u64::from(low)
    });
    (ns / NS_PER_S) as u32
}

/// Silences the alarm until somebody waits for it: after reset it may ring at once.
pub(crate) fn start() {
    set_alarm(u64::MAX);
}

/// Wakes what is due, and sets the alarm for what is next.
pub(crate) fn ring() {
    critical_section::with(|held| TIMERS.set_next(held));
}

impl Timers {
    fn set_next(&self, held: CriticalSection<'_>) {
        let mut queue = self.0.borrow_ref_mut(held);
        let next_us = queue.next_expiration(now_us());
        set_alarm(next_us.saturating_mul(TICKS_PER_US.into()));
    }
}

impl Driver for Timers {
    fn now(&self) -> u64 {
        now_us()
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|held| {
            let is_first = self.0.borrow_ref_mut(held).schedule_wake(at, waker);
            if is_first {
                self.set_next(held);
            }
        });
    }
}

fn ticks() -> u64 {
    loop {
        let high = TIME_HIGH.read();
        let low = TIME_LOW.read();
        if TIME_HIGH.read() == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// In an order in which no alarm rings in between (RISC-V privileged specification, "Machine Timer Registers").
fn set_alarm(ticks: u64) {
    COMPARE_LOW.write(u32::MAX);
    COMPARE_HIGH.write((ticks >> 32) as u32);
    COMPARE_LOW.write(ticks as u32);
}
