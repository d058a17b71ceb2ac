//! Looks whether the packed files are there. In the published package they always are, in a clone after
//! `cargo xtask build dashboard`.

use std::path::Path;

fn main() -> Result<(), &'static str> {
    println!("cargo::rustc-check-cfg=cfg(packed)");
    println!("cargo::rerun-if-changed=files");
    if Path::new("files/assets.rs").exists() {
        println!("cargo::rustc-cfg=packed");
        return Ok(());
    }
    // Only a package has this file. So one without a dashboard is never published.
    if Path::new("Cargo.toml.orig").exists() {
        return Err("this package lacks the dashboard: run `cargo xtask package`");
    }
    println!(
        "cargo::warning=without a dashboard, agents serve their API only: run `cargo xtask build dashboard`"
    );
    Ok(())
}
