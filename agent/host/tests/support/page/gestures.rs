//! What a person does with mouse and finger.

use std::time::Duration;

use thirtyfour::prelude::*;

use super::Page;

/// Steps of a scroll: enough for a mean, few enough for a list of some windows.
const SCROLL_STEPS: u32 = 50;

/// How a list scrolled.
#[derive(Debug)]
pub(crate) struct Scrolled {
    /// Most table rows that stood in the document at a time.
    pub(crate) drawn: u64,
    /// Milliseconds of a core that scripts, style and layout took, a step.
    pub(crate) step_ms: f64,
}

impl Page {
    /// Points with the mouse at a place in an element, as a share of its width.
    pub(crate) async fn point(&self, css: &str, share: f64) -> WebDriverResult<()> {
        let [x, y] = self.place(css, share).await?;
        let event = serde_json::json!({"type": "mouseMoved", "x": x, "y": y});
        self.window
            .cdp()
            .send_raw("Input.dispatchMouseEvent", event)
            .await?;
        Ok(())
    }

    /// Clicks with the mouse at a place in an element, as a share of its width.
    pub(crate) async fn click_at(&self, css: &str, share: f64) -> WebDriverResult<()> {
        let [x, y] = self.place(css, share).await?;
        for kind in ["mousePressed", "mouseReleased"] {
            let event = serde_json::json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.window
                .cdp()
                .send_raw("Input.dispatchMouseEvent", event)
                .await?;
        }
        Ok(())
    }

    /// Presses the mouse button on an element, draws it through these shares of its width, and releases it.
    pub(crate) async fn drag(&self, css: &str, shares: &[f64]) -> WebDriverResult<()> {
        let last = shares.len().saturating_sub(1);
        for (index, share) in shares.iter().enumerate() {
            let [x, y] = self.place(css, *share).await?;
            let mut kinds = vec![("mouseMoved", if index == 0 { 0 } else { 1 })];
            kinds.extend((index == 0).then_some(("mousePressed", 1)));
            kinds.extend((index == last).then_some(("mouseReleased", 0)));
            for (kind, buttons) in kinds {
                let button = if kind == "mouseMoved" { "none" } else { "left" };
                let event = serde_json::json!({"type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1});
                self.window
                    .cdp()
                    .send_raw("Input.dispatchMouseEvent", event)
                    .await?;
            }
        }
        Ok(())
    }

    /// Moves the mouse to where nothing is.
    pub(crate) async fn point_away(&self) -> WebDriverResult<()> {
        let event = serde_json::json!({"type": "mouseMoved", "x": 1, "y": 1});
        self.window
            .cdp()
            .send_raw("Input.dispatchMouseEvent", event)
            .await?;
        Ok(())
    }

    /// Puts a finger on an element, draws it through these shares of its width, and lifts it.
    pub(crate) async fn touch(&self, css: &str, shares: &[f64]) -> WebDriverResult<()> {
        let cdp = self.window.cdp();
        let on = serde_json::json!({"enabled": true});
        cdp.send_raw("Emulation.setTouchEmulationEnabled", on)
            .await?;
        for (index, share) in shares.iter().enumerate() {
            let [x, y] = self.place(css, *share).await?;
            let kind = if index == 0 {
                "touchStart"
            } else {
                "touchMove"
            };
            let event = serde_json::json!({"type": kind, "touchPoints": [{"x": x, "y": y}]});
            cdp.send_raw("Input.dispatchTouchEvent", event).await?;
        }
        let end = serde_json::json!({"type": "touchEnd", "touchPoints": []});
        cdp.send_raw("Input.dispatchTouchEvent", end).await?;
        Ok(())
    }

    /// Returns a place in an element, in pixels of the window.
    async fn place(&self, css: &str, share: f64) -> WebDriverResult<[f64; 2]> {
        let script = "const element = document.querySelector(arguments[0]);
            element.scrollIntoView({block: 'center'});
            const {x, y, width, height} = element.getBoundingClientRect();
            return [x + width * arguments[1], y + height / 2];";
        let arguments = vec![css.into(), share.into()];
        self.window.execute(script, arguments).await?.convert()
    }

    /// Scrolls an element from its top by so many pixels a frame, [`SCROLL_STEPS`] times.
    pub(crate) async fn scroll(&self, css: &str, pixels: u32) -> WebDriverResult<Scrolled> {
        let script = "const [css, pixels, steps, done] = arguments;
            const list = document.querySelector(css);
            let left = steps, drawn = 0;
            const step = () => {
                drawn = Math.max(drawn, list.querySelectorAll('tr').length);
                if (left === 0) { done(drawn); return; }
                left -= 1;
                list.scrollTop += pixels;
                requestAnimationFrame(step);
            };
            step();";
        self.scroll_to(css, "0").await?;
        let before = self.work_ms().await?;
        let arguments = vec![css.into(), pixels.into(), SCROLL_STEPS.into()];
        let drawn = self.window.execute_async(script, arguments).await?;
        let work_ms = self.work_ms().await? - before;
        Ok(Scrolled {
            drawn: drawn.convert()?,
            step_ms: work_ms / f64::from(SCROLL_STEPS),
        })
    }

    /// Scrolls an element to its end.
    pub(crate) async fn scroll_to_end(&self, css: &str) -> WebDriverResult<()> {
        self.scroll_to(css, "list.scrollHeight").await
    }

    async fn scroll_to(&self, css: &str, place: &str) -> WebDriverResult<()> {
        let script = format!(
            "const list = document.querySelector(arguments[0]);
            list.scrollTop = {place};"
        );
        self.window
            .execute(script, vec![css.into()])
            .await
            .map(drop)
    }

    /// Notes from now on how long each input takes until what it changes is seen: by the browser's own clock on the wall, whoever works
    /// for it.
    pub(crate) async fn watch_inputs(&self) -> WebDriverResult<()> {
        let script = "window.slowest = 0;
            const take = (inputs) => inputs.forEach((it) => { slowest = Math.max(slowest, it.duration); });
            const observer = new PerformanceObserver((list) => take(list.getEntries()));
            observer.observe({type: 'event', durationThreshold: 16});
            // What was painted is told a little later.
            window.slowestInput = (done) => requestAnimationFrame(() => setTimeout(() => {
                take(observer.takeRecords());
                done(slowest);
                slowest = 0;
            }, 60));";
        self.window.execute(script, Vec::new()).await.map(drop)
    }

    /// Returns the milliseconds of the slowest input since it was asked last; 0 where each took less than 16.
    pub(crate) async fn slowest_input_ms(&self) -> WebDriverResult<f64> {
        let script = "slowestInput(arguments[0]);";
        let ms = self.window.execute_async(script, Vec::new()).await?;
        ms.convert()
    }

    /// Returns how long the page's main thread has run on a core: waiting does not count.
    pub(crate) async fn thread_time(&self) -> WebDriverResult<Duration> {
        let seconds = self.metric(&["ThreadTime"]).await?;
        Ok(Duration::from_secs_f64(seconds))
    }

    /// Returns how many milliseconds of a core the page has taken for scripts, style and layout.
    pub(crate) async fn work_ms(&self) -> WebDriverResult<f64> {
        let work = ["ScriptDuration", "RecalcStyleDuration", "LayoutDuration"];
        Ok(1_000.0 * self.metric(&work).await?)
    }

    /// Returns the sum of some of the browser's own metrics of a page; times are in seconds, on the clock of its thread.
    pub(super) async fn metric(&self, names: &[&str]) -> WebDriverResult<f64> {
        let cdp = self.window.cdp();
        let domain = serde_json::json!({"timeDomain": "threadTicks"});
        cdp.send_raw("Performance.enable", domain).await?;
        let answer = cdp
            .send_raw("Performance.getMetrics", serde_json::json!({}))
            .await?;
        let metrics = answer["metrics"].as_array().expect("Chromium has metrics");
        let is_asked =
            |metric: &&serde_json::Value| names.iter().any(|name| metric["name"] == *name);
        let asked = metrics.iter().filter(is_asked);
        Ok(asked.filter_map(|metric| metric["value"].as_f64()).sum())
    }
}
