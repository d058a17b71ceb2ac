//! How soon each page answers to what somebody does, with as many blocks, call stacks and events as there may be.

use thirtyfour::prelude::*;

use super::captures::{Files, scattered};
use super::files::CAPTURE;
use super::story::bundle;
use crate::support::flood::Flood;
use crate::support::page::Page;
use crate::support::process::Process;

/// Milliseconds of a core that an answer may take.
pub(super) const ANSWER_MS: f64 = 100.0;
/// Live blocks, their call stacks, and events that are saved.
pub(super) const BLOCKS: u64 = 20_000;
pub(super) const STACKS: u32 = 1_000;
const EVENTS: u64 = 1_000_000;
/// Times that each is done, of which the middle one counts.
const ROUNDS: usize = 3;

/// What somebody does by turns, first one and then the other, each with what is there once it is done.
pub(super) type Turns = [(&'static str, &'static str); 2];

/// The same of a comparison of two captures: which call sites are listed, from where to where, and since when.
const COMPARED: [Turns; 3] = [
    [
        (
            "[data-testid='grown']",
            "[data-testid='grown'][aria-pressed='true']",
        ),
        ("[data-testid='changed']", "[data-testid='change-row']"),
    ],
    [
        (
            "[data-testid='swap']",
            "[data-testid='before'] option[value='2']:checked",
        ),
        (
            "[data-testid='swap']",
            "[data-testid='before'] option[value='1']:checked",
        ),
    ],
    [
        (
            "[data-testid='before'] option[value^='2@']",
            "main:has([data-testid='before'] option[value^='2@']:checked) [data-testid='change-row']",
        ),
        (
            "[data-testid='before'] option[value='1']",
            "main:has([data-testid='before'] option[value='1']:checked) [data-testid='change-row']",
        ),
    ],
];
/// The same on each page, with its name and what is there from the start.
pub(super) const INPUTS: &[(&str, &str, Turns)] = &[
    (
        "leaks",
        "[data-testid='leak-row']",
        [
            ("th.blocks button", "th.blocks[aria-sort]"),
            ("th.oldest button", "th.oldest[aria-sort]"),
        ],
    ),
    (
        "leaks",
        "[data-testid='leak-row']",
        [
            (
                "[data-testid='group-Call stack']",
                "[data-testid='group-Call stack'][aria-pressed='true']",
            ),
            (
                "[data-testid='group-Task']",
                "[data-testid='group-Task'][aria-pressed='true']",
            ),
        ],
    ),
    (
        "leaks",
        "[data-testid='leak-row']",
        [
            (".sites tbody:not(.group) .site .name", "tr.stacks"),
            (
                ".sites tbody.open .site .name",
                ".sites:not(:has(tr.stacks))",
            ),
        ],
    ),
    (
        "flame",
        "[data-testid='flame']",
        [
            (
                "[data-testid='Blocks']",
                "[data-testid='Blocks'][aria-pressed='true']",
            ),
            (
                "[data-testid='Allocated']",
                "[data-testid='Allocated'][aria-pressed='true']",
            ),
        ],
    ),
    (
        "flame",
        "[data-testid='flame']",
        [
            (
                "[data-testid='Call sites on top']",
                "[data-testid='Call sites on top'][aria-pressed='true']",
            ),
            (
                "[data-testid='Callers on top']",
                "[data-testid='Callers on top'][aria-pressed='true']",
            ),
        ],
    ),
    (
        "flame",
        "[data-testid='flame']",
        [
            (
                "[data-testid='frame-table'] tr:nth-child(2) button",
                "[data-testid='crumbs'] button",
            ),
            (
                "[data-testid='crumbs'] button",
                "[data-testid='crumbs']:not(:has(button))",
            ),
        ],
    ),
    (
        "map",
        "[data-testid='map']",
        [
            (
                "[data-testid='Age']",
                "[data-testid='Age'][aria-pressed='true']",
            ),
            (
                "[data-testid='Call site']",
                "[data-testid='Call site'][aria-pressed='true']",
            ),
        ],
    ),
    (
        "map",
        "[data-testid='map']",
        [
            (
                "[data-testid='Task']",
                "[data-testid='Task'][aria-pressed='true']",
            ),
            (
                "[data-testid='Verdict']",
                "[data-testid='Verdict'][aria-pressed='true']",
            ),
        ],
    ),
    (
        "records",
        ".record",
        [
            ("th.size button", "th.size[aria-sort]"),
            ("th.freed button", "th.freed[aria-sort]"),
        ],
    ),
    (
        "records",
        ".record",
        [
            ("[data-testid='age'] option[value='600']", ".records"),
            ("[data-testid='age'] option:first-child", ".record"),
        ],
    ),
    (
        "records",
        ".record",
        [
            (".record button.name", "[data-testid='opened-record']"),
            (
                ".record button.name",
                ".records:not(:has([data-testid='opened-record']))",
            ),
        ],
    ),
];
/// Fields, each with its page and its name in the address, and what is typed there.
const FIELDS: [[&str; 3]; 4] = [
    ["leaks", "input[type='search']", "filter"],
    ["flame", "input[type='search']", "search"],
    ["records", "input[type='search']", "filter"],
    ["records", ".least input", "least"],
];
const TYPED: &str = "42";
/// What makes a file of all that is shown.
const REPORT: &str = "[data-testid='save-report']";
/// Pages that are gone to by turns, with what is there then. Records have histograms of sizes and lifetimes below them.
const PAGES: [(&str, &str); 8] = [
    ("live", "main .cards"),
    ("leaks", "[data-testid='leak-row']"),
    ("flame", "[data-testid='flame']"),
    ("map", "[data-testid='map']"),
    ("records", "main:has(.histogram) .record"),
    ("compare", "[data-testid='before']"),
    ("device", ".facts"),
    ("fleet", "main .fleet-empty, main .fleet"),
];
/// The same of what is compared, and of a page from which one comes back to it.
const COMPARED_PAGES: [(&str, &str); 2] = [
    ("device", "[data-testid='capture-input']"),
    ("compare", "[data-testid='change-row']"),
];

/// A part of the time that is chosen, the edge where it begins, and what an edge says of where it is.
const CHOOSE: &str = "[data-testid='choose-time']";
const CHOSEN: &str = "[data-testid='chosen']";
const CHIP: &str = "[data-testid='span-chip']";
const CLEAR: &str = "[data-testid='span-chip'] button";
const BEGIN: &str = ".chart .edge";
const PLACE: &str = "aria-valuenow";
/// Events that a device tells each second while somebody types.
const PER_SECOND: u64 = 5_000;

/// Answers that took too long.
#[derive(Default)]
pub(super) struct Answers {
    slow: Vec<String>,
}

impl Answers {
    fn take(&mut self, what: &str, ms: f64) {
        println!("{ms:6.1} ms: {what}");
        if ms > ANSWER_MS {
            self.slow.push(format!("{what}: {ms:.1} ms"));
        }
    }

    /// Goes to some pages by turns.
    async fn time_pages<const N: usize>(
        &mut self,
        page: &Page,
        pages: [(&str, &str); N],
    ) -> WebDriverResult<()> {
        let mut taken = [[0.0; ROUNDS]; N];
        for round in 0..ROUNDS {
            for (taken, (name, shown)) in taken.iter_mut().zip(pages) {
                let before = page.work_ms().await?;
                page.go(name).await?;
                page.element(shown).await?;
                taken[round] = page.work_ms().await? - before;
            }
        }
        for ((name, _), taken) in pages.iter().zip(taken) {
            self.take(&format!("go to {name}"), least(taken));
        }
        Ok(())
    }

    /// Does what there is to do on each page.
    async fn time_inputs(&mut self, page: &Page) -> WebDriverResult<()> {
        for (name, shown, inputs) in INPUTS {
            page.go(name).await?;
            page.element(shown).await?;
            self.time_turns(page, name, inputs).await?;
        }
        Ok(())
    }

    /// Does the one and the other by turns.
    async fn time_turns(&mut self, page: &Page, name: &str, inputs: &Turns) -> WebDriverResult<()> {
        let mut taken = [[0.0; ROUNDS]; 2];
        for round in 0..ROUNDS {
            for (taken, (css, done)) in taken.iter_mut().zip(inputs) {
                let before = page.work_ms().await?;
                page.click(css).await?;
                page.element(done).await?;
                taken[round] = page.work_ms().await? - before;
            }
        }
        for ((css, _), taken) in inputs.iter().zip(taken) {
            self.take(&format!("{name}: {css}"), least(taken));
        }
        Ok(())
    }

    /// Saves a report.
    async fn time_report(&mut self, page: &Page) -> WebDriverResult<()> {
        page.go("leaks").await?;
        page.element(REPORT).await?;
        let before = page.work_ms().await?;
        page.click(REPORT).await?;
        let ms = page.work_ms().await? - before;
        self.take("save a report", ms);
        Ok(())
    }

    /// Does what there is to do with a comparison of two captures.
    async fn of_comparison(before: &[u8], after: &[u8]) -> WebDriverResult<()> {
        let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
        let page = Page::open(agent.url()).await?;
        let files = Files::new();
        page.go("compare").await?;
        for (side, capture) in [("before", before), ("after", after)] {
            let capture = files.write(&format!("{side}.hbc"), capture);
            page.choose(&format!("[data-testid='capture-{side}']"), &capture)
                .await?;
        }
        page.element("[data-testid='change-row']").await?;
        let mut answers = Self::default();
        answers.time_pages(&page, COMPARED_PAGES).await?;
        for turns in &COMPARED {
            answers.time_turns(&page, "compare", turns).await?;
        }
        answers.assert_soon();
        page.close().await
    }

    fn assert_soon(&self) {
        assert!(self.slow.is_empty(), "{:#?}", self.slow);
    }

    /// Types into a field, which the address has by this name; a letter counts.
    async fn time_letters(
        &mut self,
        page: &Page,
        [name, css, key]: [&str; 3],
    ) -> WebDriverResult<()> {
        page.go(name).await?;
        page.click(css).await?;
        let mut typed = String::new();
        for letter in TYPED.chars() {
            typed.push(letter);
            let before = page.work_ms().await?;
            page.press(letter).await?;
            page.address_with(&format!("{key}={typed}")).await?;
            let ms = page.work_ms().await? - before;
            self.take(&format!("{name}: a letter of {key}"), ms);
        }
        for _ in TYPED.chars() {
            page.press(Key::Backspace).await?;
        }
        Ok(())
    }

    /// Chooses a part of the time, and moves its edge.
    async fn time_brush(&mut self, page: &Page) -> WebDriverResult<()> {
        page.go("live").await?;
        page.element(CHOOSE).await?;
        let mut taken = [0.0; ROUNDS];
        for taken in &mut taken {
            let before = page.work_ms().await?;
            page.click(CHOOSE).await?;
            page.element(CHOSEN).await?;
            *taken = page.work_ms().await? - before;
            page.press(Key::Escape).await?;
            page.gone(CHOSEN).await?;
        }
        self.take("choose a time", least(taken));
        page.click(CHOOSE).await?;
        let mut taken = [0.0; ROUNDS];
        for (taken, key) in taken.iter_mut().zip([Key::Left, Key::Right, Key::Left]) {
            let there = page.element(BEGIN).await?.attr(PLACE).await?;
            let there = there.unwrap_or_default();
            let before = page.work_ms().await?;
            page.press(key).await?;
            page.element(&format!("{BEGIN}:not([{PLACE}='{there}'])"))
                .await?;
            *taken = page.work_ms().await? - before;
        }
        self.take("move an edge of a time", least(taken));
        page.click(CLEAR).await?;
        page.gone(CHIP).await
    }

    pub(super) async fn all(page: &Page) -> WebDriverResult<()> {
        let mut answers = Self::default();
        answers.time_pages(page, PAGES).await?;
        answers.time_inputs(page).await?;
        answers.time_report(page).await?;
        for field in FIELDS {
            answers.time_letters(page, field).await?;
        }
        answers.time_brush(page).await?;
        answers.assert_soon();
        Ok(())
    }
}

/// Returns the least of some times of a processor: whoever else is at work only adds to them.
fn least(taken: [f64; ROUNDS]) -> f64 {
    taken.into_iter().fold(f64::INFINITY, f64::min)
}

/// Opens a capture.
async fn opened(name: &str, capture: &[u8]) -> WebDriverResult<(Process, Page)> {
    let agent = Process::start(&["--dashboard", &bundle(), "--no-demo"]);
    let page = Page::open(agent.url()).await?;
    let files = Files::new();
    page.go("device").await?;
    page.choose(CAPTURE, &files.write(name, capture)).await?;
    page.element_with("[data-testid='file-banner']", name)
        .await?;
    Ok((agent, page))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_of_many_blocks_and_call_stacks_answers_within_a_tenth_of_a_second()
-> WebDriverResult<()> {
    let (_agent, page) = opened("scattered.hbc", &scattered(BLOCKS, STACKS)).await?;
    Answers::all(&page).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_of_many_blocks_and_call_stacks_answers_within_a_tenth_of_a_second()
-> WebDriverResult<()> {
    let [before, after] = [BLOCKS, BLOCKS + BLOCKS / 2].map(|blocks| scattered(blocks, STACKS));
    Answers::of_comparison(&before, &after).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_of_a_million_events_answers_within_a_tenth_of_a_second() -> WebDriverResult<()>
{
    let [before, after] = [EVENTS, EVENTS + EVENTS / 8].map(|events| {
        let flood = Flood {
            events,
            per_second: None,
        };
        flood.saved()
    });
    Answers::of_comparison(&before, &after).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_of_a_million_events_answers_within_a_tenth_of_a_second() -> WebDriverResult<()> {
    let flood = Flood {
        events: EVENTS,
        per_second: None,
    };
    let (_agent, page) = opened("events.hbc", &flood.saved()).await?;
    Answers::all(&page).await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn typing_while_events_come_is_answered_within_a_tenth_of_a_second() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle()]);
    let client = agent.client();
    client.command("/trace/init", r#"{"destination":"to_host"}"#);
    client.command("/trace/start?mode=leaks", "");
    let flood = Flood {
        events: EVENTS,
        per_second: Some(PER_SECOND),
    };
    let page = Page::open(&flood.before(&client)).await?;
    page.element_with("[data-testid='passing'] .note", "events")
        .await?;
    let mut answers = Answers::default();
    for field in FIELDS {
        answers.time_letters(&page, field).await?;
    }
    answers.assert_soon();
    page.close().await
}
