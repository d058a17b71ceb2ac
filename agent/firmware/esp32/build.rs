//! Hands HeapBeacon's script to the linker of any firmware that this library becomes a part of, and looks whether that is
//! built with frame pointers.

use std::env;

fn main() {
    link_sections();
    println!("cargo::rustc-check-cfg=cfg(lacks_frame_pointers)");
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("riscv32") && !keeps_frame_pointers() {
        println!("cargo::rustc-cfg=lacks_frame_pointers");
    }
}

/// A linker takes a library that is text for a script, and the libraries of a crate come along with it. So no firmware
/// has to name the script, in the right place and once.
fn link_sections() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("Cargo says where the package is");
    // By its whole path: another clone that shares the target folder has another.
    println!("cargo:rerun-if-changed={folder}/sections.x");
    println!("cargo:rustc-link-search=native={folder}");
    // The linker of Xtensa knows no OVERWRITE_SECTIONS.
    if env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("riscv32") {
        println!("cargo:rustc-link-lib=dylib:+verbatim=sections.x");
    }
}

/// Checks whether the flags of the build ask for frame pointers; the last word on them counts.
fn keeps_frame_pointers() -> bool {
    println!("cargo:rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    // `-C name`, `-Cname` and `--codegen=name`; rustc takes underscores for dashes.
    let mut options = flags.split('\x1f').rev().map(|word| {
        let option = word
            .trim_start_matches("--codegen=")
            .trim_start_matches("-C");
        option.replace('_', "-")
    });
    let last =
        options.find_map(|option| Some(option.strip_prefix("force-frame-pointers")?.to_owned()));
    last.is_some_and(|value| !matches!(&*value, "=no" | "=n" | "=off" | "=false"))
}
