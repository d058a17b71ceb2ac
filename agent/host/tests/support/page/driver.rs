//! A browser, and who drives it.

use std::path::Path;
use std::process::Command;

use thirtyfour::prelude::*;

use crate::support::background::Background;

/// Chromium without a window and all that belongs to one: it takes half of the time. Not the script in PATH, for whoever ends that leaves the browser running.
const BROWSER: &str = "/usr/lib/chromium/chromium-headless-shell";
/// Ports that chromedriver may find taken before that is a failure.
const STARTS: usize = 5;

/// What a browser needs in a container, and what keeps it from calling home.
const ARGUMENTS: [&str; 7] = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// chromedriver, until this value goes.
pub(super) struct Driver {
    port: u16,
    _background: Background,
}

impl Driver {
    /// Starts chromedriver on a port that it chooses. It takes the port on two protocols, one after the
    /// other, and gives up if somebody else has it on the second: then it has to choose anew. What it and the browser keep goes to a folder.
    pub(super) fn start(folder: &Path) -> Self {
        let mut starts = (0..STARTS).map(|_| Self::try_start(folder));
        starts
            .find_map(|started| started)
            .expect("chromedriver says where it listens")
    }

    /// Starts chromedriver and reads the port from what it prints.
    fn try_start(folder: &Path) -> Option<Self> {
        let mut background = Background::start(
            Command::new("chromedriver")
                .arg("--port=0")
                .env("TMPDIR", folder),
            "chromedriver is in PATH: on Debian it is the package chromium-driver",
        );
        let port = background.find(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        })?;
        Some(Self {
            port,
            _background: background,
        })
    }

    /// Opens a window of a fresh browser, which was started with more arguments and downloads to a folder.
    pub(super) async fn window(
        &self,
        arguments: &[&str],
        folder: &Path,
    ) -> WebDriverResult<WebDriver> {
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(BROWSER)?;
        for argument in ARGUMENTS.iter().chain(arguments) {
            wanted.add_arg(argument)?;
        }
        let window = WebDriver::new(format!("http://127.0.0.1:{}", self.port), wanted).await?;
        let downloads = serde_json::json!({ "behavior": "allow", "downloadPath": folder });
        let cdp = window.cdp();
        cdp.send_raw("Browser.setDownloadBehavior", downloads)
            .await?;
        Ok(window)
    }
}
