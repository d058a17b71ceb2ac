//! The list of records.

use thirtyfour::prelude::*;

use super::story::{LEAKS, bundle};
use crate::support::page::Page;
use crate::support::process::Process;

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_there_before_the_symbols_get_their_names() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(&format!("{}/#/records", agent.url())).await?;
    page.element_with(".record", LEAKS).await?;
    page.close().await
}
