//! The dashboard's files, as a device would hold them.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use heapbeacon::Asset;

/// Reads every file below a folder; what it returns stays for as long as the process runs.
///
/// # Errors
/// When the folder or one of its files can't be read, or holds no `index.html`.
pub(crate) fn load(folder: &Path) -> Result<&'static [Asset], String> {
    let mut assets = Vec::new();
    read_folder(folder, "", &mut assets)
        .map_err(|error| format!("can't read the dashboard in {}: {error}", folder.display()))?;
    if !assets.iter().any(|asset| asset.path == "/index.html") {
        return Err(format!(
            "there is no index.html in {}: build the dashboard, or name the folder it was built into",
            folder.display()
        ));
    }
    Ok(assets.leak())
}

fn read_folder(folder: &Path, below: &str, assets: &mut Vec<Asset>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_folder(&entry.path(), &path, assets)?;
        } else {
            assets.push(asset(path, &fs::read(entry.path())?)?);
        }
    }
    Ok(())
}

fn asset(path: String, bytes: &[u8]) -> io::Result<Asset> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    Ok(Asset {
        content_type: content_type(&path),
        path: path.leak(),
        gzip: gzip.finish()?.leak(),
        etag: format!("\"{:016x}\"", hasher.finish()).leak(),
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "json" | "webmanifest" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
