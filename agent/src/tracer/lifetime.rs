//! How long a block lived, in four bytes.

use core::hint::cold_path;

/// A time from allocation to free, packed so that a longer one is a larger number: below 2^31 microseconds (35 minutes) it
/// is exact, from there on in units of 2^16.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lifetime(u32);

impl Lifetime {
    const LONG: u32 = 1 << 31;

    /// Packs the time between two others, in microseconds.
    #[inline(always)]
    pub(super) fn between(allocated_us: u64, freed_us: u64) -> Self {
        // Less than nothing is a large number here: so the usual way asks but once.
        let us = freed_us.wrapping_sub(allocated_us);
        if us < Self::LONG.into() {
            Self(us as u32)
        } else {
            // Most blocks live for less than half an hour.
            cold_path();
            Self::unusual(freed_us.saturating_sub(allocated_us))
        }
    }

    /// Packs a long time, or none.
    fn unusual(us: u64) -> Self {
        match us {
            0 => Self(0),
            us => Self(Self::LONG | (us >> 16).min((Self::LONG - 1).into()) as u32),
        }
    }

    #[inline(always)]
    pub(super) fn packed(self) -> u32 {
        self.0
    }

    pub(super) fn from_packed(packed: u32) -> Self {
        Self(packed)
    }

    /// Returns it in microseconds.
    pub(super) fn us(self) -> u64 {
        match self.0.checked_sub(Self::LONG) {
            Some(long) => u64::from(long) << 16,
            None => self.0.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lifetime;

    #[test]
    fn a_longer_one_is_larger_and_up_to_35_minutes_it_is_exact() {
        const LONG: u64 = 1 << 31;
        let of = |us| Lifetime::between(7, 7 + us);
        for us in [0, 1, LONG - 1] {
            assert_eq!(of(us).us(), us);
        }
        assert_eq!(of(LONG).us(), LONG);
        assert_eq!(of(LONG + 65_537).us(), LONG + 65_536);
        assert!(of(LONG - 1) < of(LONG) && of(LONG) < of(LONG + 65_536));
        assert!(Lifetime::from_packed(of(LONG).packed()) == of(LONG));
        assert_eq!(Lifetime::between(9, 3).us(), 0);
        assert!(of(u64::MAX - 7) >= of(1 << 47));
    }
}
