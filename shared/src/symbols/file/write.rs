use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use miniz_oxide::deflate::compress_to_vec_zlib;

use super::tables::{Rows, Statics, Tables};
use super::{MOST_BUILD_ID, functions};
use crate::symbol_file::{MAGIC, VERSION, VERSION_WITH_FUNCTIONS};
use crate::symbols::{BuildId, Frame, Symbols};

/// How hard it is tried: the most that is not absurdly slow.
const LEVEL: u8 = 9;

/// Writes a symbol file, with functions if these are wanted.
pub(in crate::symbols) fn pack(symbols: &Symbols, with_functions: bool) -> Vec<u8> {
    let runs: Vec<_> = runs(symbols).collect();
    let functions = with_functions.then(|| functions::written(runs.iter().map(function)));
    let names = Names::of(symbols, &runs);
    let mut packer = Packer::new(&names);
    for (address, frames) in &runs {
        packer.row(*address, frames);
    }
    let mut tables = packer.finish();
    tables.has_lines = symbols.has_debug_info();
    tables.missing = symbols.missing().iter().map(ToString::to_string).collect();
    tables.statics = statics(symbols, &names);
    tables.pools = symbols.pools();
    tables.names = names.text();
    written(symbols.build_id(), &tables, functions.as_deref())
}

fn written(build_id: Option<&BuildId>, tables: &Tables, functions: Option<&[u8]>) -> Vec<u8> {
    // Linkers write 20 bytes; one that is too long to be told is none.
    let build_id = build_id.map(BuildId::as_bytes).unwrap_or_default();
    let build_id = match build_id.len() {
        0..=MOST_BUILD_ID => build_id,
        _ => &[],
    };
    // Writing plain structures into memory does not fail.
    let tables = postcard::to_allocvec(tables).unwrap_or_default();
    let packed = compress_to_vec_zlib(&tables, LEVEL);
    let bytes_of = |content: &[u8]| {
        u32::try_from(content.len())
            .unwrap_or(u32::MAX)
            .to_le_bytes()
    };
    let len = u8::try_from(build_id.len()).unwrap_or_default();
    let version = match functions {
        Some(_) => VERSION_WITH_FUNCTIONS,
        None => VERSION,
    };
    let mut file = [
        &MAGIC[..],
        &[version, len],
        build_id,
        &bytes_of(&tables),
        &bytes_of(&packed),
    ]
    .concat();
    file.extend(functions.map(bytes_of).into_iter().flatten());
    file.extend_from_slice(&packed);
    file.extend_from_slice(functions.unwrap_or_default());
    file
}

/// An address, and the frames that are found from there on.
type Run = (u64, Vec<Frame>);

/// Returns where other frames begin than before, and which.
fn runs(symbols: &Symbols) -> impl Iterator<Item = Run> {
    let mut before = alloc::vec![Frame::default()];
    let boundaries = symbols.boundaries().into_iter();
    boundaries.filter_map(move |address| {
        let mut frames = symbols.frames(address);
        for frame in &mut frames {
            frame.address = 0;
            frame.column = None;
        }
        (frames != before).then(|| {
            before.clone_from(&frames);
            (address, frames)
        })
    })
}

/// Returns which function is found from an address on: the outermost frame's, which the others are inlined into.
fn function((address, frames): &Run) -> (u64, Option<&str>) {
    let outermost = frames.last();
    (
        *address,
        outermost.and_then(|frame| frame.function.as_deref()),
    )
}

/// All names of a program, each once, and their numbers.
struct Names(BTreeMap<String, u32>);

impl Names {
    fn of(symbols: &Symbols, runs: &[Run]) -> Self {
        let mut names = BTreeSet::new();
        for frame in runs.iter().flat_map(|(_, frames)| frames) {
            let of_frame = frame.function.iter().chain(&frame.file);
            names.extend(of_frame.chain(&frame.shared_with).map(String::as_str));
        }
        let statics: Vec<_> = symbols.table().statics().map(|(_, name)| name).collect();
        names.extend(statics.iter().map(String::as_str));
        // What ends a name is in none.
        names.retain(|name| !name.contains('\0'));
        let names = names.into_iter().map(String::from);
        Self(names.zip(1..).collect())
    }

    /// Returns the number of a name; 0 where there is none.
    fn number(&self, name: Option<&str>) -> u32 {
        let number = name.and_then(|name| self.0.get(name));
        number.copied().unwrap_or(0)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for name in self.0.keys() {
            text.push_str(name);
            text.push('\0');
        }
        text
    }
}

/// Function and file, as names.
type Body = (u32, u32);

/// A frame, as it is told from others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Placed {
    /// Counted from 1; 0 is none.
    caller: u32,
    body: Body,
    line: Option<u32>,
    shared: Vec<u32>,
}

/// Gathers rows.
struct Packer<'n> {
    names: &'n Names,
    rows: Rows,
    /// Address and frame of the last row.
    last: (u64, u32),
    /// The frames, numbered from 1.
    known: BTreeMap<Placed, u32>,
    /// The frames by number.
    frames: Vec<Placed>,
}

impl<'n> Packer<'n> {
    fn new(names: &'n Names) -> Self {
        Self {
            names,
            rows: Rows::default(),
            last: (0, 0),
            known: BTreeMap::new(),
            frames: Vec::new(),
        }
    }

    fn row(&mut self, address: u64, frames: &[Frame]) {
        let outermost_first = frames.iter().rev();
        let frame = outermost_first.fold(0, |caller, frame| self.number(caller, frame));
        self.rows.distance.push(address - self.last.0);
        self.rows
            .frame
            .push(i64::from(frame) - i64::from(self.last.1));
        self.last = (address, frame);
    }

    /// Returns the number of a frame; 0 for one of which nothing is known.
    fn number(&mut self, caller: u32, frame: &Frame) -> u32 {
        if caller == 0 && *frame == Frame::default() {
            return 0;
        }
        let name = |name: &Option<String>| self.names.number(name.as_deref());
        let shared = frame.shared_with.iter();
        let placed = Placed {
            caller,
            body: (name(&frame.function), name(&frame.file)),
            line: frame.line,
            shared: shared.map(|name| self.names.number(Some(name))).collect(),
        };
        if let Some(number) = self.known.get(&placed) {
            return *number;
        }
        self.frames.push(placed.clone());
        let number = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        self.known.insert(placed, number);
        number
    }

    fn finish(self) -> Tables {
        let mut tables = Tables {
            rows: self.rows,
            ..Tables::default()
        };
        let first_lines = first_lines(&self.frames);
        let mut bodies = BTreeMap::new();
        for (index, (body, first_line)) in (0..).zip(&first_lines) {
            bodies.insert(*body, (index, *first_line));
            tables.bodies.function.push(body.0);
            tables.bodies.file.push(body.1);
            tables.bodies.first_line.push(*first_line);
        }
        for (number, frame) in (1..).zip(self.frames) {
            let (body, first_line) = bodies.get(&frame.body).copied().unwrap_or_default();
            let line = frame.line.map_or(0, |line| line - first_line + 1);
            tables.frames.caller.push(match frame.caller {
                0 => 0,
                caller => number - caller,
            });
            tables.frames.body.push(body);
            tables.frames.line.push(line);
            if !frame.shared.is_empty() {
                tables.shared.push((number, frame.shared));
            }
        }
        tables
    }
}

/// Returns the first line that each body has a frame at.
fn first_lines(frames: &[Placed]) -> BTreeMap<Body, u32> {
    let mut first = BTreeMap::new();
    for frame in frames {
        let line = first.entry(frame.body).or_insert(u32::MAX);
        *line = frame.line.map_or(*line, |own| own.min(*line));
    }
    first
}

fn statics(symbols: &Symbols, names: &Names) -> Statics {
    let mut statics = Statics::default();
    let mut last = 0;
    let mut seen = BTreeSet::new();
    for (range, name) in symbols.table().statics() {
        // Of two that lie at the same place, the first is told.
        if !seen.insert((range.start, range.end)) {
            continue;
        }
        statics.distance.push(range.start - last);
        statics.size.push(range.end - range.start);
        statics.name.push(names.number(Some(&name)));
        last = range.start;
    }
    statics
}
