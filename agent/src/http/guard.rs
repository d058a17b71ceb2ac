//! Who may talk to the agent: host names, origins, token.
//!
//! A web page that a user visits can send requests to every device in the user's network. Three
//! checks keep it out: the name in `Host` must be the agent's (or else DNS rebinding makes a
//! foreign page same-origin), a request that changes something must not come from a foreign
//! `Origin`, and nobody but listed origins may read an answer (CORS).

use heapbeacon_shared::api::PREFIX;
use picoserve::request::{Headers, RequestParts};
use subtle::ConstantTimeEq;

use super::problem::Problem;

/// How the agent's own origin begins: a page that came through TLS is not the agent's.
const SCHEME: &str = "http://";

/// Who may talk to the agent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guard {
    /// Host names that the agent answers to, besides `localhost` and every IP address.
    pub hosts: &'static [&'static str],
    /// Origins beside the agent's own that may use the API: `https://dash.example`.
    pub origins: &'static [&'static str],
    /// What the API's users must send as bearer token; the dashboard's files need none.
    pub token: Option<&'static str>,
}

impl Guard {
    /// Checks that a request may be answered.
    pub(super) fn admit(&self, parts: &RequestParts<'_>) -> Result<(), Problem> {
        let headers = parts.headers();
        check_version(parts.http_version())?;
        check_fields(headers)?;
        self.check_host(parts)?;
        if !matches!(parts.method(), "GET" | "HEAD") && self.is_foreign(headers) {
            return Err(Problem::forbidden(format_args!(
                "This web page's origin may not use the agent: open the agent's own dashboard, or allow \
                 the origin with `--allow-origin` (on a device: `origins` in its firmware's configuration)."
            )));
        }
        if is_preflight(parts) || !path(parts).starts_with(PREFIX) {
            return Ok(());
        }
        self.check_token(headers)
    }

    /// Returns the origin of a request if it may read the answer.
    pub(super) fn reader<'r>(&self, headers: Headers<'r>) -> Option<&'r str> {
        let origin = header(headers, "origin")?;
        let is_own = origin
            .strip_prefix(SCHEME)
            .is_some_and(|authority| Some(authority) == header(headers, "host"));
        (is_own || self.origins.contains(&origin)).then_some(origin)
    }

    fn is_foreign(&self, headers: Headers<'_>) -> bool {
        headers.get("origin").is_some() && self.reader(headers).is_none()
    }

    /// An IP address can't be rebound, a foreign name can. RFC 6761 keeps `localhost` local.
    fn check_host(&self, parts: &RequestParts<'_>) -> Result<(), Problem> {
        let mut hosts = parts.headers().iter().filter(|(name, _)| *name == "host");
        let (host, more) = (hosts.next(), hosts.next());
        let (in_target, _) = split_target(parts);
        let host = match (&host, more, in_target) {
            (None, _, None) if parts.http_version() == "HTTP/1.0" => return Ok(()),
            (None, _, Some(host)) if parts.http_version() == "HTTP/1.0" => host,
            (Some((_, value)), None, _) => value.as_str().unwrap_or(""),
            _ => return Err(Problem::malformed(format_args!("Send one `Host` header."))),
        };
        if in_target.is_some_and(|in_target| !in_target.eq_ignore_ascii_case(host)) {
            return Err(Problem::malformed(format_args!(
                "Name the same host in the request line and in `Host`, or only a path in the request line."
            )));
        }
        let name = without_port(host);
        if is_local(name) || is_address(name) || is_listed(self.hosts, name) {
            return Ok(());
        }
        // 403 rather than 421 (RFC 9110, 15.5.20): a retry elsewhere, as 421 suggests, won't help.
        Err(Problem::forbidden(format_args!(
            "The agent does not answer to the name in `Host`: use its IP address, or allow the name \
             with `--allow-host` (on a device: `hosts` in its firmware's configuration)."
        )))
    }

    fn check_token(&self, headers: Headers<'_>) -> Result<(), Problem> {
        let Some(token) = self.token else {
            return Ok(());
        };
        let sent = header(headers, "authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map_or("", |(_, sent)| sent.trim());
        if bool::from(sent.as_bytes().ct_eq(token.as_bytes())) {
            Ok(())
        } else {
            Err(Problem::unauthorized())
        }
    }
}

/// Returns the path that a request is for.
pub(super) fn path<'r>(parts: &RequestParts<'r>) -> &'r str {
    split_target(parts).1
}

/// Splits a request's target, which may be a whole URL (RFC 9112, 3.2.2), into host and path.
fn split_target<'r>(parts: &RequestParts<'r>) -> (Option<&'r str>, &'r str) {
    let target = parts.path().encoded();
    match target.strip_prefix(SCHEME) {
        None => (None, target),
        Some(rest) => match rest.find('/') {
            None => (Some(rest), "/"),
            Some(end) => (Some(&rest[..end]), &rest[end..]),
        },
    }
}

/// picoserve takes any word for a version.
fn check_version(version: &str) -> Result<(), Problem> {
    if matches!(version, "HTTP/1.0" | "HTTP/1.1") {
        return Ok(());
    }
    Err(Problem::malformed(format_args!("Speak HTTP/1.1.")))
}

/// Checks the bytes of names and values (RFC 9110, 5.1 and 5.5), of which picoserve takes any. Those that are 0 it drops,
/// so they pass.
fn check_fields(headers: Headers<'_>) -> Result<(), Problem> {
    let is_name = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    let is_value = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    let is_field = |name: &[u8], value: &[u8]| {
        !name.is_empty() && name.iter().all(is_name) && value.iter().all(is_value)
    };
    let mut fields = headers.iter();
    if fields.all(|(name, value)| is_field(name.as_raw(), value.as_raw())) {
        return Ok(());
    }
    Err(Problem::malformed(format_args!(
        "A header has a character that it may not have."
    )))
}

/// Tells whether a browser asks what it may send (Fetch standard, "CORS-preflight request").
pub(super) fn is_preflight(parts: &RequestParts<'_>) -> bool {
    let headers = parts.headers();
    parts.method() == "OPTIONS"
        && headers.get("origin").is_some()
        && headers.get("access-control-request-method").is_some()
}

fn header<'r>(headers: Headers<'r>, name: &str) -> Option<&'r str> {
    headers.get(name)?.as_str().ok()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_local(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let tail = name.len().saturating_sub("localhost".len());
    name.get(tail..)
        .is_some_and(|end| end.eq_ignore_ascii_case("localhost"))
        && (tail == 0 || name.as_bytes()[tail - 1] == b'.')
}

fn is_address(name: &str) -> bool {
    match name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        Some(v6) => v6.parse::<core::net::Ipv6Addr>().is_ok(),
        None => name.parse::<core::net::Ipv4Addr>().is_ok(),
    }
}

fn is_listed(names: &[&str], name: &str) -> bool {
    names.iter().any(|listed| listed.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_localhost_and_names_below_it_are_local() {
        for name in ["localhost", "LocalHost", "localhost.", "a.localhost"] {
            assert!(is_local(name), "{name}");
        }
        for name in [
            "",
            "notlocalhost",
            "localhost.evil",
            "l\u{f6}calhost",
            "host",
        ] {
            assert!(!is_local(name), "{name}");
        }
    }

    #[test]
    fn a_port_is_no_part_of_a_name() {
        for (host, name) in [
            ("device:80", "device"),
            ("device", "device"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }

    #[test]
    fn an_address_is_four_numbers_or_in_brackets() {
        assert!(is_address("192.168.4.1") && is_address("[fe80::1]"));
        assert!(!is_address("192.168.4.1.evil.example") && !is_address("::1"));
    }
}
