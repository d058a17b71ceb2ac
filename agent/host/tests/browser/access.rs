//! The page without a mouse, and for eyes that need contrast.

use std::time::Instant;

use thirtyfour::prelude::*;

use super::captures::{Files, lamp};
use super::story::{FILE, bundle, row};
use crate::support::page::Page;
use crate::support::process::Process;

/// More stops than any page has, several call stacks opened.
const STOPS: usize = 160;

const CHOOSE: &str = "[data-testid='choose-time']";

const PAGES: [&str; 7] = [
    "live", "leaks", "flame", "map", "records", "compare", "device",
];

/// Goes on with the tabulator until something has the focus, and checks that one always sees what has.
async fn tab_to(page: &Page, css: &str) -> WebDriverResult<()> {
    let mut stops = Vec::new();
    for _ in 0..STOPS {
        page.press(Key::Tab).await?;
        let focus = page.focus().await?;
        assert!(
            focus.is_seen,
            "nothing shows that `{}` has the focus",
            focus.what
        );
        if page.has_focus(css).await? {
            return Ok(());
        }
        stops.push(focus.what);
    }
    panic!("the keyboard does not reach {css}: {stops:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_finds_and_stops_the_leak_with_the_keyboard_alone() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let started = Instant::now();
    let page = Page::open(agent.url()).await?;
    page.element("[data-testid='stop']").await?;

    tab_to(&page, "nav a[href='#/leaks']").await?;
    page.press(Key::Enter).await?;
    page.element(".verdict.bad").await?;

    tab_to(&page, &row("button.name")).await?;
    page.press(Key::Enter).await?;
    page.element(&row("button[aria-expanded='true']")).await?;
    let frame = format!("[data-testid='frame'][data-file*='{FILE}'][data-line]");
    tab_to(&page, &frame).await?;
    page.press(Key::Enter).await?;
    page.element_with(".copied", FILE).await?;
    assert!(page.has_focus(&frame).await?, "copying took the focus away");

    let switch = "[data-testid='demo-switch-session-leak']";
    tab_to(&page, switch).await?;
    page.press(Key::Space).await?;
    page.element(&format!("{switch}[aria-checked='false']"))
        .await?;
    page.element_once_over(".verdict.good", started.elapsed())
        .await?;
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_goes_through_all_views_with_the_keyboard_alone() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    agent.client().post("/marks", r#"{"name":"login"}"#);
    let page = Page::open(agent.url()).await?;
    // When: a part of the timeline.
    page.element(CHOOSE).await?;
    tab_to(&page, CHOOSE).await?;
    page.press(Key::Enter).await?;
    page.element(".edge:focus").await?;
    page.element_with("[data-testid='chosen']", "still live.")
        .await?;
    // By way of whom: in the flame graph of that time.
    let link = "[data-testid='chosen'] a[href*='flame']";
    tab_to(&page, link).await?;
    page.press(Key::Enter).await?;
    page.element_with("#flame-title", "between").await?;
    page.element("[data-testid='flame']").await?;
    tab_to(&page, "[data-testid='flame']").await?;
    page.press(Key::Down).await?;
    page.press(Key::Enter).await?;
    page.element_with("[data-testid='crumbs'] [aria-current]", "task")
        .await?;
    // Where: in the map.
    follow(&page, "map").await?;
    page.element("[data-testid='map']").await?;
    tab_to(&page, "[data-testid='map']").await?;
    page.press(Key::Right).await?;
    page.element_with("[data-testid='map-readout']", " B")
        .await?;
    // And what has changed since a mark.
    follow(&page, "compare").await?;
    page.element_with("[data-testid='before'] option:checked", "login")
        .await?;
    page.element("[data-testid='change-row']").await?;
    tab_to(&page, "[data-testid='copy-comparison']").await?;
    page.press(Key::Enter).await?;
    page.element_with(".copied", "Copied").await?;
    page.close().await
}

/// Goes to another page, from the start of this one.
async fn follow(page: &Page, name: &str) -> WebDriverResult<()> {
    page.reload().await?;
    page.element("main h1").await?;
    tab_to(page, &format!("nav a[href='#/{name}']")).await?;
    page.press(Key::Enter).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_pointer_reads_beside_a_thing_the_keyboard_reads_too() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    // By then the device has answered everything, and nothing takes another's place.
    page.element_with(".card", "Lowest free").await?;
    page.element_with("[data-testid='events']", "trace started")
        .await?;
    assert_read_beside(&page, ".card").await?;
    page.picture("hint.png").await?;
    page.go("leaks").await?;
    page.element(&row("th")).await?;
    assert_read_beside(&page, "th button[title]").await?;
    // What a verdict means is said in the row, once it is open.
    page.click(&row("th")).await?;
    page.element_with("[data-testid='meaning']", "locks")
        .await?;
    page.close().await
}

/// Goes on with the tabulator until such a thing has the focus, and checks that its hint is shown then: asked at once, for the page
/// may draw itself anew in between.
async fn assert_read_beside(page: &Page, css: &str) -> WebDriverResult<()> {
    let unread = format!(
        "const focused = document.activeElement;
        if (!focused.matches('{css}')) return ['elsewhere'];
        const shown = getComputedStyle(focused, '::after').content;
        const isRead = focused.title && shown.includes(focused.title.slice(0, 20));
        return isRead ? [] : [shown, focused.outerHTML.slice(0, 200)];"
    );
    for _ in 0..STOPS {
        page.press(Key::Tab).await?;
        let unread = page.problems(&unread).await?;
        if unread != ["elsewhere"] {
            assert_eq!(unread, [""; 0]);
            return Ok(());
        }
    }
    panic!("the keyboard does not reach {css}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_the_page_has_contrast() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let files = Files::new();
    let page = Page::open(agent.url()).await?;
    page.go("leaks").await?;
    page.element(".verdict.bad").await?;
    assert_readable(&page).await?;

    // What a capture adds: banners, origins, and the ends of call stacks.
    page.go("device").await?;
    page.choose(
        "[data-testid='capture-input']",
        &files.write("lamp.hbc", &lamp()),
    )
    .await?;
    page.element("[data-testid='file-banner']").await?;
    page.drop_file("notes.txt", "neither of the two").await?;
    page.element(".notice").await?;
    assert_readable(&page).await?;
    page.close().await
}

/// Checks every page in both colour schemes, with the first call site opened.
async fn assert_readable(page: &Page) -> WebDriverResult<()> {
    for fragment in PAGES {
        page.go(fragment).await?;
        if fragment == "leaks" {
            page.click("[data-testid='leak-row'] th").await?;
            page.element("[data-testid='frame']").await?;
        }
        for scheme in ["light", "dark"] {
            page.prefer(scheme).await?;
            let problems = page.problems(include_str!("readable.js")).await?;
            assert!(problems.is_empty(), "{fragment}, {scheme}: {problems:#?}");
        }
    }
    Ok(())
}

/// Returns what moves, or would as it changes.
const MOVING: &str = "return [...document.querySelectorAll('body *')].filter((element) => {
        const {animationName, transitionDuration} = getComputedStyle(element);
        return animationName !== 'none' || parseFloat(transitionDuration) > 0;
    }).map((element) => element.outerHTML.slice(0, 120));";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_for_whoever_prefers_less_motion() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.element("[data-testid='stop']").await?;
    let usual = page.problems(MOVING).await?;
    assert!(!usual.is_empty(), "the sign of recording pulses otherwise");
    page.prefer("dark").await?;
    for fragment in PAGES {
        page.go(fragment).await?;
        page.element("main h1").await?;
        assert_eq!(page.problems(MOVING).await?, [""; 0], "{fragment}");
    }
    page.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_runs_in_the_header_while_the_device_answers() -> WebDriverResult<()> {
    let agent = Process::start(&["--dashboard", &bundle(), "--start", "leaks"]);
    let page = Page::open(agent.url()).await?;
    page.element_with("[data-testid='link-state']", "live")
        .await?;
    let watch = "window.said = [];
        const sign = document.querySelector('[data-testid=link-state]');
        const note = () => said.push(sign.textContent);
        new MutationObserver(note).observe(sign, {subtree: true, childList: true, characterData: true});
        window.answers = performance.getEntriesByType('resource').length;
        return [];";
    page.problems(watch).await?;
    page.wait_until("performance.getEntriesByType('resource').length > answers + 12")
        .await?;
    // Whole seconds, where an answer takes as many.
    let said = page.problems("return said;").await?;
    assert!(said.iter().all(|said| !said.contains("ms")), "{said:?}");
    page.close().await
}
