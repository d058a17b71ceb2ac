//! Hands the linker esp-hal's script, and what HeapBeacon adds.

fn main() {
    println!("cargo:rustc-link-arg=--build-id=sha1"); // 3
    println!("cargo:rustc-link-arg=-Tlinkall.x");
}
