//! The dashboard's files. It names its pages in the fragment of the URL, so `/` is the only path for all of them.
//!
//! Every file is sent as gzip, also to a client that does not say it takes that: a device has
//! neither the flash for a second copy nor the RAM to unpack one, and every browser takes gzip.

use heapbeacon_shared::api::{Method, PREFIX};
use picoserve::request::{Headers, RequestParts};
use picoserve::response::StatusCode;

use super::guard;
use super::problem::Problem;
use super::reply::{Content, Reply};
use crate::agent::Asset;

const INDEX: &str = "/index.html";
const HTML: &str = "text/html; charset=utf-8";
/// What `/` shows where there is no dashboard.
const NO_DASHBOARD: &[u8] = include_bytes!("no_dashboard.html");

/// Answers a path that is not the API's.
pub(super) fn answer(assets: &'static [Asset], parts: &RequestParts<'_>) -> Result<Reply, Problem> {
    let path = guard::path(parts);
    if path.starts_with(PREFIX) {
        return Err(nothing_here());
    }
    let is_root = path == "/";
    let asset = by_path(assets, if is_root { INDEX } else { path });
    if asset.is_none() && !is_root {
        return Err(nothing_here());
    }
    if parts.method() == "OPTIONS" {
        return Ok(super::options(Method::Get));
    }
    super::check_method(Method::Get, parts)?;
    Ok(asset.map_or_else(no_dashboard, |asset| file(asset, parts.headers())))
}

fn by_path(assets: &'static [Asset], path: &str) -> Option<&'static Asset> {
    assets.iter().find(|asset| asset.path == path)
}

fn file(asset: &'static Asset, headers: Headers<'_>) -> Reply {
    let caching = if is_hashed(asset.path) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let reply = if has_already(headers, asset.etag) {
        Reply::new(StatusCode::NOT_MODIFIED, Content::Nothing)
    } else {
        let content = Content::Bytes(asset.content_type, asset.gzip);
        Reply::new(StatusCode::OK, content).with("Content-Encoding", "gzip")
    };
    reply
        .with("ETag", asset.etag)
        .with("Cache-Control", caching)
}

fn no_dashboard() -> Reply {
    Reply::new(StatusCode::OK, Content::Bytes(HTML, NO_DASHBOARD)).with("Cache-Control", "no-store")
}

fn nothing_here() -> Problem {
    Problem::not_found(format_args!(
        "There is nothing at this path: {PREFIX}/openapi.yaml lists what there is."
    ))
}

/// Tells whether the client has this version of a file (RFC 9110, 13.1.2).
fn has_already(headers: Headers<'_>, etag: &str) -> bool {
    headers.get("if-none-match").is_some_and(|tags| {
        tags.split(b',').any(|tag| {
            let tag = tag.as_str().unwrap_or("");
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
        })
    })
}

/// Tells whether a file's name holds the hash that Trunk puts there: 16 hexadecimal digits behind
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
