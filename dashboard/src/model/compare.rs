//! What changed from one source to another, as a page lists it.

use heapbeacon_shared::analysis::{Change, Holding, Turn};
use heapbeacon_shared::report::{Compared, Incomparable, Version};

use crate::format;

/// A source, and when: now, or at a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Index of the source.
    pub source: usize,
    /// The moment of a mark, in microseconds since boot; `None` for the latest there is.
    pub at_us: Option<u64>,
}

impl Choice {
    /// Returns the moment of a mark of the device, which is the first source.
    pub fn at_mark(at_us: u64) -> Self {
        Self {
            source: 0,
            at_us: Some(at_us),
        }
    }

    /// Writes it for the address of a view, such as `1` or `0@2500000`.
    pub fn name(self) -> String {
        match self.at_us {
            None => self.source.to_string(),
            Some(at_us) => format!("{}@{at_us}", self.source),
        }
    }

    /// Reads it; `None` where it is none of so many sources.
    pub fn named(name: &str, sources: usize) -> Option<Self> {
        let (source, at_us) = match name.split_once('@') {
            Some((source, at_us)) => (source, Some(at_us.parse().ok()?)),
            None => (name, None),
        };
        let source = source.parse().ok().filter(|source| *source < sources)?;
        Some(Self { source, at_us })
    }
}

/// A capture as a link names it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Name of the file; empty where the link names none.
    pub file: String,
    /// Build id of its firmware.
    pub build: String,
}

impl Named {
    /// Says which file to open where another one is open, or none; nothing where it is this one.
    pub fn wanted(&self, opened: &Self) -> Option<String> {
        let is_build = self.build.is_empty() || self.build == opened.build;
        if self.file.is_empty() || self.file == opened.file && is_build {
            return None;
        }
        let named = format!("The link compares {}", self.words());
        Some(match opened.file.is_empty() {
            true => format!("{named}. Drop that file here."),
            false => format!("{named}; open is {}.", opened.words()),
        })
    }

    /// Checks whether both captures that a link names are open, each on its side.
    pub fn are_open(named: &[Self; 2], opened: &[Self; 2]) -> bool {
        let mut sides = named.iter().zip(opened);
        sides.all(|(named, opened)| named.wanted(opened).is_none())
    }

    /// Returns which of the sides that a link names a capture is, where it was opened on one of them: a file may have got another name since, and
    /// both may be of one build.
    pub fn side_in(&self, named: &[Self; 2], side: usize) -> usize {
        let alike = |other: &Self| {
            let is_same = |one: &str, other: &str| !one.is_empty() && one == other;
            2 * u8::from(is_same(&self.file, &other.file))
                + u8::from(is_same(&self.build, &other.build))
        };
        match alike(&named[1 - side]) > alike(&named[side]) {
            true => 1 - side,
            false => side,
        }
    }

    fn words(&self) -> String {
        match self.build.as_str() {
            "" => self.file.clone(),
            build => format!("{} (build {})", self.file, format::short_id(build)),
        }
    }
}

/// A call site that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Unique among the rows.
    pub key: String,
    /// Short name.
    pub name: String,
    /// File and line.
    pub at: Option<String>,
    /// Key of the colour that it has everywhere.
    pub colour_key: String,
    /// Which way it went.
    pub turn: Turn,
    /// By how many bytes.
    pub bytes: i64,
    /// The same in words, and by how many blocks.
    pub change: [String; 2],
    /// What it held before, and what it holds after.
    pub held: [String; 2],
    /// Class and word of its tag.
    pub tag: (&'static str, String),
    /// How fast it grows, where it leaks.
    pub rate: Option<String>,
    /// How many call sites it adds up, where they can't be told apart; 0 otherwise.
    pub merged: usize,
    /// The functions of its first call stack.
    pub stack: Vec<String>,
}

/// What changed, in words and rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The sentence, with names between backticks.
    pub conclusion: String,
    /// Whether something leaks that did not before.
    pub is_worse: bool,
    /// Whether a leak is gone, and none is new.
    pub is_better: bool,
    /// Why it says less than it seems to.
    pub caveats: Vec<String>,
    /// All of it as Markdown.
    pub text: String,
    /// Those that changed, those first that changed most.
    pub rows: Vec<Row>,
    /// How many did not change.
    pub same: usize,
    /// The largest change.
    pub most: u64,
}

impl Told {
    /// Tells what changed.
    ///
    /// # Errors
    /// When the two can't be compared.
    pub fn new(before: &Version, after: &Version) -> Result<Self, Incomparable> {
        let compared = Compared::new(before, after)?;
        let changes = &compared.comparison.changes;
        let changed = changes.iter().filter(|change| change.turn() != Turn::Same);
        let rows: Vec<_> = changed.map(|change| row(&compared, change)).collect();
        let is_worse = compared.comparison.new_leaks().next().is_some();
        let sizes = rows.iter().map(|row| row.bytes.unsigned_abs());
        Ok(Self {
            conclusion: compared.conclusion(),
            is_worse,
            is_better: !is_worse
                && !compared.is_doubtful()
                && compared.comparison.ended_leaks().next().is_some(),
            caveats: compared.caveats(),
            text: compared.text(),
            same: changes.len() - rows.len(),
            most: sizes.max().unwrap_or(0),
            rows,
        })
    }

    /// Returns how many rows go one way.
    pub fn count(&self, turn: Turn) -> usize {
        self.rows.iter().filter(|row| row.turn == turn).count()
    }
}

fn row(compared: &Compared<'_>, change: &Change) -> Row {
    let site = compared.site(change).cloned().unwrap_or_default();
    let blocks = change.blocks();
    let sign = if blocks < 0 { '−' } else { '+' };
    let blocks = match blocks {
        0 => "as many blocks".to_owned(),
        _ => format!("{sign}{}", format::plural(blocks.unsigned_abs(), "block")),
    };
    let rate = change.is.bytes_per_minute;
    Row {
        // No site is in two changes.
        key: format!("{} {}", id(&change.before), id(&change.after)),
        colour_key: site.key,
        name: site.name,
        at: site.at,
        turn: change.turn(),
        bytes: change.bytes(),
        change: [format::signed_bytes(change.bytes() as f64), blocks],
        held: [held(&change.was), held(&change.is)],
        tag: tag(change),
        rate: (rate > 0).then(|| format::growth(rate as f64)),
        merged: change.merged(),
        stack: site.stack,
    }
}

fn id(sites: &[usize]) -> String {
    sites.first().map_or_else(String::new, usize::to_string)
}

fn held(holding: &Holding) -> String {
    match holding.count {
        0 => "–".to_owned(),
        _ => format::bytes(holding.bytes),
    }
}

fn tag(change: &Change) -> (&'static str, String) {
    let word = turn_word(change.turn());
    match (change.was.leaks(), change.is.leaks()) {
        (_, true) => ("bad", format!("{word}, leaks")),
        (true, false) if change.is.count == 0 => ("good", "leak gone".to_owned()),
        (true, false) => ("good", format!("{word}, leaked")),
        _ => ("neutral", word.to_owned()),
    }
}

/// Returns the word for which way a call site went.
pub fn turn_word(turn: Turn) -> &'static str {
    match turn {
        Turn::New => "new",
        Turn::Gone => "gone",
        Turn::Grown => "grown",
        Turn::Shrunk => "shrunk",
        Turn::Same => "same",
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::{Device, Leak, LeaksPage, Stack, Trace};
    use heapbeacon_shared::trace::{Address, BuildId, Kind, Verdict};

    use super::*;

    #[test]
    fn a_capture_is_recognised_by_name_and_build_whichever_side_it_is_dropped_on() {
        let named = |file: &str, build: &str| Named {
            file: file.to_owned(),
            build: build.to_owned(),
        };
        let link = [named("monday.hbc", "aa"), named("tuesday.hbc", "bb")];
        assert_eq!(link.clone().map(|it| it.side_in(&link, 0)), [0, 1]);
        assert_eq!(link.clone().map(|it| it.side_in(&link, 1)), [0, 1]);
        // By its build under another name, and where nothing fits as it was dropped.
        assert_eq!(named("tuesday (1).hbc", "bb").side_in(&link, 0), 1);
        assert_eq!(named("other.hbc", "cc").side_in(&link, 0), 0);
        assert_eq!(named("other.hbc", "").side_in(&Default::default(), 1), 1);

        let old = named("old.hbc", "aa");
        assert!(Named::are_open(&link, &link));
        assert!(!Named::are_open(&link, &[link[0].clone(), old]));
        assert!(Named::are_open(&Default::default(), &link));

        let words = |opened: &Named| link[0].wanted(opened);
        assert_eq!(words(&link[0]), None);
        assert_eq!(named("monday.hbc", "").wanted(&link[0]), None);
        let expected = "The link compares monday.hbc (build aa). Drop that file here.";
        assert_eq!(words(&Named::default()).as_deref(), Some(expected));
        let expected = "The link compares monday.hbc (build aa); open is old.hbc.";
        assert_eq!(words(&named("old.hbc", "")).as_deref(), Some(expected));
        assert_eq!(Named::default().wanted(&link[0]), None);
    }

    #[test]
    fn a_choice_is_read_as_it_was_written() {
        for choice in [
            Choice::default(),
            Choice {
                source: 2,
                at_us: Some(7),
            },
        ] {
            assert_eq!(Choice::named(&choice.name(), 3), Some(choice));
        }
        for name in ["", "3", "x", "1@", "1@x", "-1"] {
            assert_eq!(Choice::named(name, 3), None, "{name}");
        }
    }

    fn version(sites: &[(u64, u64, Kind)]) -> Version {
        let leak = |(address, bytes, kind): &(u64, u64, Kind)| Leak {
            stack: Stack {
                frames: [Address(*address)].into_iter().collect(),
                ..Stack::default()
            },
            count: bytes / 8,
            bytes: *bytes,
            verdict: Verdict {
                kind: *kind,
                bytes_per_minute: 1_024,
                ..Verdict::default()
            },
            ..Leak::default()
        };
        let page = LeaksPage {
            leaks: sites.iter().map(leak).collect(),
            ..LeaksPage::default()
        };
        let device = Device {
            build_id: BuildId::new(&[1]),
            ..Device::default()
        };
        let nobody = |_| Vec::new();
        Version::new("x".to_owned(), &device, &Trace::default(), &page, nobody)
    }

    #[test]
    fn rows_say_which_way_each_site_went() {
        let before = version(&[
            (0x10, 80, Kind::Leaking),
            (0x20, 16, Kind::Plateau),
            (0x30, 8, Kind::OneOff),
        ]);
        let after = version(&[
            (0x20, 24, Kind::Plateau),
            (0x30, 8, Kind::OneOff),
            (0x40, 160, Kind::Leaking),
        ]);
        let told = Told::new(&before, &after).expect("of one build");
        let rows = told.rows.iter().map(|row| {
            let [change, blocks] = &row.change;
            (&*row.name, &**change, &**blocks, row.tag.0, &*row.tag.1)
        });
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [
                ("0x00000040", "+160 B", "+20 blocks", "bad", "new, leaks"),
                ("0x00000010", "−80 B", "−10 blocks", "good", "leak gone"),
                ("0x00000020", "+8 B", "+1 block", "neutral", "grown"),
            ]
        );
        assert_eq!(told.rows[0].held, ["–", "160 B"]);
        assert_eq!(told.rows[0].rate.as_deref(), Some("+1.0 KiB/min"));
        assert_eq!((told.same, told.most, told.count(Turn::New)), (1, 160, 1));
        assert!(told.is_worse && !told.is_better);
        let back = Told::new(&after, &version(&[])).expect("of one build");
        assert!(back.is_better && !back.is_worse);
    }
}
