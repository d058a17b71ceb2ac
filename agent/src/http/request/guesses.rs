//! Slows down who tries one token after the other.

use core::cell::Cell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;

/// Wrong tokens that are answered at once: somebody may mistype one, and a page with an old one asks several times.
const FREE: u32 = 8;
/// Microseconds after which a wrong token is forgotten.
const REMEMBERED_US: u64 = 10_000_000;

/// How many wrong tokens came lately, from whomever: an address is quickly changed.
pub(crate) struct Guesses<M: RawMutex>(Mutex<M, Cell<Lately>>);

#[derive(Clone, Copy, Default)]
struct Lately {
    tokens: u32,
    /// Since when the oldest of them is remembered.
    since_us: u64,
}

impl<M: RawMutex> Guesses<M> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Cell::new(Lately {
            tokens: 0,
            since_us: 0,
        })))
    }

    /// Notes a wrong token; returns whether its answer has to wait.
    pub(crate) fn note(&self, now_us: u64) -> bool {
        self.0.lock(|lately| {
            let Lately { tokens, since_us } = lately.get();
            let forgotten = now_us.saturating_sub(since_us) / REMEMBERED_US;
            let left = u64::from(tokens).saturating_sub(forgotten);
            let tokens = u32::try_from(left).unwrap_or(u32::MAX).saturating_add(1);
            let since_us = match left {
                0 => now_us,
                _ => since_us + forgotten * REMEMBERED_US,
            };
            // Who goes on for hours is remembered for minutes.
            let tokens = tokens.min(4 * FREE);
            lately.set(Lately { tokens, since_us });
            tokens > FREE
        })
    }
}

#[cfg(test)]
mod tests {
    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    use super::*;

    #[test]
    fn a_few_are_answered_at_once_and_more_are_not() {
        let guesses = Guesses::<NoopRawMutex>::new();
        assert!((0..FREE).all(|_| !guesses.note(5)));
        assert!(guesses.note(6) && guesses.note(REMEMBERED_US));
    }

    #[test]
    fn they_are_forgotten_one_after_the_other() {
        let guesses = Guesses::<NoopRawMutex>::new();
        let began = 7 * REMEMBERED_US;
        for _ in 0..FREE {
            guesses.note(began);
        }
        assert!(!guesses.note(began + REMEMBERED_US));
        assert!(guesses.note(began + REMEMBERED_US + 1));
        let later = began + 100 * REMEMBERED_US;
        assert!((0..FREE).all(|_| !guesses.note(later)));
    }

    #[test]
    fn who_goes_on_is_not_remembered_for_ever() {
        let guesses = Guesses::<NoopRawMutex>::new();
        (0..1_000_000).for_each(|_| {
            guesses.note(0);
        });
        assert!(!guesses.note(u64::from(4 * FREE) * REMEMBERED_US));
    }
}
