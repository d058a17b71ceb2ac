//! What only an agent without an operating system shows: on QEMU's machine `virt`.
//!
//! `HEAPBEACON_QEMU_ELF` names the image, with the dashboard in it; the board's other programs lie beside it. `cargo
//! xtask test qemu` builds them all, and runs the suite of `api.rs` against the same image. QEMU, Go,
//! Chromium's headless shell and chromedriver must be installed.

mod support;

mod qemu {
    mod browser;
    mod crowds;
    mod endurance;
    mod events;
    mod exhausted;
    mod idle;
    mod mdns;
    mod names;
    mod network;
    mod postmortem;
    mod profiles;
    mod programs;
    mod references;
    mod settings;
    mod story;
    mod update;
}
