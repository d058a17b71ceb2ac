//! Compresses the description of the API: as it is, it would take six times the flash.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "http")]
    description::compress();
}

#[cfg(feature = "http")]
mod description {
    use std::io::Write;
    use std::{env, fs, path::Path};

    use flate2::{Compression, write::GzEncoder};

    const DESCRIPTION: &str = "assets/openapi.yaml";

    pub(super) fn compress() {
        println!("cargo::rerun-if-changed={DESCRIPTION}");
        let text = fs::read(DESCRIPTION).expect("it is in the package");
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&text).expect("memory takes all");
        let folder = env::var_os("OUT_DIR").expect("cargo sets it");
        fs::write(
            Path::new(&folder).join("openapi.yaml.gz"),
            gzip.finish().expect("memory takes all"),
        )
        .expect("cargo lets build scripts write there");
    }
}
