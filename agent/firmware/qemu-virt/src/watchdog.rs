//! The watchdog, if QEMU was started with `-device i6300esb`: the program `boot` starts it, and an image that does not feed it is reset.
//!
//! Intel 6300ESB I/O Controller Hub, "Watchdog Timer Registers".

use crate::mmio::Register;

/// Where `virt` has the configuration of its PCI bus, and room for registers of devices.
const CONFIGURATION: usize = 0x3000_0000;
const REGISTERS: usize = 0x4000_0000;
/// Bytes of a device's configuration, and how many devices there may be.
const DEVICE: usize = 1 << 15;
const DEVICES: usize = 32;
/// Its vendor and number.
const IDENTITY: u32 = 0x25ab_8086;

/// In units of 2^15 ticks of a clock of 33 MHz, so about milliseconds: the half of what an image has, for there are two stages.
const STAGE: u32 = 2500;
const MEMORY_SPACE: u16 = 1 << 1;
/// Nobody is told between the stages.
const NO_INTERRUPT: u16 = 3;
const ENABLE: u8 = 1 << 1;
const RELOAD: u16 = 1 << 8;

/// The watchdog.
pub struct Watchdog {
    configuration: usize,
}

impl Watchdog {
    /// Looks for it on the bus.
    pub fn find() -> Option<Self> {
        let devices = (0..DEVICES).map(|device| CONFIGURATION + device * DEVICE);
        // SAFETY: the configuration of each device that there may be; of one that is not there, all bits are set.
        let identity = |device: &usize| unsafe { Register::<u32>::new(*device) }.read();
        let found = devices
            .into_iter()
            .find(|device| identity(device) == IDENTITY);
        found.map(|configuration| Self { configuration })
    }

    /// Starts it: an image has five seconds from now on, and from each [feeding](Self::feed) on.
    pub fn start(&self) {
        self.base().write(REGISTERS as u32);
        // SAFETY: the device's command register.
        let command = unsafe { Register::<u16>::new(self.configuration + 0x04) };
        command.write(command.read() | MEMORY_SPACE);
        for stage in [0, 4] {
            self.unlock();
            // SAFETY: how long a stage takes, in the registers that the device was given above.
            unsafe { Register::<u32>::new(REGISTERS + stage) }.write(STAGE);
        }
        // SAFETY: the device's configuration register.
        unsafe { Register::<u16>::new(self.configuration + 0x60) }.write(NO_INTERRUPT);
        // SAFETY: the device's lock register.
        unsafe { Register::<u8>::new(self.configuration + 0x68) }.write(ENABLE);
    }

    /// Checks whether it was started.
    pub fn is_started(&self) -> bool {
        self.base().read() as usize == REGISTERS
    }

    /// Has it wait anew, once it was started.
    pub fn feed(&self) {
        self.unlock();
        reload().write(RELOAD);
    }

    fn unlock(&self) {
        reload().write(0x80);
        reload().write(0x86);
    }

    fn base(&self) -> Register<u32> {
        // SAFETY: where the device has its registers.
        unsafe { Register::new(self.configuration + 0x10) }
    }
}

fn reload() -> Register<u16> {
    // SAFETY: the device's reload register, where `start` has put it.
    unsafe { Register::new(REGISTERS + 0x0c) }
}
