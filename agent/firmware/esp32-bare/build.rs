//! Hands the linker esp-hal's script, and has it make a build id.

fn main() {
    println!("cargo:rustc-link-arg-bins=--build-id=sha1");
    println!("cargo:rustc-link-arg-bins=-Tlinkall.x");
}
