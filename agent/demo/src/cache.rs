//! The bounded page cache: heap use that rises, then stays level.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;

/// Rendered pages, oldest first.
#[derive(Debug)]
pub(crate) struct Cache {
    pages: VecDeque<Page>,
    capacity: usize,
}

#[derive(Debug)]
struct Page {
    path: String,
    body: Box<str>,
}

impl Cache {
    /// Creates an empty cache that is full at so many pages.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            pages: VecDeque::new(),
            capacity,
        }
    }

    /// Returns the page at `path` if it is in the cache.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        // Newest first: a page is asked for again soon after it was rendered.
        let page = self.pages.iter().rev().find(|page| page.path == path)?;
        Some(&page.body)
    }

    /// Keeps `body` for `path`; a full cache gives up its oldest page.
    #[inline(never)]
    pub(crate) fn fill(&mut self, path: String, body: &str) {
        if self.pages.len() == self.capacity {
            self.pages.pop_front();
        }
        self.pages.push_back(Page {
            path,
            body: Box::from(body),
        });
    }

    /// Drops all pages and the list that held them.
    pub(crate) fn empty(&mut self) {
        self.pages = VecDeque::new();
    }

    /// Returns the number of pages in the cache.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.pages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn full_cache_gives_up_its_oldest_page() {
        let mut cache = Cache::new(128);
        for number in 0..=128 {
            cache.fill(format!("/{number}"), "body");
        }
        assert_eq!(cache.len(), 128);
        assert_eq!(cache.get("/0"), None);
        assert_eq!(cache.get("/1"), Some("body"));
    }
}
