//! What each library takes of the page's programs: by how much the packed program is smaller without its functions.

use std::collections::BTreeMap;
use std::env;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::tools;
use crate::workspace::Workspace;

/// The programs of the page, each with its features, and what they are compiled for.
const PROGRAMS: [(&str, &str); 2] = [("heapbeacon-dashboard", ""), ("heapbeacon-worker", "elf")];
const TARGET: &str = "wasm32-unknown-unknown";

/// Bytes before the first section of a program.
const HEAD: usize = 8;
/// Kinds of sections, of what is imported, and of names.
const CUSTOM: u8 = 0;
const IMPORTS: u8 = 2;
const CODE: u8 = 10;
const FUNCTION: u8 = 0;
const FUNCTION_NAMES: u8 = 1;

/// What crates are told as that came with another one, or that nobody can do without.
const OWN: &str = "HeapBeacon's own";
const RUST: &str = "Rust's core, alloc and std";
const SERDE: &str = "serde, serde_json, and what they derive";
const FAMILIES: [(&str, &[&str]); 7] = [
    (
        OWN,
        &[
            "heapbeacon_dashboard",
            "heapbeacon_shared",
            "heapbeacon_worker",
        ],
    ),
    (
        RUST,
        &[
            "alloc",
            "core",
            "std",
            "hashbrown",
            "dlmalloc",
            "compiler_builtins",
            "__rustc",
        ],
    ),
    (
        SERDE,
        &[
            "serde",
            "serde_core",
            "serde_json",
            "itoa",
            "memchr",
            "zmij",
        ],
    ),
    (
        "leptos",
        &[
            "any_spawner",
            "const_str_slice_concat",
            "either_of",
            "guardian",
            "hydration_context",
            "indexmap",
            "leptos",
            "leptos_dom",
            "leptos_server",
            "next_tuple",
            "oco_ref",
            "or_poisoned",
            "reactive_graph",
            "reactive_stores",
            "rustc_hash",
            "send_wrapper",
            "server_fn",
            "slotmap",
            "tachys",
            "throw_error",
        ],
    ),
    (
        "wasm-bindgen, js-sys, web-sys",
        &["js_sys", "wasm_bindgen", "wasm_bindgen_futures", "web_sys"],
    ),
    (
        "gloo-net, gloo-timers",
        &["bytes", "gloo_net", "gloo_timers", "gloo_utils", "http"],
    ),
    (
        "futures, async-lock",
        &[
            "async_lock",
            "concurrent_queue",
            "event_listener",
            "event_listener_strategy",
            "futures",
            "futures_channel",
            "futures_core",
            "futures_executor",
            "futures_sink",
            "futures_task",
            "futures_util",
            "parking",
            "pin_project",
            "slab",
        ],
    ),
];

/// A program in the format of WebAssembly.
struct Program {
    /// Without the names of functions, as it is served.
    bytes: Vec<u8>,
    functions: Vec<Function>,
}

/// A function of a program: where its body is, and what it is called.
#[derive(Debug, PartialEq)]
struct Function {
    body: Range<usize>,
    name: String,
}

/// Builds the page's programs with names of their functions, and prints what each library takes of them.
///
/// # Errors
/// When one does not build.
pub(crate) fn print(workspace: &Workspace) -> Result<()> {
    tools::ensure_dashboard_tools(workspace)?;
    for (name, features) in PROGRAMS {
        let program = Program::read(&build(workspace, name, features)?)
            .with_context(|| format!("{name} can't be read"))?;
        let all = heapbeacon_bundle::lzma(&program.bytes)?.len();
        println!("{all:>9}  {name}, bytes packed; of that, what is gone without the functions of");
        for (bytes, count, library) in weighed(&program, all)? {
            println!("{bytes:>9}  {library} ({count} functions)");
        }
    }
    Ok(())
}

/// Returns what each library takes of a program in packed bytes, how many functions it has there, and its name, those first that take most.
fn weighed(program: &Program, all: usize) -> Result<Vec<(usize, usize, &str)>> {
    let mut by_library: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
    for function in &program.functions {
        let library = library_of(&function.name);
        by_library.entry(library).or_default().push(function);
    }
    let mut weighed = Vec::new();
    for (library, functions) in by_library {
        let left = heapbeacon_bundle::lzma(&program.without(&functions))?.len();
        weighed.push((all.saturating_sub(left), functions.len(), library));
    }
    weighed.sort_unstable_by(|a, b| b.cmp(a));
    Ok(weighed)
}

/// Builds a program as it is released, but for the names, and has wasm-bindgen take out what is of no use. Only the program itself is
/// compiled anew for that.
fn build(workspace: &Workspace, name: &str, features: &str) -> Result<Vec<u8>> {
    let shell = &workspace.shell;
    cmd!(
        shell,
        "cargo rustc --locked --package {name} --bin {name} --features {features} --profile web --target {TARGET} -- -Cstrip=debuginfo"
    )
    .run()
    .with_context(|| format!("{name} does not build"))?;
    let results = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let results = workspace.path("").join(results).join(TARGET).join("web");
    let program = results.join(name).with_extension("wasm");
    let bound = results.join("libraries");
    cmd!(
        shell,
        "wasm-bindgen --target web --no-typescript --out-dir {bound} {program}"
    )
    .run()?;
    let program = bound.join(format!("{name}_bg.wasm"));
    Ok(shell.read_binary_file(program)?)
}

impl Program {
    /// Finds the functions of a program that has their names behind them.
    fn read(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader { bytes, at: HEAD };
        let (mut imported, mut bodies, mut names) = (0, Vec::new(), Vec::new());
        let mut end = bytes.len();
        while reader.at < bytes.len() {
            let start = reader.at;
            let kind = reader.byte()?;
            let size = reader.number()?;
            let mut section = reader.part(size)?;
            match kind {
                IMPORTS => imported = section.imports()?,
                CODE => bodies = section.bodies()?,
                CUSTOM if section.text()? == "name" => {
                    names = section.names()?;
                    end = end.min(start);
                }
                _ => {}
            }
        }
        if names.is_empty() {
            bail!("its functions have no names");
        }
        let named = names.into_iter().filter_map(|(index, name)| {
            let body = bodies.get(index.checked_sub(imported)?)?.clone();
            Some(Function { body, name })
        });
        Ok(Self {
            functions: named.collect(),
            bytes: bytes[..end].to_vec(),
        })
    }

    /// Returns its bytes without some functions.
    fn without(&self, functions: &[&Function]) -> Vec<u8> {
        let mut left = Vec::new();
        let mut at = 0;
        let mut bodies: Vec<_> = functions.iter().map(|function| &function.body).collect();
        bodies.sort_unstable_by_key(|body| body.start);
        for body in bodies {
            left.extend_from_slice(&self.bytes[at..body.start]);
            at = body.end;
        }
        left.extend_from_slice(&self.bytes[at..]);
        left
    }
}

/// Bytes of WebAssembly, and how far they are read.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn byte(&mut self) -> Result<u8> {
        let byte = self.bytes.get(self.at).context("it ends early")?;
        self.at += 1;
        Ok(*byte)
    }

    /// Reads an unsigned number, of seven bits a byte.
    fn number(&mut self) -> Result<usize> {
        let mut number = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        bail!("a number has no end")
    }

    /// Returns what reads a part of that many bytes, and goes behind it.
    fn part(&mut self, size: usize) -> Result<Self> {
        let start = self.at;
        self.at = start.saturating_add(size);
        let bytes = self.bytes.get(..self.at).context("it ends early")?;
        Ok(Self { bytes, at: start })
    }

    fn text(&mut self) -> Result<&'b str> {
        let size = self.number()?;
        let part = self.part(size)?;
        Ok(std::str::from_utf8(&part.bytes[part.at..])?)
    }

    /// Counts the functions that are imported, as all is that wasm-bindgen lets a program import.
    fn imports(&mut self) -> Result<usize> {
        let count = self.number()?;
        for _ in 0..count {
            self.text()?;
            let field = self.text()?;
            if self.byte()? != FUNCTION {
                bail!("`{field}` is imported, and no function");
            }
            self.number()?;
        }
        Ok(count)
    }

    fn bodies(&mut self) -> Result<Vec<Range<usize>>> {
        let count = self.number()?;
        let bodies = (0..count).map(|_| {
            let size = self.number()?;
            let part = self.part(size)?;
            Ok(part.at..self.at)
        });
        bodies.collect()
    }

    /// Reads the names of functions, each with the index of its function.
    fn names(&mut self) -> Result<Vec<(usize, String)>> {
        while self.at < self.bytes.len() {
            let kind = self.byte()?;
            let size = self.number()?;
            let mut part = self.part(size)?;
            if kind == FUNCTION_NAMES {
                let count = part.number()?;
                let name = |_| Ok((part.number()?, part.text()?.to_owned()));
                return (0..count).map(name).collect();
            }
        }
        bail!("its functions have no names")
    }
}

/// Returns what a function is counted to: the crate that has it, or its family. What a derive macro writes is counted to its library, and
/// what a library does with a type of Rust's own to the library.
fn library_of(name: &str) -> &str {
    let (own, of) = name.split_once(" as ").unwrap_or((name, ""));
    let named = crates_in(own).chain(crates_in(of)).map(family_of);
    let named: Vec<_> = named.collect();
    let derived = named.iter().find(|family| **family == SERDE);
    let other = || named.iter().find(|family| **family != RUST);
    let own = derived.or_else(other).or(named.first());
    own.copied().unwrap_or("no crate")
}

fn family_of(name: &str) -> &str {
    let family = FAMILIES.iter().find(|(_, crates)| crates.contains(&name));
    family.map_or(name, |(family, _)| family)
}

/// Returns the first crate that each part of a name has in it: what stands before the first `::` of a path, without its hash.
fn crates_in(name: &str) -> impl Iterator<Item = &str> {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let ends = name.match_indices("::").map(|(end, _)| &name[..end]);
    let crates = ends.filter_map(move |before| {
        let hashed = before.strip_suffix(']').and_then(|it| it.rsplit_once('['));
        let before = hashed.map_or(before, |(before, _)| before);
        let start = before
            .rfind(|letter| !is_of_name(letter))
            .map_or(0, |at| at + 1);
        let is_first = start < before.len() && !before[..start].ends_with("::");
        is_first.then(|| &before[start..])
    });
    crates.take(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_counted_to_the_crate_that_brought_it() {
        for (name, library) in [
            (
                "heapbeacon_dashboard::pages::leaks::found::he6a83605374bbcb0",
                OWN,
            ),
            ("core[c5930c85a12de822]::fmt::float::float_to_decimal", RUST),
            (
                "<core::iter::Map<I,F> as core::iter::Iterator>::next::h13",
                RUST,
            ),
            (
                "tachys::reactive_graph::<impl tachys::view::Render for F>::build::{{closure}}",
                "leptos",
            ),
            (
                "<alloc::sync::Arc<dyn core::ops::Fn<()>> as leptos::children::ToChildren<F>>::to_children",
                "leptos",
            ),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::deserialize_map",
                SERDE,
            ),
            (
                "<heapbeacon_shared::wire::Message as serde_core::de::Visitor>::visit_enum",
                SERDE,
            ),
            (
                "<event_listener::Event as core::ops::Drop>::drop",
                "futures, async-lock",
            ),
            ("somebody::f", "somebody"),
            ("memcpy", "no crate"),
        ] {
            assert_eq!(library_of(name), library, "{name}");
        }
    }

    /// A program of two functions, one of which is imported.
    const PROGRAM: &[u8] = b"\0asm\x01\0\0\0\
        \x02\x07\x01\x01m\x01f\x00\x00\
        \x0a\x05\x01\x03\x00\x41\x0b\
        \x00\x0e\x04name\x01\x07\x02\x00\x01f\x01\x01g";

    #[test]
    fn a_program_is_read_with_the_names_of_its_functions() {
        let program = Program::read(PROGRAM).expect("it is whole");
        let body = program.functions[0].body.clone();
        assert_eq!(program.functions.len(), 1);
        assert_eq!(program.functions[0].name, "g");
        assert_eq!(&program.bytes[body], b"\x00\x41\x0b");
        let left = program.without(&[&program.functions[0]]);
        assert_eq!(left.len(), program.bytes.len() - 3);
        assert!(!program.bytes.ends_with(b"g"), "names are not served");
    }

    #[test]
    fn what_is_cut_or_has_no_names_is_an_error() {
        for end in [9, 20, 28, PROGRAM.len() - 1] {
            assert!(Program::read(&PROGRAM[..end]).is_err(), "{end}");
        }
    }
}
