//! Compresses the dashboard's files.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{File, LIST, PACKED, name};

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

/// Writes packed files into the folder that they were packed from, for [`read`](crate::read).
///
/// # Errors
/// Those of writing.
pub fn save(files: &[File], folder: &Path) -> io::Result<()> {
    let packed = folder.join(PACKED);
    fs::create_dir_all(&packed)?;
    let mut list = String::new();
    for (index, file) in files.iter().enumerate() {
        fs::write(packed.join(name(index)), &file.gzip)?;
        let line = [&*file.path, &file.content_type, &file.etag].join("\t");
        list.push_str(&line);
        list.push('\n');
    }
    // The list comes last: where there is one, all is there.
    fs::write(packed.join(LIST), list)
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
        if below.is_empty() && entry.file_name() == PACKED {
            continue;
        }
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
