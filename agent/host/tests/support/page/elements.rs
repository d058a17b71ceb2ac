//! What is on a page: waited for, and read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use thirtyfour::prelude::*;

use super::{PATIENCE, POLL, Page};

impl Page {
    /// Waits for an element, and returns it.
    pub(crate) async fn element(&self, css: &str) -> WebDriverResult<WebElement> {
        self.window
            .query(By::Css(css))
            .wait(PATIENCE, POLL)
            .first()
            .await
    }

    /// Waits for an element that comes once something has been over for as long as it lasted, as the verdict of a leak that has
    /// ended does.
    pub(crate) async fn element_once_over(
        &self,
        css: &str,
        lasted: Duration,
    ) -> WebDriverResult<WebElement> {
        let wait = PATIENCE + 2 * lasted;
        self.window
            .query(By::Css(css))
            .wait(wait, POLL)
            .first()
            .await
    }

    /// Waits for an element that contains a text.
    pub(crate) async fn element_with(&self, css: &str, text: &str) -> WebDriverResult<WebElement> {
        let text = text.to_owned();
        self.element_where(css, move |shown| shown.contains(&text))
            .await
    }

    /// Waits for an element, and returns its text. Unlike the element itself, it can't be drawn anew before it is read.
    pub(crate) async fn text(&self, css: &str) -> WebDriverResult<String> {
        self.text_with(css, "").await
    }

    /// Waits for an element that contains a text, and returns all of its text.
    pub(crate) async fn text_with(&self, css: &str, text: &str) -> WebDriverResult<String> {
        self.read_with(css, text, async |element| element.text().await.ok())
            .await
    }

    /// Waits for an element of which something is read that contains a text, and returns that: the element may be drawn anew at any time.
    async fn read_with(
        &self,
        css: &str,
        text: &str,
        read: impl AsyncFn(&WebElement) -> Option<String>,
    ) -> WebDriverResult<String> {
        let started = Instant::now();
        loop {
            for element in self.window.find_all(By::Css(css)).await? {
                if let Some(shown) = read(&element).await
                    && shown.contains(text)
                {
                    return Ok(shown);
                }
            }
            assert!(started.elapsed() < PATIENCE, "no {css} with {text}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for an element whose text is as wanted.
    pub(crate) async fn element_where(
        &self,
        css: &str,
        is_wanted: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> WebDriverResult<WebElement> {
        let query = self.window.query(By::Css(css)).wait(PATIENCE, POLL);
        let is_wanted = Arc::new(is_wanted);
        let query = query.with_filter(move |element: WebElement| {
            let is_wanted = is_wanted.clone();
            async move { Ok(element.text().await.is_ok_and(|shown| is_wanted(&shown))) }
        });
        query.first().await
    }

    /// Waits until an element's content has a text in it: of a drawing, too, whose text WebDriver does not read.
    pub(crate) async fn content_with(&self, css: &str, text: &str) -> WebDriverResult<String> {
        let content = async |element: &WebElement| element.prop("textContent").await.ok().flatten();
        self.read_with(css, text, content).await
    }
}
