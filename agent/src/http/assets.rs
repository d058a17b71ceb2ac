//! The dashboard's files. It names its pages in the fragment of the URL, so `/` is the only path for all of them.
//!
//! Every file is sent as gzip, also to a client that does not say it takes that: a device has
//! neither the flash for a second copy nor the RAM to unpack one, and every browser takes gzip.

use heapbeacon_shared::api::PREFIX;
use picoserve::response::StatusCode;

use crate::http::answer::reply::{Content, Reply};
use crate::http::problem::Problem;
use crate::http::request::fields::Fields;
use crate::http::request::percent::Encoded;

const INDEX: &str = "/index.html";
const HTML: &str = "text/html; charset=utf-8";
/// What `/` shows where there is no dashboard.
const NO_DASHBOARD: &[u8] = include_bytes!("no_dashboard.html");

/// One file of the dashboard.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Path in the URL, with its leading slash: `/index.html`.
    pub path: &'static str,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// The file, compressed with gzip.
    pub gzip: &'static [u8],
    /// Value of `ETag`, with its quotes; differs whenever the file does.
    pub etag: &'static str,
}

/// A file that is asked for.
pub(crate) enum File {
    /// One of the dashboard's, and whether the client has it.
    Asset(&'static Asset, bool),
    /// The page that says how to get the dashboard.
    NoDashboard,
}

/// Finds the file at a path; `/` always has one.
pub(crate) fn find(
    assets: &'static [Asset],
    path: Encoded<'_>,
    fields: Fields<'_, '_>,
) -> Option<File> {
    let is_root = path.is("/");
    let mut assets = assets.iter();
    let asset = assets.find(|asset| match is_root {
        true => asset.path == INDEX,
        false => is_path(path, asset.path),
    });
    match asset {
        Some(asset) => Some(File::Asset(asset, has_already(fields, asset.etag))),
        None => is_root.then_some(File::NoDashboard),
    }
}

/// Compares segment by segment: an encoded slash separates nothing.
fn is_path(encoded: Encoded<'_>, path: &str) -> bool {
    let segments = encoded.split('/').count();
    segments == path.split('/').count()
        && encoded
            .split('/')
            .zip(path.split('/'))
            .all(|(segment, wanted)| segment.is(wanted))
}

impl File {
    pub(crate) fn reply(&self) -> Reply {
        match self {
            Self::Asset(asset, is_known) => asset_reply(asset, *is_known),
            Self::NoDashboard => Reply::new(StatusCode::OK, Content::Bytes(HTML, NO_DASHBOARD))
                .with("Cache-Control", "no-store"),
        }
    }
}

fn asset_reply(asset: &'static Asset, is_known: bool) -> Reply {
    let caching = if is_hashed(asset.path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let reply = if is_known {
        Reply::new(StatusCode::NOT_MODIFIED, Content::Nothing)
    } else {
        let content = Content::Bytes(asset.content_type, asset.gzip);
        Reply::new(StatusCode::OK, content).with("Content-Encoding", "gzip")
    };
    reply
        .with("ETag", asset.etag)
        .with("Cache-Control", caching)
        .for_page()
}

pub(crate) fn nothing_here() -> Problem {
    Problem::not_found(format_args!(
        "There is nothing at this path: {PREFIX}/openapi.yaml lists what there is."
    ))
}

/// Checks whether the client has this version of a file (RFC 9110, 13.1.2).
fn has_already(fields: Fields<'_, '_>, etag: &str) -> bool {
    let is_any = fields.all("if-none-match").any(|value| value == "*");
    is_any
        || fields
            .items("if-none-match")
            .any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Checks whether a file's name holds the hash that Trunk puts there: 16 hexadecimal digits behind
/// a dash. Such a file never changes.
fn is_hashed(path: &str) -> bool {
    path.split('-').skip(1).any(|part| {
        part.get(..16)
            .is_some_and(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

#[cfg(test)]
mod tests {
    use super::is_hashed;

    #[test]
    fn names_with_trunks_hash_never_change() {
        assert!(is_hashed("/dashboard-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("/heapbeacon-dashboard-0123456789abcdef.js"));
        assert!(!is_hashed("/index.html") && !is_hashed("/icon-512.png"));
    }
}
