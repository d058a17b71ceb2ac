//! What a request is for: host, path and query.

use crate::http::problem::Problem;
use crate::http::request::percent::Encoded;

/// How an absolute URL of the agent begins: a page that came through TLS is not the agent's.
pub(crate) const SCHEME: &str = "http://";

/// The target of a request (RFC 9112, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target<'b> {
    /// The host of an absolute URL.
    pub(crate) host: Option<&'b str>,
    /// The path, from its first slash; `None` stands for the whole server (`OPTIONS *`).
    pub(crate) path: Option<Encoded<'b>>,
    pub(crate) query: Encoded<'b>,
}

impl<'b> Target<'b> {
    /// Reads the target of a request line.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn parse(method: &str, target: &'b str) -> Result<Self, Problem> {
        if target == "*" && method == "OPTIONS" {
            return Ok(Self {
                host: None,
                path: None,
                query: Encoded::EMPTY,
            });
        }
        let (host, rest) = split_host(target);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = match (host, path) {
            (Some(_), "") => "/",
            _ => path,
        };
        if !path.starts_with('/') || !target.bytes().all(may_be_sent) {
            return Err(Problem::wrong_target());
        }
        Ok(Self {
            host,
            path: Some(Encoded::new(path).ok_or_else(Problem::wrong_target)?),
            query: Encoded::new(query).ok_or_else(Problem::wrong_target)?,
        })
    }
}

/// Splits an absolute URL, whose scheme is written as one likes, into host and rest.
fn split_host(target: &str) -> (Option<&str>, &str) {
    let (scheme, rest) = target.split_at_checked(SCHEME.len()).unwrap_or(("", ""));
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return (None, target);
    }
    let (host, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    (Some(host), rest)
}

/// Checks whether a text is a host, perhaps with a port (RFC 3986, 3.2.2).
pub(crate) fn is_authority(text: &str) -> bool {
    let after_literal = text.strip_prefix('[').map(|rest| rest.split_once(']'));
    let (is_name, port) = match after_literal {
        Some(Some((literal, port))) => (literal.parse::<core::net::Ipv6Addr>().is_ok(), port),
        Some(None) => return false,
        None => {
            let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (name.bytes().all(may_name_host), port)
        }
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let is_port = digits.is_empty() || port.starts_with(':') && digits.parse::<u16>().is_ok();
    is_name && is_port && !digits.starts_with('+')
}

/// Checks for a byte that may stand in the name of a host.
fn may_name_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte)
}

/// Checks for a byte that may stand in a target: a fragment is never sent. Some of those that RFC 3986 wants encoded are
/// left as they are by browsers.
fn may_be_sent(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b'#'
}

#[cfg(test)]
mod tests {
    use super::{Target, is_authority};

    #[track_caller]
    fn parts(target: &str) -> (Option<&str>, Option<&str>, &str) {
        let target = Target::parse("GET", target).expect("it is a target");
        let path = target.path.map(|path| path.text());
        (target.host, path, target.query.text())
    }

    #[test]
    fn a_target_is_a_path_or_a_whole_url() {
        for (target, expected) in [
            ("/", (None, Some("/"), "")),
            ("/a%20b/c?d=e?f", (None, Some("/a%20b/c"), "d=e?f")),
            ("/?", (None, Some("/"), "")),
            ("http://host", (Some("host"), Some("/"), "")),
            ("HTTP://host:80/a", (Some("host:80"), Some("/a"), "")),
            ("hTTp://[::1]?a", (Some("[::1]"), Some("/"), "a")),
            ("/http://host/", (None, Some("/http://host/"), "")),
        ] {
            assert_eq!(parts(target), expected, "{target}");
        }
        let all = Target::parse("OPTIONS", "*").expect("it is the whole server");
        assert_eq!((all.host, all.path), (None, None));
    }

    #[test]
    fn a_host_is_a_name_or_an_address_and_perhaps_a_port() {
        for host in [
            "",
            "lamp",
            "lamp.local:80",
            "127.0.0.1:65535",
            "lamp:",
            "[::1]:",
            "[::1]",
            "[fe80::1]:8080",
            "a_b-c~",
            "%61",
        ] {
            assert!(is_authority(host), "{host}");
        }
        for host in [
            "evil .localhost",
            "a/.localhost",
            "?.localhost",
            "\\.localhost",
            "a:b@x.localhost",
            "e\u{e4}.localhost",
            "lamp:80:80",
            "lamp:65536",
            "lamp:+80",
            "lamp:x",
            "127.0.0.1, lamp",
            "[::1",
            "[::1]80",
            "[x]:80",
            "::1",
            "@lamp",
            "[]",
        ] {
            assert!(!is_authority(host), "{host}");
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for target in [
            "",
            "*",
            "a",
            "host:80",
            "https://host/",
            "ftp://host/",
            "?a",
            "/#a",
            "/\u{e4}",
            "/%",
            "/%2",
            "/%zz",
            "/?%",
            "/?a=%4",
            "/%%32",
            "\u{e4}\u{e4}\u{e4}\u{e4}",
        ] {
            assert!(Target::parse("GET", target).is_err(), "{target}");
        }
    }
}
