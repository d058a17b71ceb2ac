//! What the address bar says: the page after `#`, and the device in `?device=`.
//!
//! A device serves one file for all pages, so the page is a fragment: reloading and bookmarks work
//! wherever the file lies, and the query stays as it is from page to page.

use leptos::ev;
use leptos::prelude::*;
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
    /// Identity, symbols, downloads.
    Device,
}

impl Page {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 4] = [Self::Live, Self::Leaks, Self::Records, Self::Device];

    /// Returns its name; in a file nothing is live.
    pub fn name(self, is_file: bool) -> &'static str {
        match self {
            Self::Live if is_file => "Heap",
            Self::Live => "Live",
            Self::Leaks => "Leaks",
            Self::Records => "Records",
            Self::Device => "Device",
        }
    }

    /// Returns its link.
    pub fn link(self) -> &'static str {
        match self {
            Self::Live => "#/live",
            Self::Leaks => "#/leaks",
            Self::Records => "#/records",
            Self::Device => "#/device",
        }
    }

    /// Returns the page of a fragment, the first page if that is empty; `None` if there is no such page.
    pub fn of_fragment(fragment: &str) -> Option<Self> {
        let mut pages = Self::ALL.into_iter();
        match fragment.trim_start_matches(['#', '/']) {
            "" => Some(Self::default()),
            _ => pages.find(|page| page.link() == fragment),
        }
    }
}

/// Goes to a page.
pub fn go_to(page: Page) {
    // A browser that refuses stays where it is.
    let _ = window().location().set_hash(page.link());
}

/// Follows the page that the address bar names; `None` where there is no such page.
pub fn use_page() -> RwSignal<Option<Page>> {
    let current = || Page::of_fragment(&window().location().hash().unwrap_or_default());
    let page = RwSignal::new(current());
    let listener = window_event_listener(ev::hashchange, move |_| page.set(current()));
    on_cleanup(move || listener.remove());
    page
}

/// Returns the device that the address bar names; `None` means the one that served this page.
pub fn device_origin() -> Option<String> {
    let query = window().location().search().ok()?;
    let device = UrlSearchParams::new_with_str(&query).ok()?.get("device")?;
    origin_of(&device)
}

/// Completes what a person types, such as `192.168.1.20`, to an origin.
pub fn origin_of(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    match text {
        "" => None,
        _ if text.contains("://") => Some(text.to_owned()),
        _ => Some(format!("http://{text}")),
    }
}

/// Points the page at another device: loads it anew with the device in the address.
pub fn go_to_device(origin: &str) {
    let location = window().location();
    let Ok(query) = UrlSearchParams::new() else {
        return;
    };
    query.set("device", origin);
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
    }

    #[test]
    fn an_address_is_completed_to_an_origin() {
        assert_eq!(
            origin_of(" 192.168.1.20/ ").as_deref(),
            Some("http://192.168.1.20")
        );
        assert_eq!(
            origin_of("https://a.example").as_deref(),
            Some("https://a.example")
        );
        assert_eq!(origin_of(" "), None);
    }
}
