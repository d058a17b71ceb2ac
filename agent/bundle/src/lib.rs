//! Packs the dashboard's files as a device holds them: compressed once, with content type and tag.
//!
//! Its programs are packed by [`lzma`] when it is built, before that.
//!
//! A program that has files packs them when it starts ([`load`]). For firmware, where every byte counts,
//! `cargo xtask build dashboard` packs them beforehand, into the source of the crate `heapbeacon-dashboard-bundle`
//! ([`embed`]).

#![forbid(unsafe_code)]

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use lzma_rust2::{LzmaOptions, LzmaWriter};

/// The file that [`embed`] writes beside the packed ones.
const LIST: &str = "assets.rs";

/// One file of the dashboard, as `heapbeacon::http::Asset` explains it.
#[derive(Debug, PartialEq)]
pub struct File {
    /// Path in the URL, with its leading slash.
    pub path: String,
    /// Value of `Content-Type`.
    pub content_type: String,
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

/// Packs every file below a folder, sorted by path.
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

/// Packs a program of the page as LZMA does it (the `.lzma` format of LZMA Utils, with its size): a quarter smaller than gzip.
///
/// No browser unpacks that by itself: the page's `unlzma.js` does.
///
/// # Errors
/// Those of writing.
pub fn lzma(program: &[u8]) -> io::Result<Vec<u8>> {
    let options = LzmaOptions {
        // What was found to be smallest for WebAssembly, whose instructions are not aligned.
        lc: 4,
        pb: 0,
        nice_len: LzmaOptions::NICE_LEN_MAX,
        ..LzmaOptions::with_preset(9)
    };
    let size = Some(program.len() as u64);
    let mut packed = LzmaWriter::new_use_header(Vec::new(), &options, size)?;
    packed.write_all(program)?;
    packed.finish()
}

/// Makes a folder hold the files, and `assets.rs`: a Rust expression, the `&[Asset]` that includes them.
///
/// Files that are the same already are left alone, so that nothing is built again for them; packed ones of an earlier
/// dashboard are deleted.
///
/// # Errors
/// Those of reading and writing.
pub fn embed(files: &[File], folder: &Path) -> io::Result<()> {
    let mut kept = vec![OsString::from(LIST)];
    let mut list = String::from("&[");
    for (index, file) in files.iter().enumerate() {
        let name = format!("{index}.gz");
        write_if_changed(&folder.join(&name), &file.gzip)?;
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
        kept.push(name.into());
    }
    list.push_str("\n]\n");
    delete_others(folder, &kept)?;
    write_if_changed(&folder.join(LIST), list.as_bytes())
}

fn write_if_changed(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::read(path) {
        Ok(present) if present == bytes => Ok(()),
        _ => fs::write(path, bytes),
    }
}

/// Deletes the packed files in a folder that are not among those to keep.
fn delete_others(folder: &Path, kept: &[OsString]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let is_packed = entry.path().extension().is_some_and(|kind| kind == "gz");
        if is_packed && !kept.contains(&entry.file_name()) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
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
        content_type: content_type(&path).to_owned(),
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

    /// A dashboard of two files.
    fn dashboard() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("there is room");
        fs::create_dir(folder.path().join("css")).expect("it can be made");
        for (name, text) in [("index.html", "<p>"), ("css/style.css", "p{}")] {
            fs::write(folder.path().join(name), text).expect("it can be written");
        }
        folder
    }

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
        let out = tempfile::tempdir().expect("there is room");
        let files = load(dashboard().path(), Effort::Thorough).expect("it is a dashboard");
        embed(&files, out.path()).expect("it can be written");
        let list = fs::read_to_string(out.path().join(LIST)).expect("it was written");
        assert!(
            list.contains(r#"path: "/css/style.css", content_type: "text/css; charset=utf-8""#)
        );
        assert_eq!(list.matches("include_bytes!").count(), 2);
        let gzip = fs::read(out.path().join("1.gz")).expect("it was written");
        assert_eq!(gzip, files[1].gzip);
    }

    #[test]
    fn files_of_an_earlier_dashboard_are_deleted_and_no_others() {
        let out = tempfile::tempdir().expect("there is room");
        let mut files = load(dashboard().path(), Effort::Quick).expect("it is a dashboard");
        embed(&files, out.path()).expect("it can be written");
        fs::write(out.path().join(".gitignore"), "*").expect("it can be written");
        files.truncate(1);
        embed(&files, out.path()).expect("it can be written");
        let is_there = |name: &str| out.path().join(name).exists();
        assert_eq!(
            ["0.gz", "1.gz", ".gitignore"].map(is_there),
            [true, false, true]
        );
    }

    #[test]
    fn files_that_are_the_same_are_not_written_again() {
        let out = tempfile::tempdir().expect("there is room");
        let files = load(dashboard().path(), Effort::Quick).expect("it is a dashboard");
        let written = || {
            embed(&files, out.path()).expect("it can be written");
            let metadata = fs::metadata(out.path().join(LIST)).expect("it is there");
            metadata.modified().expect("the file system keeps times")
        };
        assert_eq!(written(), written());
    }
}
