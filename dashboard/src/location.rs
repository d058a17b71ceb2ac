//! What the address bar says: the page after `#`, how somebody looks at it, and the device in `?device=`.
//!
//! A device serves one file for all pages, so the page is a fragment: reloading and bookmarks work
//! wherever the file lies, and the query stays as it is from page to page.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

/// A page of the dashboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// The heap over time.
    #[default]
    Live,
    /// Who holds memory.
    Leaks,
    /// Every record.
    Records,
    /// Who holds memory, as a picture.
    Flame,
    /// What changed from one capture to another.
    Compare,
    /// What lies where in the heap.
    Map,
    /// Identity, symbols, downloads.
    Device,
    /// Devices side by side.
    Fleet,
}

impl Page {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 8] = [
        Self::Live,
        Self::Leaks,
        Self::Flame,
        Self::Map,
        Self::Records,
        Self::Compare,
        Self::Device,
        Self::Fleet,
    ];

    /// Returns its name; in a file nothing is live.
    pub fn name(self, is_file: bool) -> &'static str {
        match self {
            Self::Live if is_file => "Heap",
            Self::Live => "Live",
            Self::Leaks => "Leaks",
            Self::Flame => "Flame",
            Self::Map => "Map",
            Self::Records => "Records",
            Self::Compare => "Compare",
            Self::Device => "Device",
            Self::Fleet => "Fleet",
        }
    }

    /// Returns its link.
    pub fn link(self) -> &'static str {
        match self {
            Self::Live => "#/live",
            Self::Leaks => "#/leaks",
            Self::Flame => "#/flame",
            Self::Map => "#/map",
            Self::Records => "#/records",
            Self::Compare => "#/compare",
            Self::Device => "#/device",
            Self::Fleet => "#/fleet",
        }
    }

    /// Returns the page of a fragment, the first page if that is empty; `None` if there is no such page.
    pub fn of_fragment(fragment: &str) -> Option<Self> {
        let mut pages = Self::ALL.into_iter();
        let (fragment, _) = fragment.split_once('?').unwrap_or((fragment, ""));
        match fragment.trim_start_matches(['#', '/']) {
            "" => Some(Self::default()),
            _ => pages.find(|page| page.link() == fragment),
        }
    }
}

/// Goes to a page by its link, which may say how to look at it.
pub fn go_to(link: &str) {
    // A browser that refuses stays where it is.
    let _ = window().location().set_hash(link);
}

/// Follows the page that the address bar names; `None` where there is no such page.
pub fn use_page() -> RwSignal<Option<Page>> {
    let page = RwSignal::new(current_page());
    let listener = window_event_listener(ev::hashchange, move |_| page.set(current_page()));
    on_cleanup(move || listener.remove());
    page
}

/// Returns the page that the address bar names; `None` where there is no such page.
pub fn current_page() -> Option<Page> {
    Page::of_fragment(&window().location().hash().unwrap_or_default())
}

/// Returns how somebody looks at the page: what the address bar says behind the `?` of the fragment.
pub fn view() -> Option<UrlSearchParams> {
    let fragment = window().location().hash().ok()?;
    let (_, view) = fragment.split_once('?')?;
    UrlSearchParams::new_with_str(view).ok()
}

/// Returns one thing that it says; empty if it does not.
pub fn view_value(name: &str) -> String {
    let value = view().and_then(|view| view.get(name));
    value.unwrap_or_default()
}

/// Notes in the address bar how somebody looks at a page, so that a reload and a link show the same. What is empty is as
/// usual, and left out. Once the address names another page, nothing is noted of this one.
pub fn note_view(page: Page, view: &[(&str, String)]) {
    let query = UrlSearchParams::new().ok();
    let Some(query) = query.filter(|_| current_page() == Some(page)) else {
        return;
    };
    let told = view.iter().filter(|(_, value)| !value.is_empty());
    told.for_each(|(name, value)| query.append(name, value));
    let query = String::from(query.to_string());
    let mark = if query.is_empty() { "" } else { "?" };
    let url = [page.link(), mark, &query].concat();
    // A browser that refuses shows the usual view the next time.
    let _ = window()
        .history()
        .and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&url)));
}

/// The device that the address bar names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one that served this page.
    Own,
    /// Another one, at this address.
    Other(String),
    /// What stands there is no address.
    Malformed(String),
    /// Nobody served this page: it was opened as a file.
    Nobody,
}

impl Target {
    /// Reads it from the address bar.
    pub fn of_page() -> Self {
        let query = window().location().search().unwrap_or_default();
        let query = UrlSearchParams::new_with_str(&query).ok();
        let named = query.and_then(|query| query.get("device"));
        match named {
            Some(text) => address_of(&text).map_or(Self::Malformed(text), Self::Other),
            None if own_origin().starts_with("http") => Self::Own,
            None => Self::Nobody,
        }
    }

    /// Returns what the paths of its API stand behind.
    pub fn base(&self) -> String {
        match self {
            Self::Other(address) => address.clone(),
            _ => own_base(),
        }
    }
}

/// Returns scheme, host and port of this page; `null` where it is a file.
pub fn own_origin() -> String {
    window().location().origin().unwrap_or_default()
}

/// Returns the folder of this page: a proxy may have put it below a path.
pub fn own_base() -> String {
    let path = window().location().pathname().unwrap_or_default();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    own_origin() + folder
}

/// Completes what a person types or pastes, such as `192.168.1.20` or the address of a page, to what the paths
/// of a device's API stand behind. `None` if it is no address.
pub fn address_of(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let is_address = matches!(scheme.as_str(), "http" | "https") && is_authority(authority);
    is_address.then(|| {
        format!(
            "{scheme}://{}{}",
            authority.to_ascii_lowercase(),
            folder_of(path)
        )
    })
}

/// Checks a host with or without a port: a name, an IPv4 address, or an IPv6 address in brackets.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rfind(']') {
        Some(end) => text.split_at(end + 1),
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port = match port.strip_prefix(':') {
        Some(port) => port.parse::<u16>().is_ok_and(|port| port > 0),
        None => port.is_empty(),
    };
    let is_host = match host.strip_prefix('[') {
        Some(inner) => inner.trim_end_matches(']').contains(':') && is_made_of(inner, "]:.%"),
        None => !host.is_empty() && is_made_of(host, ".-_"),
    };
    is_port && is_host
}

fn is_made_of(text: &str, others: &str) -> bool {
    // Which letters beyond ASCII a name may have, the browser knows.
    let may_stand = |letter: char| {
        letter.is_ascii_alphanumeric() || !letter.is_ascii() || others.contains(letter)
    };
    text.chars().all(may_stand)
}

/// Returns the folder that a path leads into, with a slash before it; empty for the top. Paths of the API and names of
/// files are left out.
fn folder_of(path: &str) -> String {
    let path = path.split("api/v").next().unwrap_or_default();
    let (folder, last) = path.rsplit_once('/').unwrap_or(("", path));
    let names = folder
        .split('/')
        .chain((!last.contains('.')).then_some(last));
    let names = names.filter(|name| !name.is_empty());
    names.flat_map(|name| ["/", name]).collect()
}

/// What a browser may have against a page that asks a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barrier {
    /// The page came encrypted, and the device speaks plain HTTP.
    MixedContent,
    /// The page came from the internet, and the device is in a private network.
    PrivateNetwork,
}

/// Returns what may keep a page of an origin from a device.
pub fn barrier(page: &str, device: &str) -> Option<Barrier> {
    let (page_host, device_host) = (host_of(page), host_of(device));
    if page.starts_with("https:") && device.starts_with("http:") && !is_loopback(device_host) {
        return Some(Barrier::MixedContent);
    }
    let goes_inwards = !is_private(page_host) && is_private(device_host)
        || !is_loopback(page_host) && is_loopback(device_host);
    goes_inwards.then_some(Barrier::PrivateNetwork)
}

fn host_of(address: &str) -> &str {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.split_once(']') {
        Some((host, _)) => host.trim_start_matches('['),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "::1"
}

/// Checks whether a host is in this machine or its network, as far as its name or its address tells.
fn is_private(host: &str) -> bool {
    let numbers: Vec<u8> = host
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect();
    match numbers[..] {
        [10, _, _, _] | [192, 168, _, _] | [169, 254, _, _] => true,
        [172, second, _, _] => (16..32).contains(&second),
        [_, _, _, _] => is_loopback(host),
        _ if host.contains(':') => {
            ["fe8", "fe9", "fea", "feb", "fc", "fd"]
                .iter()
                .any(|start| host.starts_with(start))
                || is_loopback(host)
        }
        // A name without a dot is known in its own network only.
        _ => host.ends_with(".local") || !host.contains('.') || is_loopback(host),
    }
}

/// Points the page at another device: loads it anew with the device in the address.
pub fn go_to_device(address: &str) {
    let location = window().location();
    let Ok(query) = UrlSearchParams::new() else {
        return;
    };
    query.set("device", address);
    let text = String::from(query.to_string());
    // A browser that refuses stays where it is, and says so itself.
    let _ = location.set_search(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_by_its_link_and_nothing_else_is_a_page() {
        for page in Page::ALL {
            assert_eq!(Page::of_fragment(page.link()), Some(page));
        }
        for first in ["", "#", "#/"] {
            assert_eq!(Page::of_fragment(first), Some(Page::Live));
        }
        assert_eq!(Page::of_fragment("#/nowhere"), None);
        let with_view = Page::of_fragment("#/leaks?sort=-growth&filter=a%3Fb");
        assert_eq!(with_view, Some(Page::Leaks));
    }

    #[test]
    fn what_a_person_types_or_pastes_is_completed_to_an_address() {
        for (typed, address) in [
            (" 192.168.1.20/ ", "http://192.168.1.20"),
            ("Lamp.local:8080", "http://lamp.local:8080"),
            ("https://a.example", "https://a.example"),
            ("HTTP://lamp/#/leaks", "http://lamp"),
            ("lamp?device=x", "http://lamp"),
            ("http://lamp/index.html#/live", "http://lamp"),
            ("http://lamp/api/v1/device", "http://lamp"),
            ("http://gate/lamp-1/", "http://gate/lamp-1"),
            ("http://gate/lamps/1", "http://gate/lamps/1"),
            (
                "http://gate/lamps/1/api/v1/trace/leaks?limit=1",
                "http://gate/lamps/1",
            ),
            ("[fe80::1]:80", "http://[fe80::1]:80"),
            ("küche.local", "http://küche.local"),
        ] {
            assert_eq!(address_of(typed).as_deref(), Some(address), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in [
            "",
            " ",
            "http://",
            "ftp://lamp",
            "file:///tmp/x",
            "javascript:alert(1)",
            "lamp:",
            "lamp:0",
            "lamp:99999",
            "lamp:http",
            "a b",
            "user@lamp",
            "fe80::1",
            "[lamp]",
            "[fe80::1",
            "/api/v1",
            "http:///x",
        ] {
            assert_eq!(address_of(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_page_that_came_encrypted_may_not_reach_a_device_that_is_not_but_for_this_machine() {
        let page = "https://beacon.example";
        for (device, expected) in [
            ("http://192.168.1.20", Some(Barrier::MixedContent)),
            ("http://lamp.example:8080/1", Some(Barrier::MixedContent)),
            ("http://[fe80::1]", Some(Barrier::MixedContent)),
            ("https://lamp.example", None),
            ("http://127.0.0.1:8080", Some(Barrier::PrivateNetwork)),
            ("http://localhost", Some(Barrier::PrivateNetwork)),
        ] {
            assert_eq!(barrier(page, device), expected, "{device}");
        }
        assert_eq!(barrier("https://localhost:1", "http://[::1]:8080"), None);
    }

    #[test]
    fn a_page_from_the_internet_may_be_kept_from_a_private_network() {
        let inwards = Some(Barrier::PrivateNetwork);
        for (page, device, expected) in [
            ("http://beacon.example", "http://192.168.1.20", inwards),
            ("http://203.0.113.7", "http://172.16.0.9", inwards),
            ("http://beacon.example", "http://lamp.local", inwards),
            ("http://beacon.example", "http://lamp", inwards),
            ("https://beacon.example", "https://10.0.0.7", inwards),
            ("http://192.168.1.5", "http://127.0.0.1:8080", inwards),
            ("http://192.168.1.5", "http://10.0.0.7", None),
            ("http://beacon.example", "http://203.0.113.7", None),
            ("http://beacon.example", "http://172.40.0.9", None),
            ("http://beacon.example", "http://10.example", None),
            ("http://127.0.0.1:8080", "http://192.168.1.20", None),
        ] {
            assert_eq!(barrier(page, device), expected, "{page} to {device}");
        }
    }
}
