//! The call sites of a leak list, with their names.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::analysis::{Holding, ranked};
use crate::api::{Device, Leak, LeaksPage, Stack, Trace};
use crate::frames::{Frame, Role, StackFrame, SymbolizedStack, short_file, short_name};
use crate::trace::{Address, Births, BuildId, Kind, Origin, Summary, Verdict};
use crate::words::plural;

/// How many addresses name a call stack that has no symbols.
const ADDRESSES_IN_A_NAME: usize = 3;

/// A call site, and what it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Site {
    /// Short name of its function, or addresses.
    pub name: String,
    /// File and line, where they are known.
    pub at: Option<String>,
    /// What it is in its own build, function, file and line: a page colours it by that.
    pub key: String,
    /// What it has in common with itself in another build.
    pub(super) lasting_key: String,
    /// The functions of all of its call stacks.
    pub(super) path: String,
    pub(super) line: u32,
    /// The functions of its first call stack with their lines, innermost first.
    pub stack: Vec<String>,
    /// Those of them that are no library's; its own, where all are.
    pub calls: Vec<String>,
    /// What it holds.
    pub holding: Holding,
    /// When its live blocks were allocated.
    pub births: Births,
}

/// What one firmware holds at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Version {
    /// What it is called, such as the name of a file.
    pub title: String,
    /// Which firmware it is of.
    pub firmware: String,
    /// Its build; empty where that is not known.
    pub build_id: BuildId,
    /// State and counters of its trace.
    pub summary: Summary,
    /// Microseconds since which it is known what was freed.
    pub known_us: u64,
    /// Whether call sites with live blocks are left out.
    pub is_cut: bool,
    /// Whether its functions have names.
    pub has_names: bool,
    /// Its call sites without the agent's own, those with most first.
    pub sites: Vec<Site>,
}

impl Version {
    /// Gathers the call sites of a leak list. `functions` returns those that a call returns to, innermost first, and none where that
    /// is not known.
    pub fn new(
        title: String,
        device: &Device,
        trace: &Trace,
        leaks: &LeaksPage,
        functions: impl FnMut(u64) -> Vec<Frame>,
    ) -> Self {
        let mut gathered = Gathered::new(functions);
        let own = |leak: &&Leak| leak.count > 0 && leak.stack.origin != Origin::Agent;
        leaks
            .leaks
            .iter()
            .filter(own)
            .for_each(|leak| gathered.add(leak));
        let name = format!("{} {}", device.firmware, device.firmware_version);
        Self {
            title,
            firmware: name.trim().to_owned(),
            build_id: device.build_id.clone(),
            summary: trace.summary,
            known_us: leaks.period.known_us(),
            is_cut: !leaks.is_complete(),
            has_names: gathered.has_names,
            sites: gathered.finish(),
        }
    }

    /// Returns what all of its call sites hold.
    pub fn bytes(&self) -> u64 {
        let bytes = self.sites.iter().map(|site| site.holding.bytes);
        bytes.fold(0, u64::saturating_add)
    }

    /// Returns what of it nobody knows, in sentences.
    pub fn losses(&self) -> Vec<String> {
        let Summary {
            evicted_live,
            other_allocations,
            dropped,
            gaps,
            ..
        } = self.summary;
        let told = [
            (
                evicted_live > 0,
                format!(
                    "{} of live blocks gave way to newer ones.",
                    plural(evicted_live, "record")
                ),
            ),
            (
                other_allocations > 0,
                format!(
                    "The table of call stacks was full for {}: nobody knows of which call site they are.",
                    plural(other_allocations, "allocation")
                ),
            ),
            (
                dropped > 0,
                format!("{} never arrived.", plural(dropped, "event")),
            ),
            (
                gaps > 0,
                format!(
                    "Recording was stopped or paused {}: what was allocated meanwhile is missing.",
                    plural(gaps.into(), "time")
                ),
            ),
            (
                self.is_cut,
                "Only call sites that hold most are listed.".to_owned(),
            ),
        ];
        let told = told.into_iter().filter(|(is_so, _)| *is_so);
        told.map(|(_, words)| words).collect()
    }

    /// Returns how many blocks all of its call sites hold.
    pub fn blocks(&self) -> u64 {
        let blocks = self.sites.iter().map(|site| site.holding.count);
        blocks.fold(0, u64::saturating_add)
    }
}

/// Call sites while they are found.
struct Gathered<F> {
    functions: F,
    has_names: bool,
    sites: Vec<(Site, Vec<String>)>,
}

impl<F: FnMut(u64) -> Vec<Frame>> Gathered<F> {
    fn new(functions: F) -> Self {
        Self {
            functions,
            has_names: false,
            sites: Vec::new(),
        }
    }

    fn add(&mut self, leak: &Leak) {
        let (site, path) = self.site_of(&leak.stack);
        let known = self
            .sites
            .iter()
            .position(|(known, _)| known.key == site.key);
        let index = known.unwrap_or_else(|| {
            self.sites.push((site, Vec::new()));
            self.sites.len() - 1
        });
        let (site, paths) = &mut self.sites[index];
        site.holding.add(&holding(leak));
        site.births.join(&leak.births);
        if !paths.contains(&path) {
            paths.push(path);
        }
    }

    /// Returns the call site of a call stack, which holds nothing so far, and the functions that lead to it.
    fn site_of(&mut self, stack: &Stack) -> (Site, String) {
        // Blocks of drivers stay apart, as they do on the page.
        let owner = match stack.origin {
            Origin::Driver => "driver ",
            _ => "",
        };
        let addresses = stack.frames.iter().map(|Address(address)| *address);
        let frames: Vec<_> = addresses
            .clone()
            .flat_map(|address| or_address((self.functions)(address), address))
            .collect();
        let is_named = frames.iter().any(|frame| frame.function.is_some());
        self.has_names |= is_named;
        if !is_named {
            let name = name_by_address(stack);
            let key = addresses.map(|address| Address(address).to_string());
            let key = key.collect::<Vec<_>>().join(" ");
            let key = if key.is_empty() { name.clone() } else { key };
            let site = Site {
                lasting_key: key.clone(),
                stack: alloc::vec![name.clone()],
                calls: alloc::vec![name.clone()],
                name,
                key: [owner, &key].concat(),
                ..Site::default()
            };
            return (site, String::new());
        }
        let stack = SymbolizedStack::new(frames);
        let functions = stack.frames().iter().map(|frame| function_of(&frame.frame));
        let path = functions.collect::<Vec<_>>().join(" < ");
        (named_site(owner, &stack), path)
    }

    fn finish(self) -> Vec<Site> {
        let all = self.sites.len();
        let joined = self.sites.into_iter().map(|(site, paths)| {
            let most = paths.len();
            let path = ranked(paths, most, |a, b| a < b).join("\n");
            Site { path, ..site }
        });
        ranked(joined, all, |a, b| a.holding.bytes > b.holding.bytes)
    }
}

fn holding(leak: &Leak) -> Holding {
    let Verdict {
        kind,
        bytes_per_minute,
        ..
    } = leak.verdict;
    Holding {
        bytes: leak.bytes,
        count: leak.count,
        outlived_bytes: leak.outlived.bytes,
        kind,
        bytes_per_minute: if kind == Kind::Leaking {
            bytes_per_minute
        } else {
            0
        },
    }
}

fn named_site(owner: &str, stack: &SymbolizedStack) -> Site {
    let nothing = Frame::default();
    let site = stack.call_site().map_or(&nothing, |site| &site.frame);
    let function = function_of(site);
    let file = site.file.as_ref().map(|file| short_file(file, None));
    let at = site.file.as_ref().map(|file| short_file(file, site.line));
    let line_of = |frame: &StackFrame| {
        let name = short_name(&function_of(&frame.frame));
        match &frame.frame.file {
            Some(file) => format!("{name}  {}", short_file(file, frame.frame.line)),
            None => name,
        }
    };
    let own = stack
        .frames()
        .iter()
        .filter(|frame| frame.role == Role::Own);
    let mut calls: Vec<_> = own.map(line_of).collect();
    if calls.is_empty() {
        calls.extend(stack.call_site().map(line_of));
    }
    Site {
        name: short_name(&function),
        key: format!("{owner}{function} {}", at.as_deref().unwrap_or_default()),
        lasting_key: format!("{owner}{function} {}", file.unwrap_or_default()),
        at,
        line: site.line.unwrap_or(0),
        stack: stack.frames().iter().map(line_of).collect(),
        calls,
        ..Site::default()
    }
}

fn or_address(frames: Vec<Frame>, address: u64) -> Vec<Frame> {
    match frames.is_empty() {
        true => alloc::vec![Frame {
            address,
            ..Frame::default()
        }],
        false => frames,
    }
}

fn function_of(frame: &Frame) -> String {
    let function = frame.function.clone();
    function.unwrap_or_else(|| Address(frame.address).to_string())
}

/// Names a call stack of which no function is known.
fn name_by_address(stack: &Stack) -> String {
    let frames = stack.frames.iter().take(ADDRESSES_IN_A_NAME);
    let name: Vec<_> = frames.map(Address::to_string).collect();
    match (stack.id, stack.origin) {
        _ if !name.is_empty() => name.join(" ← "),
        (0, _) => "call stacks without room".to_owned(),
        (_, Origin::Driver) => "driver without call stack".to_owned(),
        _ => "unknown call stack".to_owned(),
    }
}
