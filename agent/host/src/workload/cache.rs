//! The bounded page cache: heap use that rises, then stays level.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;

/// Number of pages at which the cache is full.
pub(super) const CAPACITY: usize = 128;

/// Rendered pages, oldest first.
#[derive(Debug)]
pub(super) struct Cache {
    pages: VecDeque<Page>,
}

#[derive(Debug)]
struct Page {
    path: String,
    body: Box<str>,
}

impl Cache {
    /// Creates an empty cache.
    pub(super) fn new() -> Self {
        Self {
            pages: VecDeque::new(),
        }
    }

    /// Returns the page at `path` if it is in the cache.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        // Newest first: a page is asked for again soon after it was rendered.
        let page = self.pages.iter().rev().find(|page| page.path == path)?;
        Some(&page.body)
    }

    /// Keeps `body` for `path`; a full cache gives up its oldest page.
    #[inline(never)]
    pub(super) fn fill(&mut self, path: String, body: &str) {
        if self.pages.len() == CAPACITY {
            self.pages.pop_front();
        }
        self.pages.push_back(Page {
            path,
            body: Box::from(body),
        });
    }

    /// Drops all pages and the list that held them.
    pub(super) fn empty(&mut self) {
        self.pages = VecDeque::new();
    }

    /// Returns the number of pages in the cache.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn full_cache_gives_up_its_oldest_page() {
        let mut cache = Cache::new();
        for number in 0..=CAPACITY {
            cache.fill(format!("/{number}"), "body");
        }
        assert_eq!(cache.len(), CAPACITY);
        assert_eq!(cache.get("/0"), None);
        assert_eq!(cache.get("/1"), Some("body"));
    }
}
