//! The dashboard's files as a device holds them: compressed once, with content type and tag.
//!
//! A program that has files reads them when it starts ([`load`]); a firmware has them put into its
//! image when it is built ([`embed`]), where every byte counts ([`Effort::Thorough`]).

use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// One file of the dashboard, as `heapbeacon::Asset` explains it.
#[derive(Debug)]
pub struct File {
    /// Path in the URL, with its leading slash.
    pub path: String,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// The file, compressed with gzip.
    pub gzip: Vec<u8>,
    /// Value of `ETag`, with its quotes.
    pub etag: String,
}

/// How long to look for fewer bytes.
#[derive(Debug, Clone, Copy)]
pub enum Effort {
    /// As gzip does it: milliseconds.
    Quick,
    /// As [Zopfli](https://en.wikipedia.org/wiki/Zopfli) does it: seconds, for 4 percent less flash
    /// and air time.
    Thorough,
}

/// Reads every file below a folder, sorted by path.
///
/// # Errors
/// A sentence, when the folder or one of its files can't be read, or holds no `index.html`.
pub fn load(folder: &Path, effort: Effort) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    read_folder(folder, "", effort, &mut files)
        .map_err(|error| format!("can't read the dashboard in {}: {error}", folder.display()))?;
    if !files.iter().any(|file| file.path == "/index.html") {
        return Err(format!(
            "there is no index.html in {}: build the dashboard, or name the folder it was built into",
            folder.display()
        ));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Writes files into a folder, and beside them `dashboard.rs`: a Rust expression, the `&[Asset]` that includes them.
///
/// # Errors
/// Those of writing.
pub fn embed(files: &[File], folder: &Path) -> io::Result<()> {
    let mut list = String::from("&[");
    for (index, file) in files.iter().enumerate() {
        let name = folder.join(format!("asset-{index}.gz"));
        fs::write(&name, &file.gzip)?;
        let File {
            path,
            content_type,
            etag,
            ..
        } = file;
        write!(
            list,
            "\n    Asset {{ path: {path:?}, content_type: {content_type:?}, gzip: include_bytes!({name:?}), etag: {etag:?} }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push_str("\n]");
    fs::write(folder.join("dashboard.rs"), list)
}

fn read_folder(
    folder: &Path,
    below: &str,
    effort: Effort,
    files: &mut Vec<File>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            read_folder(&entry.path(), &path, effort, files)?;
        } else {
            files.push(file(path, &fs::read(entry.path())?, effort)?);
        }
    }
    Ok(())
}

fn file(path: String, bytes: &[u8], effort: Effort) -> io::Result<File> {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    Ok(File {
        content_type: content_type(&path),
        path,
        gzip: compress(bytes, effort)?,
        etag: format!("\"{:016x}\"", hasher.finish()),
    })
}

fn compress(bytes: &[u8], effort: Effort) -> io::Result<Vec<u8>> {
    match effort {
        Effort::Quick => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(bytes)?;
            gzip.finish()
        }
        Effort::Thorough => {
            let mut gzip = Vec::new();
            zopfli::compress(
                zopfli::Options::default(),
                zopfli::Format::Gzip,
                bytes,
                &mut gzip,
            )?;
            Ok(gzip)
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_an_index_is_refused() {
        let folder = tempfile::tempdir().expect("there is room");
        fs::write(folder.path().join("page.js"), "x").expect("it can be written");
        assert!(
            load(folder.path(), Effort::Quick).is_err_and(|error| error.contains("index.html"))
        );
    }

    #[test]
    fn embedded_files_are_listed_with_what_a_server_says_of_them() {
        let folder = tempfile::tempdir().expect("there is room");
        fs::create_dir(folder.path().join("css")).expect("it can be made");
        for (name, text) in [("index.html", "<p>"), ("css/style.css", "p{}")] {
            fs::write(folder.path().join(name), text).expect("it can be written");
        }
        let out = tempfile::tempdir().expect("there is room");
        let files = load(folder.path(), Effort::Thorough).expect("it is a dashboard");
        embed(&files, out.path()).expect("it can be written");
        let list = fs::read_to_string(out.path().join("dashboard.rs")).expect("it was written");
        assert!(
            list.contains(r#"path: "/css/style.css", content_type: "text/css; charset=utf-8""#)
        );
        assert_eq!(list.matches("include_bytes!").count(), 2);
        let gzip = fs::read(out.path().join("asset-1.gz")).expect("it was written");
        assert_eq!(gzip, files[1].gzip);
    }
}
