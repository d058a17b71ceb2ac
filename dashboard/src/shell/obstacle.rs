//! Why there is no device to show, and what to do about it, in words.

use leptos::prelude::*;

use crate::device::connection::Obstacle;
use crate::location::{Barrier, barrier, own_base, own_origin};
use crate::store::Store;

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(&'static str),
    Code(String),
    /// The address of a page.
    Link(String),
}

use Part::{Code, Link, Text};

/// Where a device was looked for, and from where.
struct Way {
    /// The address that was asked.
    asked: String,
    /// The origin of this page.
    page: String,
    /// Whether the one is behind the other.
    is_own: bool,
}

impl Way {
    fn of_app() -> Self {
        let asked = Store::of_app()
            .client
            .with_value(|client| client.base().to_owned());
        Self {
            is_own: asked == own_base(),
            page: own_origin(),
            asked,
        }
    }

    fn asked(&self) -> Part {
        Code(self.asked.clone())
    }

    fn page(&self) -> Part {
        Code(self.page.clone())
    }

    fn link(&self) -> Part {
        Link(format!("{}/", self.asked))
    }

    /// Describes how a device lets the page in.
    fn let_in(&self) -> [Part; 5] {
        [
            Text("let this page in: start the agent with "),
            Code(format!("--allow-origin {}", self.page)),
            Text(", or name it under "),
            Code("origins".to_owned()),
            Text(" in the firmware's configuration."),
        ]
    }
}

/// Describes in a few words why there is no device.
pub(super) fn title(obstacle: &Obstacle) -> &'static str {
    match obstacle {
        Obstacle::Unreachable | Obstacle::ShutOut => "No device answers this page",
        Obstacle::Foreign(_) if Way::of_app().is_own => "There is no device behind this page",
        Obstacle::Foreign(_) => "What answers there is not HeapBeacon",
        Obstacle::OtherVersion(_) => "This page can't read what the device answers",
        Obstacle::Refused(_) => "The device refuses to answer this page",
        Obstacle::Malformed(_) => "The link to this page names no device",
        Obstacle::Nobody => "This page was opened as a file",
    }
}

/// Shows what stands between the page and a device, and what to do.
pub(super) fn reason(obstacle: &Obstacle) -> Vec<AnyView> {
    let part = |part: Part| match part {
        Text(text) => text.into_any(),
        Code(text) => view! { <code>{text}</code> }.into_any(),
        Link(address) => view! { <a href=address.clone()>{address.clone()}</a> }.into_any(),
    };
    let paragraph = |parts: Vec<Part>| {
        let parts: Vec<AnyView> = parts.into_iter().map(part).collect();
        view! { <p>{parts}</p> }.into_any()
    };
    let paragraphs = words(obstacle, &Way::of_app()).into_iter();
    paragraphs.map(paragraph).collect()
}

/// Returns the paragraphs of what there is to say.
fn words(obstacle: &Obstacle, way: &Way) -> Vec<Vec<Part>> {
    match obstacle {
        Obstacle::Unreachable => unreachable(way),
        Obstacle::ShutOut => vec![shut_out(way)],
        Obstacle::Foreign(status) => vec![foreign(*status, way)],
        Obstacle::OtherVersion(what) => vec![vec![
            Text("An agent of another version seems to answer at "),
            way.asked(),
            Text(": "),
            Code(what.clone()),
            Text(". The page that the device itself serves fits it: "),
            way.link(),
        ]],
        Obstacle::Refused(why) => vec![vec![
            way.asked(),
            Text(" answers: "),
            Code(why.clone()),
            Text(" The page keeps trying."),
        ]],
        Obstacle::Malformed(text) => vec![vec![
            Text("In the address bar, "),
            Code(format!("device={text}")),
            Text(" is to name one, as in "),
            Code("device=http://192.168.1.20".to_owned()),
        ]],
        Obstacle::Nobody => vec![vec![Text(
            "So there is no device behind it. Name one, or open a capture.",
        )]],
    }
}

/// Nobody answers, as far as a browser tells: what it keeps from a page looks the same.
fn unreachable(way: &Way) -> Vec<Vec<Part>> {
    let silence = vec![
        Text("No HeapBeacon agent answers at "),
        way.asked(),
        Text(". Check that the device is powered and in your network. The page keeps trying."),
    ];
    let perhaps = match barrier(&way.page, &way.asked) {
        _ if way.is_own => return vec![silence],
        Some(Barrier::MixedContent) => vec![
            Text(
                "This page came over https, and a browser keeps such a page from devices that speak plain http \
                 (mixed content), unless it asks whether the page may reach your local network, and you allow it. \
                 Open the device's own page instead: ",
            ),
            way.link(),
        ],
        Some(Barrier::PrivateNetwork) => vec![
            Text(
                "This page came from outside of the device's network, and a browser may keep such a page from \
                 what is inside (local network access). Open the device's own page instead: ",
            ),
            way.link(),
        ],
        None => {
            let mut parts = vec![
                Text("A device that answers, but not to pages from "),
                way.page(),
                Text(", looks the same to a browser. See whether its own page opens, "),
                way.link(),
                Text(", or "),
            ];
            parts.extend(way.let_in());
            parts
        }
    };
    vec![silence, perhaps]
}

/// Describes that a device does not know this page: a browser hides its answers then.
fn shut_out(way: &Way) -> Vec<Part> {
    let mut parts = vec![
        Text("Somebody answers at "),
        way.asked(),
        Text(", but not to pages from "),
        way.page(),
        Text(". Open the device's own page, "),
        way.link(),
        Text(", or "),
    ];
    parts.extend(way.let_in());
    parts
}

fn foreign(status: u16, way: &Way) -> Vec<Part> {
    let said = Code(format!("status {status}"));
    if way.is_own {
        return vec![
            way.asked(),
            Text(" serves the page, but no HeapBeacon API: asked for it, it answered with "),
            said,
            Text(". Name a device, or open a capture."),
        ];
    }
    vec![
        way.asked(),
        Text(" answered with "),
        said,
        Text(
            ", and not as an agent does. It may be another device, or a login page before it. Check the address \
             and the port, or look there: ",
        ),
        way.link(),
        Text(" The page keeps trying."),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(obstacle: &Obstacle, page: &str, asked: &str) -> String {
        let way = Way {
            asked: asked.to_owned(),
            page: page.to_owned(),
            is_own: page == asked,
        };
        let parts = words(obstacle, &way).into_iter().flatten();
        let text = |part| match part {
            Text(text) => text.to_owned(),
            Code(text) | Link(text) => text,
        };
        parts.map(text).collect()
    }

    #[test]
    fn what_a_browser_may_have_against_the_way_to_a_silent_device_is_named() {
        for (page, asked, named) in [
            ("https://b.example", "http://192.168.1.20", "mixed content"),
            (
                "http://b.example",
                "http://192.168.1.20",
                "local network access",
            ),
            (
                "http://192.168.1.5",
                "http://192.168.1.20",
                "--allow-origin http://192.168.1.5",
            ),
        ] {
            let words = said(&Obstacle::Unreachable, page, asked);
            assert!(
                words.contains(named) && words.contains("http://192.168.1.20/"),
                "{words}"
            );
        }
        let own = said(&Obstacle::Unreachable, "http://lamp", "http://lamp");
        assert!(!own.contains("browser"), "{own}");
    }

    #[test]
    fn a_server_without_an_api_is_told_from_another_device() {
        let own = said(&Obstacle::Foreign(404), "http://lamp", "http://lamp");
        assert!(
            own.contains("no HeapBeacon API") && own.contains("status 404"),
            "{own}"
        );
        let other = said(&Obstacle::Foreign(200), "http://lamp", "http://gate");
        assert!(
            other.contains("login page") && other.contains("http://gate/"),
            "{other}"
        );
    }
}
