//! Short forms of paths and file names, and what their parts tell.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Shortens the path of a function to its last two parts, without generic arguments.
///
/// `alloc::vec::Vec<T>::push` becomes `Vec::push`, a closure or async block in
/// `app::session::open` becomes `session::open {closure}` or `session::open {async}`, and the
/// embassy task `app::net` becomes `app::net {task}`.
pub fn short_name(function: &str) -> String {
    let mut parts = Vec::new();
    let mut inside = "";
    let mut is_task = false;
    for (index, segment) in segments(function).enumerate() {
        if segment.starts_with('{') {
            inside = match is_task {
                true => "{task}",
                false => generated(segment).unwrap_or(inside),
            };
            is_task = false;
        } else if let Some(task) = task_of(segment) {
            parts.retain(|part| *part != task);
            parts.push(task);
            is_task = true;
        } else if index == 0 && segment.starts_with('<') {
            parts.push(self_type(segment));
        } else if !segment.starts_with('<') {
            // What starts with `<` in the middle of a path is arguments or `<impl A for B>`.
            parts.push(without_arguments(segment));
            inside = "";
        }
    }
    let last_two = parts.len().saturating_sub(2);
    let path = parts[last_two..].join("::");
    match (path.as_str(), inside) {
        (_, "") => path,
        ("", _) => String::from(inside),
        _ => format!("{path} {inside}"),
    }
}

/// Names the embassy task that its macro makes a function of. There are two for the task `net`, one
/// in the other: `__net_task` and `__net_task_inner_function`, whose body is the task.
fn task_of(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix("__")?;
    let name = name.strip_suffix("_inner_function").unwrap_or(name);
    name.strip_suffix("_task").filter(|task| !task.is_empty())
}

/// Describes what a part in braces, made up by the compiler, stands for.
fn generated(segment: &str) -> Option<&'static str> {
    let kind = segment.trim_start_matches('{');
    [
        ("closure", "{closure}"),
        ("async", "{async}"),
        ("shim", "{shim}"),
    ]
    .into_iter()
    .find_map(|(start, meaning)| kind.starts_with(start).then_some(meaning))
}

/// Names the type of `<Type as Trait>`, or the trait where the type is no path, such as `T`.
fn self_type(segment: &str) -> &str {
    let inner = segment.strip_prefix('<').unwrap_or(segment);
    let inner = inner.strip_suffix('>').unwrap_or(inner);
    let (own, of_trait) = match split_outside(inner, " as ") {
        Some((own, of_trait)) => (own, Some(of_trait)),
        None => (inner, None),
    };
    let own = undecorated(own);
    match of_trait {
        _ if own.starts_with('[') => "slice",
        Some(of_trait) if split_outside(own, "::").is_none() => last_part(of_trait),
        _ => last_part(own),
    }
}

fn undecorated(of_type: &str) -> &str {
    let mut rest = of_type;
    while let Some(shorter) = ["&", "*", "mut ", "const ", "dyn "]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = shorter;
    }
    rest
}

fn last_part(path: &str) -> &str {
    let named = segments(path).filter(|segment| !segment.starts_with(['{', '<']));
    named.last().map_or(path, without_arguments)
}

fn without_arguments(segment: &str) -> &str {
    // C++ has functions that are called `operator<`.
    let sign = segment.strip_prefix("operator");
    if sign.is_some_and(|sign| sign.starts_with(|c: char| c.is_ascii_punctuation() && c != '_')) {
        return segment;
    }
    segment.split('<').next().unwrap_or(segment)
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    core::iter::from_fn(move || {
        let path = rest?;
        let (segment, tail) = match split_outside(path, "::") {
            Some((segment, tail)) => (segment, Some(tail)),
            None => (path, None),
        };
        rest = tail;
        Some(segment)
    })
}

/// Splits at the first separator that is outside of all brackets.
fn split_outside<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'<' | b'(' | b'[' | b'{' => depth += 1,
            b'>' if index > 0 && bytes[index - 1] == b'-' => {}
            b'>' | b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ if depth == 0 && bytes[index..].starts_with(separator.as_bytes()) => {
                return Some((&text[..index], &text[index + separator.len()..]));
            }
            _ => {}
        }
    }
    None
}

/// Names the crate of a function: of its type, or where that is a mere `T`, of its trait.
pub(crate) fn crate_of(function: &str) -> Option<&str> {
    let mut rest = function;
    loop {
        let path = undecorated(rest.trim_start_matches(['<', '&', '[', '(']));
        let end = path
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(path.len());
        let (first, tail) = path.split_at(end);
        if tail.starts_with("::") && !first.is_empty() {
            return Some(first);
        }
        if !rest.starts_with('<') {
            return None;
        }
        rest = tail.split_once(" as ")?.1;
    }
}

/// Where a source file belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The standard library, or a crate that comes with it.
    Std,
    /// A crate from a registry or a git repository.
    Dependency,
    /// The user's own folders.
    Own,
}

/// Folders that tell the origin, and how many of the names after them only identify a copy: the
/// compiler's commit, a registry, a checkout.
const ORIGINS: [(&str, Origin, usize); 6] = [
    ("/rustc/", Origin::Std, 2),
    ("/rustlib/src/rust/library/", Origin::Std, 0),
    ("/rust/deps/", Origin::Std, 0),
    ("/registry/src/", Origin::Dependency, 1),
    ("/git/checkouts/", Origin::Dependency, 2),
    ("/vendor/", Origin::Dependency, 0),
];

/// Returns the origin of a file, and its path from the folder of its crate on.
pub(super) fn origin(file: &str) -> (Origin, String) {
    // A compiler on Windows writes backslashes.
    let file = file.replace('\\', "/");
    for (folder, origin, copies) in ORIGINS {
        if let Some((_, inside)) = file.rsplit_once(folder) {
            let path = inside.splitn(copies + 1, '/').nth(copies).unwrap_or(inside);
            return (origin, String::from(path));
        }
    }
    let start = own_start(&file);
    (Origin::Own, String::from(&file[start..]))
}

/// Returns where the last `src` folder starts, or else the last folder.
fn own_start(file: &str) -> usize {
    let source = file.rfind("/src/");
    let folder = || file.rfind('/').and_then(|slash| file[..slash].rfind('/'));
    source.or_else(folder).map_or(0, |slash| slash + 1)
}

/// Shortens a file name to what a reader needs: `src/session.rs:88` of the user's own crates,
/// `crate-1.2.3/src/x.rs:7` of dependencies, `alloc/src/vec/mod.rs:9` of the standard library.
pub fn short_file(file: &str, line: Option<u32>) -> String {
    let (_, path) = origin(file);
    match line {
        Some(line) => format!("{path}:{line}"),
        None => path,
    }
}
