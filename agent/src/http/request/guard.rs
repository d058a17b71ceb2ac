//! Who may talk to the agent: host names, origins, token.
//!
//! A web page that a user visits can send requests to every device in the user's network. Four
//! checks keep it out: the name in `Host` must be the agent's (or else DNS rebinding makes a
//! foreign page same-origin), a request that changes something must not come from a foreign
//! `Origin`, one that a browser says comes from another site must come from a listed origin, and nobody but
//! listed origins may read an answer (CORS). Where reading takes a token, that is what keeps pages out: one that sends it may read,
//! wherever it comes from, so that one page can show several devices.

use crate::http::problem::Problem;
use crate::http::request::keys::{Keys, Opened};
use crate::http::request::parse::Request;
use crate::http::request::target::SCHEME;
use base64ct::{Base64UrlUnpadded, Encoding};
use heapbeacon_shared::api::discovery::Label;
use heapbeacon_shared::api::{Access, TOKEN_PROTOCOL};

/// Where names are that mDNS answers for.
const BELOW: &str = ".local";

/// Bytes of the longest token that a subprotocol can hold.
const MAX_TOKEN: usize = 128;

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
    /// Checks that a request comes from where one may come from, to what is for those of `access`. `own` returns the name below `.local` that the device
    /// answers to.
    ///
    /// A browser says from what site's page a request comes (Fetch Metadata, "Sec-Fetch-Site"). Another site's may do nothing
    /// but link to what is public, so that it opens as a page of its own, which the other page can't read.
    ///
    /// # Errors
    /// When it comes from elsewhere.
    pub(crate) fn admit(
        &self,
        request: &Request<'_, '_>,
        access: Access,
        keys: &Keys,
        own: fn() -> Option<Label>,
    ) -> Result<(), Problem> {
        self.check_host(request, own)?;
        let is_vouched_for = self.reader(request, access, keys)?.is_some();
        let is_linked = access == Access::Public && is_link(request)?;
        if !is_own_site(request)? && !is_vouched_for && !is_linked {
            return Err(foreign_page());
        }
        let is_foreign = request.fields.has("origin") && !is_vouched_for;
        // A browser lets every page open a WebSocket to anywhere, and read all of it.
        if is_foreign && (!request.is_read() || access == Access::Events) {
            return Err(foreign_page());
        }
        Ok(())
    }

    /// Returns the origin of a request if it may read the answer: be it only that its token is missing.
    pub(crate) fn reader<'b>(
        &self,
        request: &Request<'_, 'b>,
        access: Access,
        keys: &Keys,
    ) -> Result<Option<&'b str>, Problem> {
        let Some(origin) = request.fields.one("origin")? else {
            return Ok(None);
        };
        let host = request.host()?;
        let is_own = origin
            .strip_prefix(SCHEME)
            .is_some_and(|authority| Some(authority) == host);
        let is_listed = self.origins.contains(&origin);
        let is_for_token = access == Access::Read && !keys.are_none() && is_of_web(origin);
        let may_read = is_own || is_listed || is_for_token && only_reads(request)?;
        Ok(may_read.then_some(origin))
    }

    /// An IP address can't be rebound, a foreign name can. RFC 6761 keeps `localhost` local.
    fn check_host(
        &self,
        request: &Request<'_, '_>,
        own: fn() -> Option<Label>,
    ) -> Result<(), Problem> {
        // One of HTTP/1.0 need not name it.
        let Some(host) = request.host()? else {
            return Ok(());
        };
        let name = without_port(host);
        if is_local(name) || is_address(name) || is_listed(self.hosts, name) || is_own(name, own) {
            return Ok(());
        }
        // 403 rather than 421 (RFC 9110, 15.5.20): a retry elsewhere, as 421 suggests, won't help.
        Err(Problem::forbidden(format_args!(
            "The agent does not answer to the name in `Host`: use its IP address, or allow the name \
             with `--allow-host` (on a device: `hosts` in its firmware's configuration)."
        )))
    }
}

/// Checks that a request carries a token that opens what is for those of `access`.
///
/// # Errors
/// When it does not.
pub(crate) fn check_token(
    request: &Request<'_, '_>,
    keys: &Keys,
    access: Access,
) -> Result<(), Problem> {
    let field = request.fields.one("authorization")?;
    let sent = field
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, sent)| sent.trim_matches([' ', '\t']));
    keys.check(sent.as_bytes(), access)
}

/// Checks the token of a request that opens an event connection; returns whether it brings one, or needs none.
///
/// A page can send none but in the name of a subprotocol.
///
/// # Errors
/// When it is a wrong one.
pub(crate) fn knows_token(request: &Request<'_, '_>, keys: &Keys) -> Result<bool, Problem> {
    if keys.are_none() {
        return Ok(true);
    }
    if request.fields.has("authorization") {
        return check_token(request, keys, Access::Events).map(|()| true);
    }
    let mut protocols = request.fields.items("sec-websocket-protocol");
    let Some(sent) = protocols.find_map(|name| name.strip_prefix(TOKEN_PROTOCOL)) else {
        return Ok(false);
    };
    let mut bytes = [0; MAX_TOKEN];
    let token = Base64UrlUnpadded::decode(sent, &mut bytes);
    match token.is_ok_and(|token| keys.open(token) != Opened::Nothing) {
        true => Ok(true),
        false => Err(Problem::wrong_token()),
    }
}

/// Checks whether an origin is that of a page with an address, which a document in a sandbox or from a file has not.
fn is_of_web(origin: &str) -> bool {
    let is_named = |authority: &str| !authority.is_empty();
    let mut schemes = [SCHEME, "https://"].into_iter();
    schemes.any(|scheme| origin.strip_prefix(scheme).is_some_and(is_named))
}

/// Checks whether a request reads, or asks whether one may that does.
fn only_reads(request: &Request<'_, '_>) -> Result<bool, Problem> {
    if !request.is_preflight() {
        return Ok(request.is_read());
    }
    let wanted = request.fields.one("access-control-request-method")?;
    Ok(matches!(wanted, Some("GET" | "HEAD")))
}

/// Checks whether a browser says of no other site that its page sends this.
fn is_own_site(request: &Request<'_, '_>) -> Result<bool, Problem> {
    let site = request.fields.one("sec-fetch-site")?;
    Ok(matches!(site, None | Some("same-origin" | "none")))
}

/// Checks whether a browser opens what a link leads to, not in a frame.
fn is_link(request: &Request<'_, '_>) -> Result<bool, Problem> {
    let mode = request.fields.one("sec-fetch-mode")?;
    let destination = request.fields.one("sec-fetch-dest")?;
    let is_opened = mode == Some("navigate") && matches!(destination, None | Some("document"));
    Ok(is_opened && request.is_read())
}

fn foreign_page() -> Problem {
    Problem::forbidden(format_args!(
        "This web page's origin may not use the agent: open the agent's own dashboard, or allow \
         the origin with `--allow-origin` (on a device: `origins` in its firmware's configuration)."
    ))
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
        && (tail == 0 || tail > 1 && name.as_bytes()[tail - 1] == b'.')
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

/// Checks whether a name is that of the device below `.local`.
fn is_own(name: &str, own: fn() -> Option<Label>) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let host = name
        .len()
        .checked_sub(BELOW.len())
        .and_then(|host| name.split_at_checked(host))
        .filter(|(_, below)| below.eq_ignore_ascii_case(BELOW));
    host.is_some_and(|(host, _)| own().is_some_and(|own| own.eq_ignore_ascii_case(host)))
}

fn is_listed(names: &[&str], name: &str) -> bool {
    names.iter().any(|listed| listed.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::discovery::host_label;

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
            ".localhost",
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
    fn the_device_s_own_name_is_below_local() {
        let own = || Some(host_label("Kitchen"));
        for name in ["kitchen.local", "KITCHEN.LOCAL", "Kitchen.local."] {
            assert!(is_own(name, own), "{name}");
        }
        for name in [
            "",
            ".local",
            "kitchen",
            "kitchen.lan",
            "a.kitchen.local",
            "kitchenxlocal",
            "\u{fc}local",
        ] {
            assert!(!is_own(name, own), "{name}");
        }
        assert!(!is_own("kitchen.local", || None));
    }

    #[test]
    fn an_address_is_four_numbers_or_in_brackets() {
        assert!(is_address("192.168.4.1") && is_address("[fe80::1]"));
        assert!(!is_address("192.168.4.1.evil.example") && !is_address("::1"));
    }
}
