//! A page whose clock goes faster, and what memory it takes.

use std::time::{Duration, Instant};

use thirtyfour::prelude::*;

use super::{PATIENCE, POLL, Page};

/// Collections of garbage before memory is measured.
const COLLECTIONS: usize = 3;

/// What a page takes, once nothing is left that it has given up.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Bytes of JavaScript's heap.
    pub(crate) script_bytes: u64,
    /// Bytes of its WebAssembly memories.
    pub(crate) program_bytes: u64,
    /// Elements of its document. The browser's own count has those that were handed to the test, too.
    pub(crate) elements: u64,
}

impl Memory {
    pub(crate) fn bytes(&self) -> u64 {
        self.script_bytes + self.program_bytes
    }
}

impl Page {
    /// Lets time pass so many times as fast for the next page, and counts what it asks for. How long answers are waited for stays as
    /// it is, and so does how long the page waits for its own program.
    pub(crate) async fn speed_up(&self, times: u32) -> WebDriverResult<()> {
        let source = format!(
            "for (const clock of [Date, performance]) {{
                const now = clock.now.bind(clock), began = now();
                clock.now = () => began + (now() - began) * {times};
            }}
            for (const name of ['setTimeout', 'setInterval']) {{
                const wait = window[name].bind(window);
                window[name] = (then, ms = 0, ...rest) => {{
                    const isThere = document.querySelector('nav a') !== null;
                    return wait(then, isThere ? ms / {times} : ms, ...rest);
                }};
            }}
            window.asked = 0;
            const ask = window.fetch.bind(window);
            window.fetch = (...all) => {{ asked += 1; return ask(...all); }};"
        );
        let source = serde_json::json!({ "source": source });
        let cdp = self.window.cdp();
        cdp.send_raw("Page.addScriptToEvaluateOnNewDocument", source)
            .await
            .map(drop)
    }

    /// Waits until the page is as old as that, by its own clock.
    pub(crate) async fn grow_older(&self, age: Duration) -> WebDriverResult<()> {
        while self.number("performance.now()").await? < age.as_secs_f64() * 1_000.0 {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Goes to a page and waits for what is seen there. The test gets none of its elements, which would be held with all around them until the
    /// window is closed.
    pub(crate) async fn look_at(&self, (page, css): (&str, &str)) -> WebDriverResult<()> {
        let go = format!("location.hash = '#/{page}'");
        self.window.execute(go, Vec::new()).await?;
        let is_there = format!("Number(document.querySelector(`{css}`) !== null)");
        let started = Instant::now();
        while self.number(&is_there).await? == 0.0 {
            if started.elapsed() > PATIENCE {
                let all = self.text("body").await?;
                panic!("no {css} on {page}: {all}");
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// Returns how many requests the page has made.
    pub(crate) async fn asked(&self) -> WebDriverResult<u64> {
        self.number("asked").await.map(|asked| asked as u64)
    }

    async fn number(&self, expression: &str) -> WebDriverResult<f64> {
        let script = format!("return {expression};");
        self.window.execute(script, Vec::new()).await?.convert()
    }

    /// Measures what memory the page takes.
    pub(crate) async fn memory(&self) -> WebDriverResult<Memory> {
        let cdp = self.window.cdp();
        // What was drawn last is held until the next picture, and by what is collected then.
        for _ in 0..COLLECTIONS {
            let next = "requestAnimationFrame(() => setTimeout(arguments[0]));";
            self.window.execute_async(next, Vec::new()).await?;
            let nothing = serde_json::json!({});
            cdp.send_raw("HeapProfiler.collectGarbage", nothing).await?;
        }
        let elements = "document.getElementsByTagName('*').length";
        Ok(Memory {
            script_bytes: self.metric(&["JSHeapUsedSize"]).await? as u64,
            program_bytes: self.program_bytes().await?,
            elements: self.number(elements).await? as u64,
        })
    }

    /// Returns how large all WebAssembly memories of the page are together, which no script of it has to hand out.
    async fn program_bytes(&self) -> WebDriverResult<u64> {
        let cdp = self.window.cdp();
        let kind = serde_json::json!({"expression": "WebAssembly.Memory.prototype"});
        let kind = cdp.send_raw("Runtime.evaluate", kind).await?;
        let kind = serde_json::json!({"prototypeObjectId": kind["result"]["objectId"]});
        let found = cdp.send_raw("Runtime.queryObjects", kind).await?;
        let sum = serde_json::json!({
            "objectId": found["objects"]["objectId"],
            "functionDeclaration": "function () { return this.reduce((sum, it) => sum + it.buffer.byteLength, 0); }",
            "returnByValue": true,
        });
        let sum = cdp.send_raw("Runtime.callFunctionOn", sum).await?;
        Ok(sum["result"]["value"].as_u64().unwrap_or_default())
    }
}
