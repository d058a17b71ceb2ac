//! TLS by a reverse proxy: the recipe of the README, in nginx.

use std::process::Command;

use tempfile::TempDir;
use thirtyfour::prelude::*;

use super::marks::{BUTTON, FIELD};
use super::story::bundle;
use crate::support::background::Background;
use crate::support::page::Page;
use crate::support::process::Process;
use crate::support::tls::{MISSING, make_certificate, nginx};
use crate::support::{await_that, free_port};

const RECIPE: &str = include_str!("../../../../assets/tls-proxy.conf");
const TOKEN: &str = "correct-horse-battery";
/// nginx with the recipe, until the test ends.
struct Proxy {
    folder: TempDir,
    port: u16,
    _nginx: Background,
}

impl Proxy {
    /// Starts it in front of an agent.
    fn start(agent: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let port = free_port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        make_certificate(&path("cert.pem"), &path("key.pem"));
        let recipe = RECIPE
            .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
            .replace("https://heap.example", &format!("https://localhost:{port}"))
            .replace("server_name heap.example", "server_name localhost")
            .replace("/etc/ssl/certs/heap.example.pem", &path("cert.pem"))
            .replace("/etc/ssl/private/heap.example.key", &path("key.pem"))
            .replace("http://192.168.1.40", agent);
        assert!(
            !recipe
                .lines()
                .any(|line| !line.starts_with('#') && line.contains("heap.example"))
        );
        Self {
            _nginx: nginx(folder.path(), &recipe),
            folder,
            port,
        }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Asks with curl, which checks the certificate; returns status and body, or nothing where it fails.
    fn curl(&self, path: &str, arguments: &[&str]) -> Option<(u16, String)> {
        let output = Command::new("curl")
            .args([
                "--silent",
                "--max-time",
                "20",
                "--write-out",
                "\n%{http_code}",
                "--cacert",
            ])
            .arg(self.folder.path().join("cert.pem"))
            .args(arguments)
            .arg(self.url() + path)
            .output()
            .expect(MISSING);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n')?;
        let status = status.parse().ok().filter(|status| *status > 0)?;
        Some((status, body.to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn through_the_proxy_of_the_readme_api_events_and_page_work_with_tls() -> WebDriverResult<()>
{
    let agent = Process::start(&[
        "--dashboard",
        &bundle(),
        "--start",
        "leaks",
        "--token",
        TOKEN,
    ]);
    let proxy = Proxy::start(agent.url());
    let bearer = format!("Authorization: Bearer {TOKEN}");
    await_that("the proxy listens", || proxy.curl("/", &[]).is_some());

    let status =
        |path: &str, arguments: &[&str]| proxy.curl(path, arguments).map(|(status, _)| status);
    assert_eq!(status("/api/v1/trace", &[]), Some(401));
    assert_eq!(status("/api/v1/trace", &["-H", &bearer]), Some(200));
    let mark = [
        "-H",
        &bearer,
        "-H",
        "Content-Type: application/json",
        "-d",
        r#"{"name":"by TLS"}"#,
    ];
    assert_eq!(status("/api/v1/marks", &mark), Some(200));
    // Another site's page gets no further than it does without a proxy.
    let foreign = [&mark[..], &["-H", "Origin: https://elsewhere.example"]].concat();
    assert_eq!(status("/api/v1/marks", &foreign), Some(403));
    let own = format!("Origin: {}", proxy.url());
    let own = [&mark[..], &["-H", &own]].concat();
    assert_eq!(status("/api/v1/marks", &own), Some(200));
    // The connection stays open, so curl gives up when its time is over.
    let events = [
        "--http1.1",
        "--max-time",
        "1",
        "-H",
        &bearer,
        "-H",
        "Connection: Upgrade",
        "-H",
        "Upgrade: websocket",
        "-H",
        "Sec-WebSocket-Version: 13",
        "-H",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let samples = "/api/v1/events?events=0&samples_ms=500";
    assert_eq!(status(samples, &events), Some(101));

    let page = Page::open_with(&proxy.url(), &["--ignore-certificate-errors"]).await?;
    page.choose("#token", &format!("{TOKEN}\n")).await?;
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    // What changes something goes through, too, and so do events.
    page.click(BUTTON).await?;
    page.choose(FIELD, "from afar\n").await?;
    page.element_with("[data-testid='events']", "from afar")
        .await?;
    page.close().await
}
