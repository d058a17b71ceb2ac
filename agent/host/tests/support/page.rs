//! A browser window, and how a person finds their way in the page.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use thirtyfour::TypingData;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;

pub(crate) mod ageing;
mod driver;
mod elements;
mod gestures;

use super::await_some;
use driver::Driver;

/// How long anything on the page may take; only a failure takes that long.
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(200);

/// What has the focus.
#[derive(serde::Deserialize)]
pub(crate) struct Focus {
    /// The beginning of its HTML.
    pub(crate) what: String,
    /// Whether one sees that it has.
    pub(crate) is_seen: bool,
}

/// A window of a fresh browser on some agent's dashboard.
pub(crate) struct Page {
    window: WebDriver,
    _driver: Driver,
    /// Of what this browser keeps and downloads.
    folder: tempfile::TempDir,
}

impl Page {
    /// Opens a URL.
    pub(crate) async fn open(url: &str) -> WebDriverResult<Self> {
        Self::open_with(url, &[]).await
    }

    /// Opens a URL in a browser that was started with more arguments.
    pub(crate) async fn open_with(url: &str, arguments: &[&str]) -> WebDriverResult<Self> {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let driver = Driver::start(folder.path());
        let window = driver.window(arguments, folder.path()).await?;
        window.set_window_rect(0, 0, 1280, 1060).await?;
        window.goto(url).await?;
        Ok(Self {
            window,
            _driver: driver,
            folder,
        })
    }

    /// Loads the page anew, as its address is now.
    pub(crate) async fn reload(&self) -> WebDriverResult<()> {
        self.window.refresh().await
    }

    /// Waits until the address has a text in it.
    pub(crate) async fn address_with(&self, text: &str) -> WebDriverResult<()> {
        self.said_by("location.href", text).await
    }

    /// Returns the address.
    pub(crate) async fn address(&self) -> WebDriverResult<String> {
        Ok(self.window.current_url().await?.to_string())
    }

    /// Waits until the title of the page has a text in it.
    pub(crate) async fn title_with(&self, text: &str) -> WebDriverResult<()> {
        self.said_by("document.title", text).await
    }

    /// Waits until what JavaScript says has a text in it.
    async fn said_by(&self, expression: &str, text: &str) -> WebDriverResult<()> {
        let script = format!("return {expression};");
        let started = Instant::now();
        loop {
            let said: String = self.window.execute(&*script, Vec::new()).await?.convert()?;
            if said.contains(text) {
                return Ok(());
            }
            assert!(started.elapsed() < PATIENCE, "{said} has no {text}");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until a condition in JavaScript holds.
    pub(crate) async fn wait_until(&self, condition: &str) -> WebDriverResult<()> {
        self.said_by(&format!("String({condition})"), "true").await
    }

    /// Opens another URL in the same window.
    pub(crate) async fn visit(&self, url: &str) -> WebDriverResult<()> {
        self.window.goto(url).await
    }

    /// Waits until the page has opened another tab, and looks at that from now on.
    pub(crate) async fn other_tab(&self) -> WebDriverResult<&Self> {
        let own = self.window.window().await?;
        let started = Instant::now();
        loop {
            let tabs = self.window.windows().await?;
            if let Some(other) = tabs.into_iter().find(|tab| *tab != own) {
                self.window.switch_to_window(other).await?;
                return Ok(self);
            }
            assert!(started.elapsed() < PATIENCE, "no other tab was opened");
            tokio::time::sleep(POLL).await;
        }
    }

    /// Closes the tab that is looked at, and looks at the one that is left.
    pub(crate) async fn close_other_tab(&self) -> WebDriverResult<()> {
        self.window.close_window().await?;
        let left = self.window.windows().await?.remove(0);
        self.window.switch_to_window(left).await
    }

    /// Lets the browser have no more than such a link carries, from now on.
    pub(crate) async fn slow_down(
        &self,
        bytes_a_second: u32,
        latency: Duration,
    ) -> WebDriverResult<()> {
        let link = serde_json::json!({
            "offline": false,
            "latency": latency.as_millis() as u64,
            "downloadThroughput": bytes_a_second,
            "uploadThroughput": bytes_a_second,
        });
        let cdp = self.window.cdp();
        let nothing = serde_json::json!({});
        cdp.send_raw("Network.enable", nothing).await?;
        cdp.send_raw("Network.emulateNetworkConditions", link)
            .await
            .map(drop)
    }

    /// Notes, from the next page on, when each of these elements is there first.
    pub(crate) async fn note_arrivals(&self, all: &[&str]) -> WebDriverResult<()> {
        let source = format!(
            "window.arrived = {{}};
            new MutationObserver(() => {{
                for (const css of {all:?}) if (document.querySelector(css)) arrived[css] ??= performance.now();
            }}).observe(document, {{subtree: true, childList: true, attributes: true}});"
        );
        let source = serde_json::json!({ "source": source });
        let cdp = self.window.cdp();
        cdp.send_raw("Page.addScriptToEvaluateOnNewDocument", source)
            .await
            .map(drop)
    }

    /// Returns how long after the page was asked for such an element was there first.
    pub(crate) async fn arrival(&self, css: &str) -> WebDriverResult<Duration> {
        let script = "return arrived[arguments[0]];";
        let ms = self.window.execute(script, vec![css.into()]).await?;
        ms.convert()
            .map(|ms: f64| Duration::from_secs_f64(ms / 1_000.0))
    }

    /// Returns how many bytes a second the page has fetched on average, heads included, in a time from now on.
    pub(crate) async fn fetched_a_second(&self, time: Duration) -> WebDriverResult<u64> {
        let script = "performance.clearResourceTimings();
            performance.setResourceTimingBufferSize(10_000);";
        self.window.execute(script, Vec::new()).await?;
        tokio::time::sleep(time).await;
        let script = "return performance.getEntriesByType('resource').reduce((sum, it) => sum + it.transferSize, 0);";
        let bytes: u64 = self.window.execute(script, Vec::new()).await?.convert()?;
        Ok(bytes / time.as_secs())
    }

    /// Keeps answers from the page whose URLs have this form, until they are released.
    pub(crate) async fn hold(&self, urls: &str) -> WebDriverResult<()> {
        let patterns = serde_json::json!({"patterns": [{"urlPattern": urls}]});
        let cdp = self.window.cdp();
        cdp.send_raw("Fetch.enable", patterns).await.map(drop)
    }

    /// Lets the page have what was held.
    pub(crate) async fn release(&self) -> WebDriverResult<()> {
        let nothing = serde_json::json!({});
        let cdp = self.window.cdp();
        cdp.send_raw("Fetch.disable", nothing).await.map(drop)
    }

    /// Lets the page reach no URL that has one of these forms, from now on.
    pub(crate) async fn block(&self, urls: &[&str]) -> WebDriverResult<()> {
        let cdp = self.window.cdp();
        let nothing = serde_json::json!({});
        cdp.send_raw("Network.enable", nothing).await?;
        let blocked = serde_json::json!({"urls": urls});
        cdp.send_raw("Network.setBlockedURLs", blocked)
            .await
            .map(drop)
    }

    /// Forgets which answers the page has got so far.
    pub(crate) async fn forget_answers(&self) -> WebDriverResult<()> {
        self.problems("performance.clearResourceTimings(); return [];")
            .await
            .map(drop)
    }

    /// Waits until the page has got an answer with this status at a path.
    pub(crate) async fn answered(&self, path: &str, status: u16) -> WebDriverResult<()> {
        let answers = "performance.getEntriesByType('resource')
            .map((answer) => `${answer.responseStatus} ${new URL(answer.name).pathname}.`).join('')";
        self.said_by(answers, &format!("{status} {path}.")).await
    }

    /// Remembers, from the next page on, what a page does against its Content-Security-Policy.
    pub(crate) async fn watch_policy(&self) -> WebDriverResult<()> {
        let source = "window.broken = [];
            document.addEventListener('securitypolicyviolation', event =>
                window.broken.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));";
        let source = serde_json::json!({ "source": source });
        let cdp = self.window.cdp();
        cdp.send_raw("Page.addScriptToEvaluateOnNewDocument", source)
            .await?;
        Ok(())
    }

    /// Returns what the page has done against its policy.
    pub(crate) async fn broken_policy(&self) -> WebDriverResult<Vec<String>> {
        self.problems("return window.broken;").await
    }

    /// Puts markup into the page, as somebody does who has found a way.
    pub(crate) async fn insert(&self, html: &str) -> WebDriverResult<()> {
        let script = "document.body.insertAdjacentHTML('beforeend', arguments[0]);";
        self.window
            .execute(script, vec![html.into()])
            .await
            .map(drop)
    }

    /// Posts to URLs of an agent of all these lengths, each time with a body that would stop its trace if it were
    /// a request; returns how often the browser did it.
    pub(crate) async fn post_all(
        &self,
        url: &str,
        lengths: std::ops::Range<u32>,
    ) -> WebDriverResult<u64> {
        let script = "const [url, start, end, done] = arguments;
            const body = `POST /api/v1/trace/stop HTTP/1.1\\r\\nHost: ${new URL(url).host}\\r\\n\\r\\n`;
            const all = async () => {
                let sent = 0;
                for (let length = start; length < end; length += 1) {
                    const address = (url + '/').padEnd(length, 'x');
                    // The answer may not be read, and the browser calls that a failure.
                    await fetch(address, {method: 'POST', mode: 'no-cors', body}).catch(() => {});
                    sent += 1;
                }
                return sent;
            };
            all().then(done, error => done(0));";
        let arguments = vec![url.into(), lengths.start.into(), lengths.end.into()];
        let sent = self.window.execute_async(script, arguments).await?;
        sent.convert()
    }

    /// Waits until a file of this name has been downloaded, and returns what it holds.
    pub(crate) fn downloaded(&self, name: &str) -> Vec<u8> {
        let file = self.folder.path().join(name);
        // Until it is whole it has another name, or is empty.
        let whole = || std::fs::read(&file).ok().filter(|bytes| !bytes.is_empty());
        await_some("a download", whole)
    }

    /// Clicks an element once it is there, and again if it moved away or was drawn anew just then.
    pub(crate) async fn click(&self, css: &str) -> WebDriverResult<()> {
        let started = Instant::now();
        loop {
            match self.click_once(css).await {
                Err(error)
                    if matches!(
                        *error,
                        WebDriverErrorInner::ElementClickIntercepted(_)
                            | WebDriverErrorInner::StaleElementReference(_)
                    ) && started.elapsed() < PATIENCE => {}
                other => return other,
            }
        }
    }

    async fn click_once(&self, css: &str) -> WebDriverResult<()> {
        self.element(css).await?.wait_until().clickable().await?;
        self.element(css).await?.click().await
    }

    /// Waits until an element is gone.
    pub(crate) async fn gone(&self, css: &str) -> WebDriverResult<()> {
        let query = self.window.query(By::Css(css)).wait(PATIENCE, POLL);
        match query.not_exists().await? {
            true => Ok(()),
            false => panic!("{css} stays"),
        }
    }

    /// Returns whether there is no such element now.
    pub(crate) async fn is_absent(&self, css: &str) -> WebDriverResult<bool> {
        Ok(self.window.find_all(By::Css(css)).await?.is_empty())
    }

    /// Returns whether an element is there, and is seen.
    pub(crate) async fn is_shown(&self, css: &str) -> WebDriverResult<bool> {
        self.element(css).await?.is_displayed().await
    }

    /// Chooses a file in a field.
    pub(crate) async fn choose(&self, css: &str, file: &str) -> WebDriverResult<()> {
        self.element(css).await?.send_keys(file).await
    }

    /// Drops a file on the page, not on any field.
    pub(crate) async fn drop_file(&self, name: &str, text: &str) -> WebDriverResult<()> {
        let script = "const files = new DataTransfer();
            files.items.add(new File([arguments[1]], arguments[0]));
            const drop = new DragEvent('drop', {dataTransfer: files, bubbles: true});
            document.querySelector('main').dispatchEvent(drop);";
        let arguments = vec![name.into(), text.into()];
        self.window.execute(script, arguments).await.map(drop)
    }

    /// Drops files on the page together.
    pub(crate) async fn drop_files(&self, paths: &[&str]) -> WebDriverResult<()> {
        self.insert("<input type='file' multiple id='dropped'>")
            .await?;
        self.choose("#dropped", &paths.join("\n")).await?;
        let script = "const chosen = document.querySelector('#dropped');
            const files = new DataTransfer();
            for (const file of chosen.files) files.items.add(file);
            chosen.remove();
            const drop = new DragEvent('drop', {dataTransfer: files, bubbles: true});
            document.querySelector('main').dispatchEvent(drop);";
        self.window.execute(script, Vec::new()).await.map(drop)
    }

    /// Chooses a page of the dashboard.
    pub(crate) async fn go(&self, fragment: &str) -> WebDriverResult<()> {
        self.click(&format!("nav a[href='#/{fragment}']")).await
    }

    /// Shows the page as somebody sees it who prefers dark or light.
    pub(crate) async fn prefer(&self, scheme: &str) -> WebDriverResult<()> {
        // Without motion, so that nothing is seen half way.
        let feature = serde_json::json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.window
            .cdp()
            .send_raw("Emulation.setEmulatedMedia", feature)
            .await?;
        Ok(())
    }

    /// Gives the window the size of a telephone of some width.
    pub(crate) async fn shrink(&self, width: u32) -> WebDriverResult<()> {
        let size = serde_json::json!({"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": true});
        self.window
            .cdp()
            .send_raw("Emulation.setDeviceMetricsOverride", size)
            .await?;
        Ok(())
    }

    /// Returns whether the page is wider than the window.
    pub(crate) async fn scrolls_sideways(&self) -> WebDriverResult<bool> {
        // A telephone makes `innerWidth` as wide as the page.
        let script = "const {scrollWidth, clientWidth} = document.documentElement;
            return scrollWidth > clientWidth;";
        self.window.execute(script, Vec::new()).await?.convert()
    }

    /// Presses a key, or one after the other what makes a text, wherever the focus is.
    pub(crate) async fn press(&self, key: impl Into<TypingData>) -> WebDriverResult<()> {
        self.window.action_chain().send_keys(key).perform().await
    }

    /// Returns what has the focus.
    pub(crate) async fn focus(&self) -> WebDriverResult<Focus> {
        let script = "const focused = document.activeElement;
            const shape = getComputedStyle(focused.closest('.drop-zone') ?? focused);
            const width = parseFloat(shape.outlineWidth);
            const isSeen = focused === document.body
                || (shape.outlineStyle !== 'none' && width >= 2);
            return {what: focused.outerHTML.slice(0, 200), is_seen: isSeen};";
        self.window.execute(script, Vec::new()).await?.convert()
    }

    /// Returns whether such an element has the focus.
    pub(crate) async fn has_focus(&self, css: &str) -> WebDriverResult<bool> {
        let script = "return document.activeElement.matches(arguments[0]);";
        let arguments = vec![css.into()];
        self.window.execute(script, arguments).await?.convert()
    }

    /// Gives the window a size: of a telephone, or of a window on a desk.
    pub(crate) async fn resize(&self, width: u32, height: u32) -> WebDriverResult<()> {
        let is_telephone = width < 720;
        let size = serde_json::json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_telephone});
        self.window
            .cdp()
            .send_raw("Emulation.setDeviceMetricsOverride", size)
            .await?;
        Ok(())
    }

    /// Gives an element the focus.
    pub(crate) async fn focus_on(&self, css: &str) -> WebDriverResult<()> {
        let script = "document.querySelector(arguments[0]).focus();";
        self.window
            .execute(script, vec![css.into()])
            .await
            .map(drop)
    }

    /// Returns where all elements are, on the page and not in the window: name, left, top, width, height.
    pub(crate) async fn boxes(&self, css: &str) -> WebDriverResult<Vec<String>> {
        let script = "const tenths = (pixels) => Math.round(pixels * 10) / 10;
            return [...document.querySelectorAll(arguments[0])].map((element) => {
                const {x, y, width, height} = element.getBoundingClientRect();
                const places = [x + scrollX, y + scrollY, width, height].map(tenths);
                return `${element.tagName} ${element.getAttribute('class') ?? ''} ${places}`;
            });";
        self.window
            .execute(script, vec![css.into()])
            .await?
            .convert()
    }

    /// Runs an asynchronous script that hands over sentences about what is wrong.
    pub(crate) async fn problems_later(
        &self,
        script: &str,
        arguments: Vec<serde_json::Value>,
    ) -> WebDriverResult<Vec<String>> {
        self.window
            .execute_async(script, arguments)
            .await?
            .convert()
    }

    /// Runs a script that returns sentences about what is wrong.
    pub(crate) async fn problems(&self, script: &str) -> WebDriverResult<Vec<String>> {
        self.window.execute(script, Vec::new()).await?.convert()
    }

    /// Takes a picture, for a person to look at.
    pub(crate) async fn picture(&self, name: &str) -> WebDriverResult<()> {
        let folder = std::env::var_os("HEAPBEACON_SCREENSHOTS");
        let folder =
            folder.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
        std::fs::create_dir_all(&folder)?;
        self.window.screenshot(&folder.join(name)).await
    }

    /// Closes the browser.
    pub(crate) async fn close(self) -> WebDriverResult<()> {
        self.window.quit().await
    }
}
