//! Puts the dashboard into the image, if it was built and packed. Nothing is compressed here.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};

/// What helps when the variable names no packed dashboard.
const HELP: &str = "`cargo xtask build dashboard` in HeapBeacon's folder makes target/dashboard there; \
    with HEAPBEACON_DASHBOARD empty or not set, the device serves the API only";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed=HEAPBEACON_DASHBOARD");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let files = match env::var("HEAPBEACON_DASHBOARD") {
        Ok(folder) if !folder.is_empty() => {
            println!(
                "cargo:rerun-if-changed={folder}/{}",
                heapbeacon_bundle::PACKED
            );
            heapbeacon_bundle::read(Path::new(&folder))
                .map_err(|error| format!("{error}; {HELP}"))?
        }
        _ => Vec::new(),
    };
    heapbeacon_bundle::embed(&files, &out)?;
    Ok(())
}
