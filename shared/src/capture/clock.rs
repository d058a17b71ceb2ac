//! The clock of a stream.

const US_PER_SECOND: u32 = 1_000_000;

/// Returns a time of a stream with so many ticks a second in microseconds.
pub(crate) fn us(ticks: u64, hz: u32) -> u64 {
    match hz {
        0 | US_PER_SECOND => ticks,
        hz => {
            let us = u128::from(ticks) * u128::from(US_PER_SECOND) / u128::from(hz);
            u64::try_from(us).unwrap_or(u64::MAX)
        }
    }
}
