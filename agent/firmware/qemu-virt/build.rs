//! Hands the linker what only this board's programs need.

use std::env;

/// The programs, each with where its memory is.
const PROGRAMS: [(&str, &str); 6] = [
    ("heapbeacon-qemu-virt", "memory.x"),
    ("bench", "memory.x"),
    ("boot", "boot.x"),
    ("heaps", "memory.x"),
    ("panic", "memory.x"),
    ("stacks", "memory.x"),
];

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("Cargo says where the package is");
    println!("cargo:rustc-link-search={folder}");
    for (program, memory) in PROGRAMS {
        for script in [memory, "sections.x", "link.x"] {
            println!("cargo:rustc-link-arg-bin={program}=-T{script}");
        }
    }
    // Ties a trace to the ELF that it came from.
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    for argument in ["-Tunwind.x", "--eh-frame-hdr"] {
        println!("cargo:rustc-link-arg-bin=stacks={argument}");
    }
    // By their whole path: another clone that shares the target folder has others.
    for script in ["boot.x", "memory.x", "sections.x", "unwind.x"] {
        println!("cargo:rerun-if-changed={folder}/{script}");
    }
}
