//! Hands the linker what only this board's programs need.

fn main() {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    for script in ["memory.x", "link.x"] {
        println!("cargo:rustc-link-arg-bins=-T{script}");
    }
    // Ties a trace to the ELF that it came from.
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    for argument in ["-Tunwind.x", "--eh-frame-hdr"] {
        println!("cargo:rustc-link-arg-bin=stacks={argument}");
    }
    for script in ["memory.x", "unwind.x"] {
        println!("cargo:rerun-if-changed={script}");
    }
}
