//! When a request is sent again: a device serves few at a time, and resets or puts off the others.

/// Tries of one request.
const MOST_TRIES: usize = 4;
/// Milliseconds from a reset to the next try; each time longer, for somebody else may come again, too.
const PAUSES_MS: [u32; MOST_TRIES - 1] = [150, 450, 1_000];
/// Longest pause that a device may ask for, in milliseconds.
const LONGEST_PAUSE_MS: u32 = 5_000;
/// What it asks for if it does not say.
const USUAL_PAUSE_MS: u32 = 1_000;

/// Why there is no answer that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There was no connection, or it broke at once.
    Reset,
    /// The device is busy, and says after how many seconds to come again.
    Busy(Option<String>),
    /// Trying again would not help, or has waited long enough.
    Final,
}

/// Counts the tries of one request.
#[derive(Debug, Default)]
pub struct Tries {
    failures: usize,
    was_reset: bool,
}

impl Tries {
    /// Notes a failure. Returns the milliseconds to wait before the next try; `None` means that there
    /// is none.
    pub fn pause_ms(&mut self, failure: &Failure) -> Option<u32> {
        let pause = *PAUSES_MS.get(self.failures)?;
        self.failures += 1;
        self.was_reset |= *failure == Failure::Reset;
        match failure {
            Failure::Reset => Some(pause),
            Failure::Busy(after) => Some(wish_ms(after.as_deref())),
            Failure::Final => None,
        }
    }

    /// Returns whether an earlier try may have reached the device without its answer reaching us.
    pub fn may_have_worked(&self) -> bool {
        self.was_reset
    }
}

/// Reads `Retry-After`. A date is not worth a parser: no device knows the time.
fn wish_ms(after: Option<&str>) -> u32 {
    let seconds: Option<u32> = after.and_then(|after| after.trim().parse().ok());
    let wish = seconds.map_or(USUAL_PAUSE_MS, |seconds| seconds.saturating_mul(1_000));
    wish.min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(after: &str) -> Failure {
        Failure::Busy(Some(after.to_owned()))
    }

    #[test]
    fn a_reset_request_is_sent_again_a_few_times_and_ever_later() {
        let mut tries = Tries::default();
        let pauses: Vec<_> = (0..5).map(|_| tries.pause_ms(&Failure::Reset)).collect();
        assert_eq!(pauses, [Some(150), Some(450), Some(1_000), None, None]);
    }

    #[test]
    fn a_busy_device_is_asked_again_when_it_wishes() {
        for (failure, pause) in [
            (busy("2"), 2_000),
            (busy("0"), 0),
            (busy("86400"), 5_000),
            (busy("Wed, 21 Oct 2026 07:28:00 GMT"), 1_000),
            (Failure::Busy(None), 1_000),
        ] {
            assert_eq!(
                Tries::default().pause_ms(&failure),
                Some(pause),
                "{failure:?}"
            );
        }
        let mut tries = Tries::default();
        let asked = (0..9).map_while(|_| tries.pause_ms(&busy("1")));
        assert_eq!(asked.count(), MOST_TRIES - 1);
    }

    #[test]
    fn what_will_not_change_is_not_asked_again() {
        assert_eq!(Tries::default().pause_ms(&Failure::Final), None);
    }

    #[test]
    fn only_a_reset_leaves_it_open_whether_the_device_did_as_told() {
        let mut tries = Tries::default();
        tries.pause_ms(&busy("1"));
        assert!(!tries.may_have_worked());
        tries.pause_ms(&Failure::Reset);
        assert!(tries.may_have_worked());
    }
}
