//! Circles of files: each names only those below it, so that it can be understood without those above.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::LexError;

use super::paths;

/// The folders of sources within which no file may name one that names it, be it by way of others.
pub(super) const FOLDERS: [&str; 9] = [
    "shared/src",
    "agent/src",
    "agent/host/src",
    "agent/firmware/embassy/src",
    "agent/firmware/esp32/src",
    "agent/firmware/esp32-demo/src",
    "agent/firmware/qemu-virt/src",
    "dashboard/src",
    "dashboard/worker/src",
];

/// Which modules each module names.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, BTreeSet<String>>);

impl Names {
    /// Reads the modules of a crate: the path of each, as in `crate::a::b`, and its source.
    ///
    /// # Errors
    /// When a source is not made of Rust's tokens.
    pub(super) fn read(sources: &BTreeMap<Vec<String>, String>) -> Result<Self, LexError> {
        let modules: BTreeSet<_> = sources.keys().map(|module| module.join("::")).collect();
        let mut names = Self::default();
        for (module, source) in sources {
            let home = module.join("::");
            let mentions = paths::mentions(&without_reexports(source), module)?;
            let named = mentions.iter();
            let named = named.filter_map(|mention| module_named(&mention.path, &home, &modules));
            names.0.insert(home.clone(), named.collect());
        }
        Ok(names)
    }

    /// Returns the modules that are in a circle, or between two; none if there is none.
    pub(super) fn circle(mut self) -> Vec<String> {
        loop {
            let left: BTreeSet<_> = self.0.keys().cloned().collect();
            self.0
                .values_mut()
                .for_each(|named| named.retain(|module| left.contains(module)));
            let named: BTreeSet<_> = self.0.values().flatten().cloned().collect();
            self.0
                .retain(|module, names| !names.is_empty() && named.contains(module));
            if self.0.len() == left.len() {
                return left.into_iter().collect();
            }
        }
    }
}

/// Returns the innermost module, other than `home`, that a path named in `home` leads into.
fn module_named(path: &str, home: &str, modules: &BTreeSet<String>) -> Option<String> {
    let from_home = format!("{home}::{path}");
    let mut found = [path, &from_home]
        .into_iter()
        .filter(|path| path.starts_with("crate"))
        .filter_map(|path| innermost(path, modules));
    found.find(|module| *module != home).map(str::to_owned)
}

fn innermost<'p>(mut path: &'p str, modules: &BTreeSet<String>) -> Option<&'p str> {
    while !modules.contains(path) {
        path = path.rsplit_once("::")?.0;
    }
    Some(path)
}

/// Leaves out what a module only hands on.
fn without_reexports(source: &str) -> String {
    let mut is_handed_on = false;
    let lines = source.lines().filter(|line| {
        is_handed_on |= line.starts_with("pub ") || line.starts_with("pub(");
        is_handed_on &= line.contains("use ") || !line.starts_with("pub");
        let is_kept = !is_handed_on;
        is_handed_on &= !line.contains(';');
        is_kept
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circle(sources: &[(&str, &str)]) -> Vec<String> {
        let module = |path: &str| path.split("::").map(str::to_owned).collect();
        let sources = sources
            .iter()
            .map(|(path, source)| (module(path), (*source).to_owned()));
        Names::read(&sources.collect())
            .expect("it is Rust")
            .circle()
    }

    #[test]
    fn files_that_name_each_other_are_a_circle_also_by_way_of_others() {
        let found = circle(&[
            ("crate", "mod a; mod b; mod c;"),
            ("crate::a", "use crate::b::B;"),
            ("crate::b", "fn f() { super::c::g() }"),
            ("crate::c", "use crate::{a::A, d};"),
        ]);
        assert_eq!(found, ["crate::a", "crate::b", "crate::c"]);
    }

    #[test]
    fn a_parent_that_declares_and_hands_on_is_no_part_of_one_but_one_that_uses_is() {
        let child = ("crate::a::b", "use super::Shared;");
        let hands_on =
            "mod b;\npub use b::{\n    B,\n};\npub(crate) use self::b::C;\npub struct Shared;\n";
        assert!(circle(&[("crate::a", hands_on), child]).is_empty());
        let uses = "mod b;\nuse b::B;\npub struct Shared(B);\n";
        assert_eq!(
            circle(&[("crate::a", uses), child]),
            ["crate::a", "crate::a::b"]
        );
    }

    #[test]
    fn what_only_tests_name_makes_no_circle() {
        let found = circle(&[
            ("crate::a", "#[cfg(test)] mod tests { use crate::b::B; }"),
            ("crate::b", "use crate::a::A;"),
        ]);
        assert!(found.is_empty());
    }
}
