//! What changed from one version to another, in words.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::version::{Site, Version};
use crate::analysis::{Change, Comparison, Holding, Side, SiteKey, Turn, Unlike};
use crate::trace::Kind;
use crate::words::{bytes, count, duration, plural, signed_bytes};

/// Call sites that the sentence names at most.
const NAMED: usize = 4;
/// Part of the largest change that another one has to be at least, to be named beside it: one in so many.
const WORTH_NAMING: u64 = 10;
/// Rows of the table in a text at most.
const ROWS: usize = 12;

/// Two versions, and what changed from the first to the second.
#[derive(Clone, Debug)]
pub struct Compared<'v> {
    /// The first.
    pub before: &'v Version,
    /// The second.
    pub after: &'v Version,
    /// What changed; its changes name the sites of both by their index.
    pub comparison: Comparison,
    /// Whether both are of one build, so that each call site is found again for certain.
    pub is_one_build: bool,
}

/// Why two versions can't be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incomparable {
    /// They are of different builds, and functions of this one have no names.
    Nameless(String),
    /// They are of one build, and only the functions of this one have names.
    OnlyNamed(String),
    /// Every record of what this one held gave way to a newer one.
    Forgotten(String),
}

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nameless(title) => write!(
                f,
                "the two are of different builds, where an address means another function: give the ELF file of {title}, so that \
                 its functions have names"
            ),
            Self::OnlyNamed(title) => write!(
                f,
                "only the functions of {title} have names: give its ELF file for both"
            ),
            Self::Forgotten(title) => write!(
                f,
                "no record is left of what {title} held: newer ones took their places"
            ),
        }
    }
}

impl core::error::Error for Incomparable {}

impl<'v> Compared<'v> {
    /// Compares two versions: by what each call site is where both are of one build, and otherwise by functions and files.
    ///
    /// # Errors
    /// When they are of different builds, and one of them has no names; when they are of one, and only one of them has; and when nothing
    /// is known of one any more.
    pub fn new(before: &'v Version, after: &'v Version) -> Result<Self, Incomparable> {
        let is_forgotten =
            |version: &&Version| version.sites.is_empty() && version.summary.evicted_live > 0;
        if let Some(forgotten) = [before, after].into_iter().find(is_forgotten) {
            return Err(Incomparable::Forgotten(forgotten.title.clone()));
        }
        let is_one_build = before.build_id == after.build_id && !before.build_id.is_empty();
        match [before, after].map(are_named) {
            [Some(true), Some(false)] if is_one_build => {
                return Err(Incomparable::OnlyNamed(before.title.clone()));
            }
            [Some(false), Some(true)] if is_one_build => {
                return Err(Incomparable::OnlyNamed(after.title.clone()));
            }
            [Some(false), Some(_)] if !is_one_build => {
                return Err(Incomparable::Nameless(before.title.clone()));
            }
            [Some(_), Some(false)] if !is_one_build => {
                return Err(Incomparable::Nameless(after.title.clone()));
            }
            _ => {}
        }
        let sites = [before, after].map(|version| sites(version, is_one_build));
        let comparison = Comparison::new(&side(before, &sites[0]), &side(after, &sites[1]));
        Ok(Self {
            before,
            after,
            comparison,
            is_one_build,
        })
    }

    /// Returns the call site that a change is of, as it is after it, if it is there still.
    pub fn site(&self, change: &Change) -> Option<&'v Site> {
        let after = change.after.first().map(|index| &self.after.sites[*index]);
        let before = || {
            change
                .before
                .first()
                .map(|index| &self.before.sites[*index])
        };
        after.or_else(before)
    }

    /// Returns what changed in a sentence or two, with the names of functions between backticks.
    pub fn conclusion(&self) -> String {
        let mut clauses = self.leaks();
        let told = |clauses: &[String]| {
            let told = clauses.join("; ");
            match self.is_doubtful() {
                true => format!("By the records that are left, {told}."),
                false => capitalised(&told) + ".",
            }
        };
        let has_changed = |change: &Change| change.turn() != Turn::Same;
        if !self.comparison.changes.iter().any(has_changed) {
            let nothing = "nothing has changed: every call site holds what it held".to_owned();
            return told(&[Vec::from([nothing]), clauses].concat());
        }
        let room = NAMED.saturating_sub(clauses.len());
        clauses.extend(self.others().into_iter().take(room));
        if clauses.is_empty() {
            clauses.push("only what comes and goes has changed".to_owned());
        }
        let all = match self.comparison.bytes() {
            0 => "as much as before".to_owned(),
            all => signed_bytes(all as f64),
        };
        format!("{} In all {all}.", told(&clauses))
    }

    /// Returns whether live blocks have lost their records on either side: what is gone, new or less may have done no more than that.
    pub fn is_doubtful(&self) -> bool {
        let summaries = [self.before, self.after].map(|version| version.summary);
        summaries.iter().any(|summary| summary.evicted_live > 0)
    }

    /// Tells of leaks: those that are gone, those that are new, and those that go on.
    fn leaks(&self) -> Vec<String> {
        let ended = self.comparison.ended_leaks().map(|change| {
            let clause = match change.is.count {
                0 if self.is_early() => "the leak of {} has not shown so far",
                0 => "the leak of {} is gone",
                _ => "{} no longer leaks",
            };
            (clause, false, change)
        });
        let new = self.comparison.new_leaks().map(|change| {
            let clause = match change.turn() {
                Turn::New => "{} is new and leaks",
                _ => "{} leaks now",
            };
            (clause, true, change)
        });
        let lasting = self.comparison.lasting_leaks();
        let lasting = lasting.map(|change| ("{} still leaks", true, change));
        [
            few(self.clauses(ended), "leak gone", "leaks gone"),
            few(self.clauses(new), "new leak", "new leaks"),
            few(
                self.clauses(lasting),
                "leak that goes on",
                "leaks that go on",
            ),
        ]
        .concat()
    }

    /// Tells of the largest changes that are no leaks, and more than what comes and goes.
    fn others(&self) -> Vec<String> {
        let most = self.comparison.changes.first().map_or(0, size);
        let is_worth_it = |change: &&Change| {
            size(change).saturating_mul(WORTH_NAMING) >= most
                && change.turn() != Turn::Same
                && !change.was.leaks()
                && !change.is.leaks()
                && !is_traffic(change)
        };
        let others = self.comparison.changes.iter().filter(is_worth_it);
        self.clauses(others.map(|change| {
            let clause = match change.turn() {
                Turn::New => "{} is new",
                Turn::Gone => "{} is gone",
                Turn::Grown => "{} has grown",
                Turn::Shrunk | Turn::Same => "{} has shrunk",
            };
            (clause, true, change)
        }))
    }

    /// Puts the names of functions into clauses, and behind them by how much they have changed where that is wanted. What is said
    /// of several call sites of a function is said once.
    fn clauses<'c>(
        &self,
        told: impl Iterator<Item = (&'static str, bool, &'c Change)>,
    ) -> Vec<String> {
        let mut clauses: Vec<(String, Option<i64>)> = Vec::new();
        for (clause, is_measured, change) in told {
            let words = clause.replace("{}", &self.name(change));
            let bytes = is_measured.then(|| change.bytes());
            match clauses.iter_mut().find(|(known, _)| *known == words) {
                Some((_, sum)) => *sum = sum.zip(bytes).map(|(a, b)| a.saturating_add(b)),
                None => clauses.push((words, bytes)),
            }
        }
        let told = clauses.into_iter().map(|(words, bytes)| match bytes {
            None | Some(0) => words,
            Some(bytes) => format!("{words}, {}", signed_bytes(bytes as f64)),
        });
        told.collect()
    }

    /// Returns whether the second was watched for less than half the time of the first: a leak may be yet to come.
    fn is_early(&self) -> bool {
        self.after.known_us.saturating_mul(2) < self.before.known_us
    }

    fn name(&self, change: &Change) -> String {
        let name = self.site(change).map_or("", |site| &site.name);
        code(name)
    }

    /// Returns why the comparison says less than it seems to, in sentences.
    pub fn caveats(&self) -> Vec<String> {
        let mut caveats: Vec<_> = self
            .comparison
            .unlike
            .iter()
            .map(|unlike| self.words(*unlike))
            .collect();
        if !self.is_one_build {
            caveats.push(
                "The two are of different builds: call sites are matched by function, file and who calls them, so a function that \
                 was renamed is gone and new."
                    .to_owned(),
            );
        }
        let changed = |change: &&Change| change.merged() > 0 && change.turn() != Turn::Same;
        let merged = self.comparison.changes.iter().filter(changed);
        caveats.extend(merged.map(|change| {
            format!(
                "{} has {} call sites that can't be told apart from version to version: they are added up.",
                self.name(change),
                change.merged()
            )
        }));
        caveats
    }

    fn words(&self, unlike: Unlike) -> String {
        let (before, after) = (&self.before.title, &self.after.title);
        match unlike {
            Unlike::Time(first, second) => format!(
                "{before} was recorded for {}, {after} for {}: what leaks had more time in one of them.",
                duration(first),
                duration(second)
            ),
            Unlike::Mode => "One trace remembers freed blocks, whose records take the place of older ones, and the other does not."
                .to_owned(),
            Unlike::Evicted(first, second) => format!(
                "Records of live blocks gave way to newer ones, {} in {before} and {} in {after}: these blocks are missing here.",
                count(first),
                count(second)
            ),
            Unlike::Overflowed(first, second) => format!(
                "The table of call stacks was full for {} in {before} and {} in {after}: nobody knows of which call site they are.",
                plural(first, "allocation"),
                plural(second, "allocation")
            ),
            Unlike::Dropped(first, second) => format!(
                "Events never arrived, {} in {before} and {} in {after}.",
                count(first),
                count(second)
            ),
            Unlike::Gaps(first, second) => format!(
                "Recording was stopped or paused, {} in {before} and {} in {after}: what was allocated meanwhile is missing here.",
                plural(first.into(), "time"),
                plural(second.into(), "time")
            ),
            Unlike::Cut => {
                "Only call sites that hold most are listed: a small one may pass for new or gone."
                    .to_owned()
            }
        }
    }

    /// Returns all of it as Markdown, for an issue.
    pub fn text(&self) -> String {
        let (before, after) = (self.before, self.after);
        let mut lines = Vec::from([
            format!(
                "### From {} to {}",
                plain(&before.title),
                plain(&after.title)
            ),
            String::new(),
            self.conclusion(),
            String::new(),
        ]);
        let changed = |change: &&Change| change.turn() != Turn::Same;
        let changes = || self.comparison.changes.iter().filter(changed);
        if changes().next().is_some() {
            lines.push("| change | before | after | call site | |".to_owned());
            lines.push("|---:|---:|---:|---|---|".to_owned());
            lines.extend(changes().take(ROWS).map(|change| self.row(change)));
            let more = changes().count().saturating_sub(ROWS);
            if more > 0 {
                lines.push(format!(
                    "\n{} more changed.",
                    plural(more as u64, "call site")
                ));
            }
            lines.push(String::new());
        }
        lines.extend([before, after].map(|version| format!("- {}", described(version))));
        lines.extend(self.caveats().iter().map(|caveat| format!("- {caveat}")));
        lines.join("\n") + "\n"
    }

    fn row(&self, change: &Change) -> String {
        let at = self.site(change).and_then(|site| site.at.as_deref());
        let at = at.map(|at| format!(" ({})", plain(at)));
        format!(
            "| {} | {} | {} | {}{} | {} |",
            signed(change),
            held(&change.was),
            held(&change.is),
            self.name(change).replace('|', "\\|"),
            at.unwrap_or_default(),
            self.remark(change)
        )
    }

    /// Returns what is to be said of a change beside its numbers.
    pub fn remark(&self, change: &Change) -> String {
        let turn = word_of(change.turn());
        let rate = match change.is.bytes_per_minute {
            0 => String::new(),
            rate => format!(", {}/min", signed_bytes(rate as f64)),
        };
        match (change.was.leaks(), change.is.leaks()) {
            (_, true) => format!("{turn}, leaks{rate}"),
            (true, false) => format!("{turn}, leaked"),
            _ => turn.to_owned(),
        }
    }
}

/// Returns whether functions have names; `None` where there are none.
fn are_named(version: &Version) -> Option<bool> {
    (!version.sites.is_empty()).then_some(version.has_names)
}

fn sites(version: &Version, is_one_build: bool) -> Vec<(SiteKey<'_>, Holding)> {
    let sites = version.sites.iter().map(|site| {
        let key = match is_one_build {
            true => SiteKey {
                key: &site.key,
                path: "",
                line: 0,
            },
            false => SiteKey {
                key: &site.lasting_key,
                path: &site.path,
                line: site.line,
            },
        };
        (key, site.holding)
    });
    sites.collect()
}

fn side<'s>(version: &'s Version, sites: &'s [(SiteKey<'s>, Holding)]) -> Side<'s> {
    Side {
        sites,
        summary: &version.summary,
        known_us: version.known_us,
        is_cut: version.is_cut,
    }
}

fn size(change: &Change) -> u64 {
    change.bytes().unsigned_abs()
}

/// Returns whether its blocks come and go before and after.
fn is_traffic(change: &Change) -> bool {
    let comes_and_goes = |holding: &Holding| holding.count == 0 || holding.kind == Kind::InFlight;
    comes_and_goes(&change.was) && comes_and_goes(&change.is)
}

fn word_of(turn: Turn) -> &'static str {
    match turn {
        Turn::New => "is new",
        Turn::Gone => "is gone",
        Turn::Grown => "has grown",
        Turn::Shrunk => "has shrunk",
        Turn::Same => "is as before",
    }
}

/// Writes the change of a site: in blocks where it has as many bytes as before.
fn signed(change: &Change) -> String {
    match (change.bytes(), change.blocks()) {
        (0, 0) => "0".to_owned(),
        (0, blocks) => {
            let sign = if blocks < 0 { '−' } else { '+' };
            format!("{sign}{}", plural(blocks.unsigned_abs(), "block"))
        }
        (difference, _) => signed_bytes(difference as f64),
    }
}

fn held(holding: &Holding) -> String {
    match holding.count {
        0 => "nothing".to_owned(),
        blocks => format!("{} in {}", bytes(holding.bytes), plural(blocks, "block")),
    }
}

/// Returns as many sentences as are read, and how many more there are.
fn few(mut sentences: Vec<String>, one: &str, many: &str) -> Vec<String> {
    let more = sentences.len().saturating_sub(NAMED);
    if more > 0 {
        sentences.truncate(NAMED);
        let things = if more == 1 { one } else { many };
        sentences.push(format!("{more} more {things}"));
    }
    sentences
}

fn described(version: &Version) -> String {
    let build = match version.build_id.is_empty() {
        true => "build unknown".to_owned(),
        false => format!("build {}", version.build_id),
    };
    let firmware = match version.firmware.is_empty() {
        true => String::new(),
        false => format!("{}, ", plain(&version.firmware)),
    };
    format!(
        "{}: {firmware}{build}, recorded for {}, {} live in {}",
        plain(&version.title),
        duration(version.known_us),
        bytes(version.bytes()),
        plural(version.blocks(), "block")
    )
}

/// Writes a name as code. What would end that is left out.
fn code(name: &str) -> String {
    format!("`{}`", name.replace(['`', '\n', '\r'], " "))
}

/// Writes a name that is given from outside so that Markdown makes nothing else of it.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => plain.push(' '),
            '*' | '_' | '[' | ']' | '<' | '>' | '`' | '\\' | '|' | '#' => {
                plain.push('\\');
                plain.push(letter);
            }
            _ => plain.push(letter),
        }
    }
    plain
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
