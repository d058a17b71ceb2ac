//! Registers of devices.

use core::marker::PhantomData;
use core::ptr::with_exposed_provenance_mut;

/// A register at a fixed address.
#[derive(Clone, Copy)]
pub(crate) struct Register<T> {
    address: usize,
    value: PhantomData<T>,
}

impl<T: Copy> Register<T> {
    /// Names a register.
    ///
    /// # Safety
    /// At the address is a register of this machine, of this width, that may be read and written at any time.
    pub(crate) const unsafe fn new(address: usize) -> Self {
        Self {
            address,
            value: PhantomData,
        }
    }

    pub(crate) fn read(self) -> T {
        let register = with_exposed_provenance_mut::<T>(self.address);
        // SAFETY: as promised by whoever named it.
        unsafe { register.read_volatile() }
    }

    pub(crate) fn write(self, value: T) {
        let register = with_exposed_provenance_mut::<T>(self.address);
        // SAFETY: as promised by whoever named it.
        unsafe { register.write_volatile(value) }
    }
}
