//! What a capture shows as one HTML file that loads nothing: for a ticket, or for paper.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::flame::flame;
use super::pictures::{Moment, maps, timeline};
use super::text::{escaped, shortened};
use super::version::{Site, Version};
use crate::api::{Device, Heap, Record};
use crate::trace::{Births, Kind, Region, Summary};
use crate::words::{bytes, count, duration, percent, plural, signed_bytes};

/// Call sites that are listed at most, and frames of each.
const SITES: usize = 25;
const FRAMES: usize = 24;
/// Leaks that the sentence names.
const NAMED: usize = 4;

/// Nothing but its own style is taken, whatever a name may say.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("report.css");

/// What a report is made of.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    /// The call sites.
    pub version: &'r Version,
    /// The device.
    pub device: &'r Device,
    /// The regions of its heap.
    pub heap: &'r Heap,
    /// How full that was over time, oldest first; none where it is not known.
    pub moments: &'r [Moment],
    /// When boots began, on the same line of time; it may have more than one.
    pub boots_us: &'r [u64],
    /// The records, as far as they were read.
    pub records: &'r [Record],
    /// How long before the rest they were read, in microseconds.
    pub records_age_us: u64,
    /// What is said of it before anything else, where that is known better than from these numbers: a sentence, and more of them.
    pub verdict: Option<&'r [String]>,
    /// What is missing, in sentences.
    pub losses: &'r [String],
}

impl Report<'_> {
    /// Writes the file.
    pub fn html(&self) -> String {
        let name = match self.device.name.as_str() {
            "" => self.version.title.as_str(),
            name => name,
        };
        let title = format!("Heap report of {}", escaped(&shortened(name)));
        [
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n".to_owned(),
            format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n"),
            "<meta name=\"viewport\" content=\"width=device-width\">\n".to_owned(),
            format!("<title>{title}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n"),
            self.about(),
            self.verdict(),
            self.heap(),
            timeline(self.moments, self.boots_us),
            maps(self.heap, self.records, self.records_age_us),
            flame(&self.version.sites),
            self.sites(),
            self.counters(),
            "<footer>Made by HeapBeacon. This file loads nothing.</footer>\n</main>\n</html>\n"
                .to_owned(),
        ]
        .concat()
    }

    fn about(&self) -> String {
        let (version, device) = (self.version, self.device);
        let build = match version.build_id.is_empty() {
            true => "unknown".to_owned(),
            false => version.build_id.to_string(),
        };
        let told = [
            ("Source", version.title.clone()),
            ("Firmware", version.firmware.clone()),
            ("Build", build),
            ("Chip", device.chip.to_string()),
            ("Up for", duration(version.summary.time_us)),
            ("Recorded for", duration(version.known_us)),
        ];
        let told = told.iter().filter(|(_, value)| !value.is_empty());
        let told =
            told.map(|(name, value)| format!("<dt>{name}<dd>{}\n", escaped(&shortened(value))));
        format!("<dl>\n{}</dl>\n", told.collect::<String>())
    }

    fn verdict(&self) -> String {
        let own;
        let sentences = match self.verdict {
            Some(sentences) => sentences,
            None => {
                own = [self.conclusion()];
                &own[..]
            }
        };
        let (first, rest) = sentences
            .split_first()
            .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let tone = if self.leaks().next().is_some() {
            " bad"
        } else {
            ""
        };
        let rest = rest
            .iter()
            .map(|sentence| format!("<p>{}</p>\n", escaped(sentence)));
        let losses = self.version.losses();
        let losses = losses.iter().chain(self.losses);
        let losses = losses.map(|loss| format!("<p class=\"loss\">{}</p>\n", escaped(loss)));
        format!(
            "<section class=\"verdict{tone}\">\n<h2>{}</h2>\n{}{}</section>\n",
            escaped(first),
            rest.collect::<String>(),
            losses.collect::<String>()
        )
    }

    fn leaks(&self) -> impl Iterator<Item = &Site> {
        self.version
            .sites
            .iter()
            .filter(|site| site.holding.leaks())
    }

    /// Says what the numbers of one moment show.
    fn conclusion(&self) -> String {
        let leaks = self.leaks().map(|site| {
            let rate = site.holding.bytes_per_minute;
            match rate {
                0 => shortened(&site.name),
                _ => format!(
                    "{} ({}/min)",
                    shortened(&site.name),
                    signed_bytes(rate as f64)
                ),
            }
        });
        let mut leaks: Vec<_> = leaks.collect();
        let number = leaks.len();
        if number > NAMED {
            leaks.truncate(NAMED);
            leaks.push(format!("and {} more", number - NAMED));
        }
        let held = format!(
            "{} in {} of {}",
            bytes(self.version.bytes()),
            plural(self.version.blocks(), "block"),
            plural(self.version.sites.len() as u64, "call site")
        );
        match number {
            0 => format!("Nothing here says leak; {held} are live."),
            number => format!(
                "{} {}: {}. {held} are live.",
                plural(number as u64, "call site"),
                if number == 1 { "leaks" } else { "leak" },
                leaks.join(", ")
            ),
        }
    }

    fn heap(&self) -> String {
        if self.heap.regions.is_empty() {
            return String::new();
        }
        let regions = self.heap.regions.iter().map(region);
        let failed = match self.heap.failed_allocations {
            0 => String::new(),
            failed => format!(
                "<p class=\"loss\">{} failed, of {} in all.</p>\n",
                plural(failed, "allocation"),
                bytes(self.heap.failed_bytes)
            ),
        };
        format!(
            "<h2>Heap</h2>\n<table>\n<thead><tr><th>Region<th class=\"bar\">Share<th>Used<th>Free<th>Least free<th>Largest block</thead>\n\
             {}</table>\n{failed}",
            regions.collect::<String>()
        )
    }

    fn sites(&self) -> String {
        let sites = &self.version.sites;
        let most = sites.first().map_or(0, |site| site.holding.bytes);
        // Those that leak come first, whatever they hold.
        let (leaks, others): (Vec<_>, Vec<_>) = sites.iter().partition(|site| site.holding.leaks());
        let rows = leaks.into_iter().chain(others).take(SITES);
        let rows = rows.map(|site| site_row(site, most));
        let more = sites.len().saturating_sub(SITES);
        let more = match more {
            0 => String::new(),
            more => format!(
                "<p>{} more are not listed.</p>\n",
                plural(more as u64, "call site")
            ),
        };
        format!(
            "<h2>Who holds memory</h2>\n<table>\n<thead><tr><th>Call site<th class=\"bar\">Share<th>Live<th>Blocks<th>Outlived\
             <th class=\"when\">When allocated<th>Verdict</thead>\n{}</table>\n{more}",
            rows.collect::<String>()
        )
    }

    fn counters(&self) -> String {
        let Summary {
            total_allocations,
            matched_frees,
            unmatched_frees,
            wrong_frees,
            evicted_live,
            dropped,
            ..
        } = self.version.summary;
        let told = [
            ("Allocations", total_allocations),
            ("Frees", matched_frees.saturating_add(unmatched_frees)),
            ("Wrong frees", wrong_frees),
            ("Live records given up for room", evicted_live),
            ("Events that never arrived", dropped),
        ];
        let told = told.map(|(name, number)| format!("<dt>{name}<dd>{}\n", count(number)));
        format!("<h2>Counters</h2>\n<dl>\n{}</dl>\n", told.concat())
    }
}

fn region(region: &Region) -> String {
    format!(
        "<tr><th>{}<td class=\"bar\"><i style=\"width:{}\"></i><td>{}<td>{}<td>{}<td>{}\n",
        escaped(&region.name),
        percent(region.used, region.size),
        bytes(region.used),
        bytes(region.free),
        bytes(region.minimum_free),
        bytes(region.largest_free_block)
    )
}

fn site_row(site: &Site, most: u64) -> String {
    let holding = &site.holding;
    let frames = site.stack.iter().take(FRAMES);
    let frames: Vec<_> = frames.map(|frame| escaped(&shortened(frame))).collect();
    let tone = if holding.leaks() {
        " class=\"bad\""
    } else {
        ""
    };
    let rate = match holding.bytes_per_minute {
        0 => String::new(),
        rate => format!("<br>{}/min", signed_bytes(rate as f64)),
    };
    format!(
        "<tr{tone}><th><code>{}</code><br><small>{}</small>\n<details><summary>Call stack</summary><pre>{}</pre></details>\
         <td class=\"bar\"><i style=\"width:{}\"></i><td>{}<td>{}<td>{}<td class=\"when\">{}<td>{}{rate}\n",
        escaped(&shortened(&site.name)),
        escaped(&shortened(site.at.as_deref().unwrap_or_default())),
        frames.join("\n"),
        percent(holding.bytes, most),
        bytes(holding.bytes),
        count(holding.count),
        bytes(holding.outlived_bytes),
        births(&site.births),
        word(holding.kind)
    )
}

/// Draws when the live blocks were allocated: a leak goes on, and what was allocated once is a line.
fn births(births: &Births) -> String {
    let most = births.counts.iter().copied().max().unwrap_or(0).max(1);
    let bars = births.counts.iter().enumerate();
    let bars = bars
        .filter(|(_, blocks)| **blocks > 0)
        .map(|(slice, blocks)| {
            let height = 1 + u64::from(*blocks) * 19 / u64::from(most);
            format!("M{slice} 20v-{height}")
        });
    let path = bars.collect::<String>();
    let width = births.counts.len().max(1);
    format!(
        "<svg viewBox=\"-0.5 0 {width} 20\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Births of live blocks\">\
         <path d=\"{path}\"/></svg>"
    )
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Leaking => "leaks",
        Kind::Lost => "lost",
        Kind::QueueGrows => "queue grows",
        Kind::Filling => "fills up",
        Kind::GrowsInPlace => "grows in place",
        Kind::Plateau => "steady",
        Kind::InFlight => "in flight",
        Kind::OneOff => "one-off",
        Kind::TooEarly => "too early",
    }
}
