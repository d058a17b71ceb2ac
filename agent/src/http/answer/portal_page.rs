//! The portal's page: plain HTML without a script, for whatever shows it when a phone joins the device's network.

use core::fmt;
use core::fmt::Write;

use heapbeacon_shared::trace::{Name, Settings};

use crate::field::provisioning::{Failure, Heard, MOST_HEARD, Stage};
use crate::http::answer::chunk::Chunk;
use crate::platform::Device;

/// The page's looks: light or dark, as the phone is.
const STYLE: &str = "<style>\
:root{color-scheme:light dark;--line:#767b85;--soft:#5b616b;--bad:#a3201d;--go:#1554c0;--on:#fff}\
@media(prefers-color-scheme:dark){:root{--line:#7d838e;--soft:#a4abb6;--bad:#ff9d96;--go:#8ab4ff;--on:#0c1a33}}\
*{box-sizing:border-box}\
body{margin:0 auto;padding:1.25rem;max-width:30rem;font:1rem/1.5 system-ui,sans-serif}\
h1{font-size:1.4rem;line-height:1.25;margin:.25rem 0 1rem;overflow-wrap:anywhere}\
fieldset{border:0;margin:0 0 1rem;padding:0}legend,.name{font-weight:600;padding:0;margin-bottom:.35rem;display:block}\
.net{display:flex;align-items:center;gap:.75rem;min-height:3rem;padding:.4rem .25rem;border-bottom:1px solid var(--line)}\
.net b{flex:1;font-weight:500;min-width:0;overflow-wrap:anywhere}\
small,.hint{color:var(--soft);font-size:.875rem}.hint{margin:.35rem 0 1rem}\
input[type=radio]{width:1.25rem;height:1.25rem;flex:none;accent-color:var(--go)}\
.text{width:100%;min-height:3rem;padding:.5rem .75rem;font:inherit;border:1px solid var(--line);border-radius:.5rem}\
.field{display:block;margin-bottom:1rem}\
button{width:100%;min-height:3rem;font:inherit;font-weight:600;border:1px solid var(--go);border-radius:.5rem;background:var(--go);color:var(--on)}\
button.also{background:none;color:var(--go);margin-top:.75rem}\
.bad{color:var(--bad);border-left:.25rem solid;padding:.25rem .75rem;overflow-wrap:anywhere}\
.net+label .text{margin-top:.5rem}\
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}\
::placeholder{color:var(--soft);opacity:1}\
:focus-visible{outline:.2rem solid var(--go);outline-offset:.15rem}a{color:var(--go)}\
</style>";

/// The page, made a chunk at a time.
pub(crate) struct PortalPage {
    part: Part,
    stage: Stage,
    /// The network that somebody has chosen before; empty if nobody has.
    chosen: Name,
    trouble: Option<Trouble>,
    wants_token: bool,
    is_scanning: bool,
    /// Whether the chosen network is in the list.
    is_listed: bool,
}

/// Why a guest has to choose again.
#[derive(Clone, Copy)]
pub(crate) enum Trouble {
    /// What was sent is wrong.
    Wrong(&'static str),
    /// The chosen network could not be joined.
    Failed(Failure),
}

/// What is written next.
#[derive(Clone, Copy)]
enum Part {
    Head,
    Style,
    Title,
    Trouble,
    Network(usize),
    Fields,
    Done,
}

impl PortalPage {
    /// Makes a page that says how far the device is, and perhaps what was wrong with what was sent, for which network.
    pub(crate) fn new(
        stage: Stage,
        wrong: Option<(Name, &'static str)>,
        wants_token: bool,
        is_scanning: bool,
    ) -> Self {
        let wrong = wrong.map(|(ssid, why)| (ssid, Trouble::Wrong(why)));
        let (chosen, trouble) = match (&stage, wrong) {
            (_, Some((ssid, wrong))) => (ssid, Some(wrong)),
            (Stage::Choosing(Some((ssid, failure))), None) => {
                (ssid.clone(), Some(Trouble::Failed(*failure)))
            }
            _ => (Name::new(), None),
        };
        Self {
            part: Part::Head,
            stage,
            chosen,
            trouble,
            wants_token,
            is_scanning,
            is_listed: false,
        }
    }

    /// Appends what has room; returns whether there is more.
    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            if matches!(self.part, Part::Done) {
                return false;
            }
            // A chunk with room takes each part.
            let _ = self.write::<P>(chunk);
        }
        true
    }

    fn write<P: Device>(&mut self, chunk: &mut Chunk) -> fmt::Result {
        match self.part {
            Part::Head => {
                self.part = Part::Style;
                self.head::<P>(chunk)
            }
            Part::Style => {
                self.part = Part::Title;
                chunk.write_str(STYLE)
            }
            Part::Title => {
                self.part = Part::Trouble;
                self.title::<P>(chunk)
            }
            Part::Trouble => {
                self.part = Part::Network(0);
                self.trouble(chunk)
            }
            Part::Network(index) => match P::portal().and_then(|portal| portal.heard(index)) {
                Some(heard) if index < MOST_HEARD => {
                    self.part = Part::Network(index + 1);
                    self.network(chunk, &heard)
                }
                _ => {
                    self.part = Part::Fields;
                    Ok(())
                }
            },
            Part::Fields => {
                self.part = Part::Done;
                self.fields(chunk)
            }
            Part::Done => Ok(()),
        }
    }

    fn head<P: Device>(&self, out: &mut impl Write) -> fmt::Result {
        out.write_str(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta name=\"referrer\" content=\"same-origin\">\n",
        )?;
        // Nobody types while the device is at work.
        if self.is_scanning || matches!(self.stage, Stage::Joining(_)) {
            out.write_str("<meta http-equiv=\"refresh\" content=\"3\">\n")?;
        }
        let name = name::<P>();
        writeln!(out, "<title>Wi-Fi for {}</title>", Escaped(&name))
    }

    /// Writes what comes first, which is all unless there is something to choose.
    fn title<P: Device>(&mut self, out: &mut impl Write) -> fmt::Result {
        let name = name::<P>();
        let name = Escaped(&name);
        match &self.stage {
            Stage::Joining(ssid) => {
                let ssid = Escaped(ssid);
                self.part = Part::Done;
                write!(
                    out,
                    "<h1>{name} joins {ssid} …</h1>\n<p role=\"status\">This takes up to a minute, and this page looks again by itself.</p>\n\
                     <p class=\"hint\">If it goes away, your phone has left the device's network: join that again, and the page comes back.</p>\n"
                )
            }
            Stage::Joined(ssid, address, is_kept) => {
                let ssid = Escaped(ssid);
                self.part = Part::Done;
                write!(
                    out,
                    "<h1>{name} is in {ssid}</h1>\n<p role=\"status\">Join {ssid} with your phone or computer, and open there:</p>\n\
                     <p><a href=\"http://{address}/\"><b>http://{address}</b></a></p>\n\
                     <p class=\"hint\">Note the address: this network closes in a few seconds.</p>\n"
                )?;
                match is_kept {
                    true => Ok(()),
                    false => out.write_str(
                        "<p class=\"bad\">The device could not keep the password: it will ask again after its next start.</p>\n",
                    ),
                }
            }
            Stage::Choosing(_) if self.is_scanning => {
                self.part = Part::Done;
                write!(
                    out,
                    "<h1>{name} looks for networks …</h1>\n<p role=\"status\">This page looks again by itself.</p>\n"
                )
            }
            Stage::Choosing(_) => writeln!(out, "<h1>Connect {name} to Wi-Fi</h1>"),
        }
    }

    fn trouble(&self, out: &mut impl Write) -> fmt::Result {
        match self.trouble {
            Some(Trouble::Wrong(why)) => {
                writeln!(out, "<p class=\"bad\" role=\"alert\">{why}</p>")?;
            }
            Some(Trouble::Failed(failure)) => writeln!(
                out,
                "<p class=\"bad\" role=\"alert\"><b>{}</b> {}</p>",
                Escaped(&self.chosen),
                failure.message()
            )?,
            None => {}
        }
        out.write_str("<form method=\"post\" action=\"/\">\n<fieldset><legend>Network</legend>\n")
    }

    /// Writes a line of the list.
    fn network(&mut self, out: &mut impl Write, heard: &Heard) -> fmt::Result {
        let ssid = Escaped(&heard.ssid);
        let is_chosen = self.chosen == heard.ssid;
        self.is_listed |= is_chosen;
        writeln!(
            out,
            "<label class=\"net\"><input type=\"radio\" name=\"network\" value=\"{ssid}\"{}><b>{ssid}</b><small>{} signal, {}</small></label>",
            if is_chosen { " checked" } else { "" },
            strength(heard.signal),
            if heard.is_open { "open" } else { "password" },
        )
    }

    /// Writes what follows the list.
    fn fields(&self, out: &mut impl Write) -> fmt::Result {
        let typed = if self.is_listed { "" } else { &self.chosen };
        let checked = if typed.is_empty() { "" } else { " checked" };
        write!(
            out,
            "<label class=\"net\"><input type=\"radio\" name=\"network\" value=\"\"{checked}><b>Another network</b></label>\n\
             <label><span class=\"unseen\">Name of another network</span><input class=\"text\" name=\"other\" maxlength=\"32\" \
             value=\"{}\" placeholder=\"Its name\" autocapitalize=\"none\" autocorrect=\"off\" autocomplete=\"off\" \
             spellcheck=\"false\"></label>\n</fieldset>\n",
            Escaped(typed)
        )?;
        secret(out, "password", "Password", "Empty for an open network.")?;
        if self.wants_token {
            let hint = "The device had a network before: so nobody else gives it another one.";
            secret(out, "token", "The device's token", hint)?;
        }
        out.write_str(
            "<button>Connect</button>\n</form>\n\
             <form method=\"post\" action=\"/\"><button class=\"also\" name=\"scan\" value=\"1\">Look for networks again</button></form>\n",
        )
    }
}

/// Writes a field that nobody sees what is typed in.
fn secret(out: &mut impl Write, name: &str, label: &str, hint: &str) -> fmt::Result {
    writeln!(
        out,
        "<label class=\"field\"><span class=\"name\">{label}</span><input class=\"text\" type=\"password\" name=\"{name}\" \
         maxlength=\"64\" autocapitalize=\"none\" autocomplete=\"off\"><small>{hint}</small></label>"
    )
}

/// Returns what the device is called.
fn name<P: Device>() -> Name {
    let kept = P::settings().map(|store| store.get(|settings: &Settings| settings.name.clone()));
    let kept = kept.filter(|name| !name.is_empty());
    kept.unwrap_or_else(|| P::describe().name)
}

fn strength(dbm: i8) -> &'static str {
    match dbm {
        -60.. => "strong",
        -75..-60 => "fair",
        _ => "weak",
    }
}

/// A text inside of HTML: networks may be called anything.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => f.write_char(character),
        })
    }
}
