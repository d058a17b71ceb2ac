//! When firmware that was started for the first time has shown that it works.

/// For how long nobody may ask anything of a device that has a network, until it is taken for sound without.
const QUIET_US: u64 = 60_000_000;
/// Within what time from its start it has to have one.
const PATIENCE_US: u64 = 300_000_000;

/// What comes of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is none, or it is over: the firmware stays.
    Settled,
    /// It goes on.
    Wait,
    /// The firmware is rejected: restart, and the old one runs.
    GiveUp,
}

/// Judges firmware by when it is, since when it has a network, and whether it has answered over that, in microseconds since its start.
pub(super) fn judge(now_us: u64, joined_us: Option<u64>, has_answered: bool) -> Verdict {
    match joined_us {
        Some(_) if has_answered => Verdict::Settled,
        Some(joined_us) if now_us.saturating_sub(joined_us) >= QUIET_US => Verdict::Settled,
        None if now_us >= PATIENCE_US => Verdict::GiveUp,
        _ => Verdict::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_a_network_and_an_answer_or_a_minute() {
        for (now_s, joined_s, has_answered, verdict) in [
            (1, None, false, Verdict::Wait),
            (1, Some(1), false, Verdict::Wait),
            (1, Some(1), true, Verdict::Settled),
            (69, Some(10), false, Verdict::Wait),
            (70, Some(10), false, Verdict::Settled),
            (299, None, true, Verdict::Wait),
            (300, None, true, Verdict::GiveUp),
            (310, Some(305), false, Verdict::Wait),
        ] {
            let joined_us = joined_s.map(|seconds: u64| seconds * 1_000_000);
            let judged = judge(now_s * 1_000_000, joined_us, has_answered);
            assert_eq!(judged, verdict, "{now_s} {joined_s:?} {has_answered}");
        }
    }
}
