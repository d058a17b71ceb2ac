//! What was said of all call sites of a set.

use super::*;
use crate::firmware::{DAY, HOUR, MIN};

/// What is to be reached at each pace and at all of them, by the answers until then and by each answer alone.
pub(crate) struct Limits {
    pub(crate) recall: [f64; 2],
    /// Share of the time in which nothing leaks.
    pub(crate) wrong: [f64; 2],
    /// Of red.
    pub(crate) flickers: [usize; 2],
}

/// When one answer is asked for, in seconds.
const MOMENTS: [(u64, &str); 6] = [
    (MIN, "1 min"),
    (5 * MIN, "5 min"),
    (15 * MIN, "15 min"),
    (HOUR, "1 h"),
    (6 * HOUR, "6 h"),
    (DAY - MIN, "24 h"),
];

#[derive(Default)]
pub(crate) struct Totals {
    leaking: Vec<[f64; 2]>,
    clean: Vec<[f64; 2]>,
    unknown: Vec<[f64; 2]>,
    answers: [[u64; 4]; 3],
    flickers: [usize; 4],
    /// Harmless workloads, those of them that were red at some time, and the same by answers alone.
    harmless: [u64; 3],
    /// Shares of all their time that was red.
    strict: Vec<[f64; 2]>,
    /// Times that red was taken back while nothing had changed.
    taken_back: u64,
    /// At each moment, of workloads that leak at some time and of harmless ones: those that one answer calls red, and all of them.
    moments: [[[u64; 2]; 2]; MOMENTS.len()],
    changes: usize,
    hours: f64,
}

pub(crate) fn mean(shares: &[[f64; 2]]) -> [f64; 2] {
    [0, 1].map(|which| {
        shares.iter().map(|shares| shares[which]).sum::<f64>() / shares.len().max(1) as f64
    })
}

impl Totals {
    pub(crate) fn add(&mut self, watcher: &Watcher, workload: &Workload) {
        for (truth, into) in [
            (Truth::Leak, &mut self.leaking),
            (Truth::Clean, &mut self.clean),
            (Truth::Unknown, &mut self.unknown),
        ] {
            if let (Some(red), Some(alone)) = (watcher.share(truth, 1), watcher.share(truth, 2)) {
                // What one answer cannot show is left to the history.
                let alone = if workload.needs_history { red } else { alone };
                into.push([red, alone]);
            }
            for which in 0..4 {
                self.answers[truth as usize][which] += watcher.counts[truth as usize][which];
            }
        }
        if workload.is_harmless() {
            let sum = |which: usize| {
                watcher
                    .counts
                    .iter()
                    .map(|counts| counts[which])
                    .sum::<u64>()
            };
            let all = sum(0).max(1) as f64;
            self.strict.push([sum(1) as f64 / all, sum(2) as f64 / all]);
            self.harmless[0] += 1;
            self.harmless[1] += u64::from(watcher.first_red.is_some());
            self.harmless[2] += u64::from(watcher.alone.iter().any(|(_, red)| *red));
        }
        self.add_moments(watcher, workload);
        self.changes += watcher.changes.len();
        self.hours += watcher.seconds.min(workload.seconds) as f64 / HOUR as f64;
        let reds = watcher.changes.windows(2);
        let back = |pair: &&[(u64, Said)]| {
            let is_end = workload.truth.iter().any(|(from, truth)| {
                *truth == Truth::Unknown
                    && *from > 0
                    && *from <= pair[1].0
                    && pair[1].0 < from + 4 * 3_600
            });
            pair[0].1.standing == 'L' && pair[1].1.standing != 'L' && !is_end
        };
        self.taken_back += reds.filter(back).count() as u64;
        let flickers = watcher.flickers(workload);
        for (sum, flickers) in self.flickers.iter_mut().zip(flickers) {
            *sum += flickers;
        }
    }

    fn add_moments(&mut self, watcher: &Watcher, workload: &Workload) {
        let until = watcher.seconds.min(workload.seconds);
        for ((moment, _), sums) in MOMENTS.iter().zip(&mut self.moments) {
            if !(workload.view.from..until).contains(moment) {
                continue;
            }
            let said = watcher.alone.iter().rfind(|(since, _)| since <= moment);
            let sums = &mut sums[usize::from(workload.is_harmless())];
            sums[0] += u64::from(said.is_some_and(|(_, red)| *red));
            sums[1] += 1;
        }
    }

    /// Returns what one answer says at some moments, and how often what is said changes.
    pub(crate) fn moments(&self) -> String {
        let moments = MOMENTS.iter().zip(&self.moments);
        let cells = moments.map(|((_, name), [leaking, harmless])| {
            format!(
                "{name} {}/{} {}/{}",
                leaking[0], leaking[1], harmless[0], harmless[1]
            )
        });
        let cells: Vec<_> = cells.collect();
        let changes = self.changes as f64 / self.hours.max(1.0);
        format!(
            "  red by one answer, leaking and harmless: {} | changes an hour {changes:.3}",
            cells.join(", ")
        )
    }

    /// Checks what was reached, with a little room for other rounding.
    pub(crate) fn assert_limits(&self, name: &str, limits: &Limits) {
        let ([recall, alone], [wrong, wrong_alone]) = (mean(&self.leaking), mean(&self.clean));
        assert!(
            recall >= limits.recall[0] && alone >= limits.recall[1],
            "{name}: {recall} {alone}"
        );
        assert!(
            wrong <= limits.wrong[0] && wrong_alone <= limits.wrong[1],
            "{name}: {wrong} {wrong_alone}"
        );
        let [_, _, red, red_alone] = self.flickers;
        assert!(
            red <= limits.flickers[0] && red_alone <= limits.flickers[1],
            "{name}: {red} {red_alone}"
        );
    }

    pub(crate) fn line(&self, name: &str) -> String {
        let [recall, recall_alone] = mean(&self.leaking);
        let [false_share, false_alone] = mean(&self.clean);
        let [unknown, unknown_alone] = mean(&self.unknown);
        let precision = |recall: f64, wrong: f64| recall / (recall + wrong);
        let pooled = |which: usize| {
            let (right, wrong) = (self.answers[2][which], self.answers[0][which]);
            right as f64 / (right + wrong).max(1) as f64
        };
        format!(
            "{name:9} recall {recall:.4} alone {recall_alone:.4} | precision {:.4} alone {:.4} (pooled {:.4} {:.4}) | false share {false_share:.4} alone {false_alone:.4} (pooled {:.4} {:.4}) | red while unknowable {unknown:.3} {unknown_alone:.3} | flickers kind {} standing {} red {} alone {} | harmless ones ever red {}/{} alone {} | red taken back {} | share of all time of harmless ones {:.4} alone {:.4}",
            precision(recall, false_share),
            precision(recall_alone, false_alone),
            pooled(1),
            pooled(2),
            self.answers[0][1] as f64 / self.answers[0][0].max(1) as f64,
            self.answers[0][2] as f64 / self.answers[0][0].max(1) as f64,
            self.flickers[0],
            self.flickers[1],
            self.flickers[2],
            self.flickers[3],
            self.harmless[1],
            self.harmless[0],
            self.harmless[2],
            self.taken_back,
            mean(&self.strict)[0],
            mean(&self.strict)[1],
        )
    }
}
