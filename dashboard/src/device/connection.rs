//! Whether the device answers.

use crate::format;

/// Milliseconds between two rounds of questions while the device answers.
const PACE_MS: u32 = 1_000;
/// Longest pause before the next try while it does not.
const LONGEST_PAUSE_MS: u32 = 5_000;
/// Failures in a row before the device counts as lost: one lost packet is no news.
const FAILURES_TO_LOSE: u32 = 2;
/// Rounds in a row that were refused before that is said: one passes by.
const REFUSALS_TO_TELL: u32 = 2;
/// Age of an answer in milliseconds from which on it is told: longer than a round of questions with the pause before it, so that no number runs while all is well.
const OLD_MS: f64 = 5_000.0;

/// Whether the device answers; times are milliseconds of the browser's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Link {
    heard_ms: Option<f64>,
    failures: u32,
    refusals: u32,
}

/// What there is to say about the connection to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing was heard yet, and the first try is still open.
    Connecting,
    /// Nothing was ever heard.
    Absent,
    /// The device answers.
    Live,
    /// The device answers, and what the page asks for it refuses.
    Refusing,
    /// The device answered before.
    Lost,
}

/// Why the page has no device to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody answers, or the browser does not say who does.
    Unreachable,
    /// Somebody answers, and the browser hides it from this page.
    ShutOut,
    /// Something answers that is not HeapBeacon, with this HTTP status.
    Foreign(u16),
    /// It answers in a way that this page does not understand.
    OtherVersion(String),
    /// It refuses, and says why.
    Refused(String),
    /// The address bar does not name an address.
    Malformed(String),
    /// The page was opened as a file.
    Nobody,
}

impl Link {
    /// Notes an answer.
    pub fn heard(&mut self, now_ms: f64) {
        self.heard_ms = Some(now_ms);
        self.failures = 0;
        self.refusals = 0;
    }

    /// Notes an answer that is of no use. Whoever refuses is there.
    pub fn refused(&mut self, now_ms: f64) {
        self.heard_ms = Some(now_ms);
        self.failures = 0;
        self.refusals = self.refusals.saturating_add(1);
    }

    /// Notes that no answer came.
    pub fn missed(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }

    /// Returns what to say.
    pub fn state(&self) -> LinkState {
        match self.heard_ms {
            None if self.failures == 0 => LinkState::Connecting,
            None => LinkState::Absent,
            Some(_) if self.failures >= FAILURES_TO_LOSE => LinkState::Lost,
            Some(_) if self.refusals >= REFUSALS_TO_TELL => LinkState::Refusing,
            Some(_) => LinkState::Live,
        }
    }

    /// Returns the pause before the next round: longer after each failure, up to five seconds.
    pub fn pause_ms(&self) -> u32 {
        let doubled = PACE_MS.saturating_mul(1 << self.failures.saturating_sub(1).min(8));
        doubled.min(LONGEST_PAUSE_MS)
    }

    /// Describes the connection, as `live`, or `live, 7 s ago`.
    pub fn sentence(&self, now_ms: f64) -> String {
        let age_ms = self.heard_ms.map_or(0.0, |heard| (now_ms - heard).max(0.0));
        let age = format::duration((age_ms.max(1_000.0) * 1_000.0) as u64);
        match self.state() {
            LinkState::Connecting => "connecting".to_owned(),
            LinkState::Absent => "no answer, retrying".to_owned(),
            LinkState::Live if age_ms < OLD_MS => "live".to_owned(),
            LinkState::Live => format!("live, {age} ago"),
            LinkState::Refusing => "answers, but requests fail".to_owned(),
            LinkState::Lost => format!("lost {age} ago, retrying"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost_after(failures: u32) -> Link {
        let mut link = Link::default();
        link.heard(0.0);
        (0..failures).for_each(|_| link.missed());
        link
    }

    #[test]
    fn one_failure_is_no_news_and_two_are() {
        assert_eq!(lost_after(1).state(), LinkState::Live);
        assert_eq!(lost_after(2).state(), LinkState::Lost);
        assert_eq!(lost_after(2).sentence(12_400.0), "lost 12 s ago, retrying");
    }

    #[test]
    fn a_device_that_goes_on_refusing_is_not_live_until_it_gives_in() {
        let mut link = lost_after(0);
        link.refused(1.0);
        assert_eq!(link.state(), LinkState::Live);
        link.refused(2.0);
        assert_eq!(link.state(), LinkState::Refusing);
        assert_eq!(link.sentence(3.0), "answers, but requests fail");
        link.heard(4.0);
        assert_eq!(link.state(), LinkState::Live);
    }

    #[test]
    fn a_device_that_never_answered_is_absent_not_lost() {
        let mut link = Link::default();
        assert_eq!(link.state(), LinkState::Connecting);
        link.missed();
        assert_eq!(link.state(), LinkState::Absent);
    }

    #[test]
    fn pauses_grow_to_five_seconds_and_end_with_the_first_answer() {
        let pauses = [0, 1, 2, 3, 4, 40].map(|failures| lost_after(failures).pause_ms());
        assert_eq!(pauses, [1_000, 1_000, 2_000, 4_000, 5_000, 5_000]);
        let mut link = lost_after(40);
        link.heard(9.0);
        assert_eq!((link.state(), link.pause_ms()), (LinkState::Live, 1_000));
    }

    #[test]
    fn an_answer_has_an_age_once_it_is_old_and_in_whole_seconds() {
        let link = lost_after(0);
        for (now_ms, said) in [
            (0.0, "live"),
            (180.0, "live"),
            (4_999.0, "live"),
            (7_250.0, "live, 7 s ago"),
        ] {
            assert_eq!(link.sentence(now_ms), said);
        }
        assert_eq!(lost_after(2).sentence(30.0), "lost 1 s ago, retrying");
    }
}
