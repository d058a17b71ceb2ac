//! The dashboard's files as a device holds them: compressed once, with content type and tag.
//!
//! A program that has files packs them when it starts ([`load`]). For firmware, where every byte counts, they are packed
//! beforehand ([`save`]) into the folder [`PACKED`] beside them; a firmware's build script only puts those into its
//! image ([`read`], [`embed`]), because build scripts run unoptimised, and so would take minutes to compress.

#![forbid(unsafe_code)]

#[cfg(feature = "pack")]
mod pack;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

#[cfg(feature = "pack")]
pub use pack::{Effort, load, save};

/// The folder of packed files, inside of the dashboard's.
pub const PACKED: &str = "packed";

/// What lists the packed files: a line each, with path, content type and tag. The first one is in `0.gz`.
const LIST: &str = "list.tsv";

/// How each packed file begins (RFC 1952, 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

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

/// Reads the packed files of a dashboard's folder.
///
/// # Errors
/// A sentence, when it holds none, or one of them can't be read.
pub fn read(folder: &Path) -> Result<Vec<File>, String> {
    let packed = folder.join(PACKED);
    let list = fs::read_to_string(packed.join(LIST)).map_err(|error| {
        format!(
            "there is no packed dashboard in {}: {error}",
            folder.display()
        )
    })?;
    let files = list.lines().enumerate();
    files
        .map(|(index, line)| {
            read_file(&packed, index, line).map_err(|error| {
                format!(
                    "the packed dashboard in {} is damaged: {error}",
                    folder.display()
                )
            })
        })
        .collect()
}

/// Writes files into a folder, and beside them `dashboard.rs`: a Rust expression, the `&[Asset]` that includes them.
///
/// # Errors
/// Those of writing.
pub fn embed(files: &[File], folder: &Path) -> io::Result<()> {
    let mut list = String::from("&[");
    for (index, file) in files.iter().enumerate() {
        let name = folder.join(name(index));
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

fn name(index: usize) -> String {
    format!("{index}.gz")
}

fn read_file(packed: &Path, index: usize, line: &str) -> Result<File, String> {
    let name = name(index);
    let gzip = fs::read(packed.join(&name)).map_err(|error| format!("{name}: {error}"))?;
    if !gzip.starts_with(&GZIP) {
        return Err(format!("{name} is not compressed with gzip"));
    }
    let mut fields = line.split('\t').map(str::to_owned);
    let (Some(path), Some(content_type), Some(etag), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(format!(
            "{LIST} has a line of other than three fields: {line:?}"
        ));
    };
    Ok(File {
        path,
        content_type,
        gzip,
        etag,
    })
}

#[cfg(all(test, feature = "pack"))]
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
    fn what_is_packed_is_read_as_it_was_and_is_no_part_of_the_dashboard() {
        let folder = dashboard();
        let files = load(folder.path(), Effort::Thorough).expect("it is a dashboard");
        save(&files, folder.path()).expect("it can be written");
        assert_eq!(read(folder.path()).as_deref(), Ok(&files[..]));
        let again = load(folder.path(), Effort::Thorough).expect("it is a dashboard");
        assert_eq!(again, files);
    }

    #[test]
    fn what_is_not_packed_is_refused_and_not_compressed() {
        let folder = dashboard();
        let refusal = read(folder.path()).expect_err("it is not packed");
        assert!(refusal.contains("no packed dashboard"), "{refusal}");
    }

    #[test]
    fn a_damaged_file_is_refused_by_name() {
        let folder = dashboard();
        let files = load(folder.path(), Effort::Quick).expect("it is a dashboard");
        save(&files, folder.path()).expect("it can be written");
        fs::write(folder.path().join("packed/1.gz"), "<p>").expect("it can be written");
        let refusal = read(folder.path()).expect_err("it is damaged");
        assert!(refusal.contains("1.gz"), "{refusal}");
    }

    #[test]
    fn embedded_files_are_listed_with_what_a_server_says_of_them() {
        let folder = dashboard();
        let out = tempfile::tempdir().expect("there is room");
        let files = load(folder.path(), Effort::Thorough).expect("it is a dashboard");
        embed(&files, out.path()).expect("it can be written");
        let list = fs::read_to_string(out.path().join("dashboard.rs")).expect("it was written");
        assert!(
            list.contains(r#"path: "/css/style.css", content_type: "text/css; charset=utf-8""#)
        );
        assert_eq!(list.matches("include_bytes!").count(), 2);
        let gzip = fs::read(out.path().join("1.gz")).expect("it was written");
        assert_eq!(gzip, files[1].gzip);
    }
}
