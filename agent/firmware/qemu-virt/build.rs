//! Hands the linker what only this board's programs need.

use std::env;

fn main() {
    let folder = env::var("CARGO_MANIFEST_DIR").expect("Cargo says where the package is");
    println!("cargo:rustc-link-search={folder}");
    for script in ["memory.x", "link.x"] {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
    // Ties a trace to the ELF that it came from.
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    for argument in ["-Tunwind.x", "--eh-frame-hdr"] {
        println!("cargo:rustc-link-arg-bin=stacks={argument}");
    }
    // By their whole path: another clone that shares the target folder has others.
    for script in ["memory.x", "unwind.x"] {
        println!("cargo:rerun-if-changed={folder}/{script}");
    }
}
