use std::path::Path;

use super::*;

/// What a source names in `crate::tracer::table`, without the lines.
fn named(source: &str) -> Vec<String> {
    let module = module_of(Path::new("agent/src/tracer/table.rs"));
    let mentions = mentions(source, &module).expect("is Rust");
    mentions.into_iter().map(|mention| mention.path).collect()
}

#[test]
fn a_file_is_the_module_of_its_path() {
    for (file, module) in [
        ("agent/src/lib.rs", "crate"),
        ("agent/src/tracer/mod.rs", "crate::tracer"),
        ("agent/src/tracer/table.rs", "crate::tracer::table"),
        ("agent/host/src/main.rs", "crate"),
    ] {
        assert_eq!(module_of(Path::new(file)).join("::"), module);
    }
}

#[test]
fn nested_groups_of_a_use_are_spelled_out() {
    assert_eq!(
        named("use heapbeacon_shared::{api::{self, body::Trace}, wire as w};"),
        [
            "heapbeacon_shared::api::self",
            "heapbeacon_shared::api::body::Trace",
            "heapbeacon_shared::wire"
        ]
    );
}

#[test]
fn relative_paths_are_resolved() {
    assert_eq!(
        named("use super::super::http; use self::slot::Slot; use super::stack;"),
        [
            "crate::http",
            "crate::tracer::table::slot::Slot",
            "crate::tracer::stack"
        ]
    );
}

#[test]
fn paths_inside_functions_and_types_are_found_with_their_line() {
    let source = "fn f() -> Option<crate::http::Page> {\n    alloc::vec::Vec::<u8>::new();\n}";
    let found =
        mentions(source, &module_of(Path::new("agent/src/tracer/mod.rs"))).expect("is Rust");
    let found: Vec<_> = found
        .iter()
        .map(|mention| (mention.line, mention.path.as_str()))
        .collect();
    assert_eq!(found, [(1, "crate::http::Page"), (2, "alloc::vec::Vec")]);
}

#[test]
fn macros_are_found_and_so_is_what_they_are_given() {
    assert_eq!(
        named("write!(out, \"{}\", log::level())"),
        ["write!", "log::level"]
    );
    assert_eq!(
        named("fn f() { log::info!(\"x\"); }"),
        ["info!", "log::info"]
    );
}

#[test]
fn methods_and_plain_names_are_not_paths() {
    assert_eq!(
        named("fn alloc(&self) { self.alloc(); self.log::<u8>(); let http = write != 2; }"),
        [""; 0]
    );
}

#[test]
fn comments_strings_and_tests_name_nothing() {
    let source = "
        // crate::http
        /* log::info!() */
        const TEXT: &str = \"crate::http\";
        #[cfg(test)]
        mod tests { use crate::http; }
        #[cfg(test)]
        mod more;
        use crate::wire::Header;";
    assert_eq!(named(source), ["crate::wire::Header"]);
}

#[test]
fn text_that_is_not_rust_is_an_error() {
    assert!(mentions("fn f( {", &[]).is_err());
}
