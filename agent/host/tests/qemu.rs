//! What only an agent without an operating system shows: on QEMU's machine `virt`.
//!
//! `HEAPBEACON_QEMU_ELF` names the image, which holds the dashboard of `cargo xtask build`;
//! `cargo xtask test qemu` sets it, and runs the suite of `api.rs` against the same image. QEMU, Chromium and
//! chromedriver must be in PATH.

mod support;

mod qemu {
    mod browser;
    mod endurance;
    mod exhausted;
    mod names;
    mod network;
}
