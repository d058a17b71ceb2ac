//! What who comes by the device's own access point may do: see which networks there are, and set the one to join.
//!
//! All of it is public, and nothing else is there. Foreign names lead to the portal's address (every name is the device's in
//! that network), so that no page of a foreign name is ever the portal.

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::api::Access;
use heapbeacon_shared::trace::{Name, Secret, Secrets};
use picoserve::response::StatusCode;

use crate::field::provisioning::{Network, Portal, Stage};
use crate::field::settings::{NetworkFault, check_network};
use crate::http::answer::portal_page::PortalPage;
use crate::http::answer::reply::{Content, Reply, Stream};
use crate::http::limits::MAX_BODY;
use crate::http::problem::Problem;
use crate::http::request::form::{Form, check_form_type};
use crate::http::request::keys::Opened;
use crate::http::request::parse::Request;
use crate::http::request::target::SCHEME;
use crate::http::server::Server;
use crate::platform::{Device, uptime_us};

/// What the form may send.
const FIELDS: &[&str] = &["network", "other", "password", "token", "scan"];

type Answer = Result<Reply, Problem>;

/// What a guest asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visit {
    /// Something else, as systems do to see whether there is an internet.
    Redirect,
    /// The page.
    Page,
    /// What the page's form sends.
    Submit,
}

/// Chooses what to do about a request of a guest.
///
/// # Errors
/// When it is none that a guest may send.
pub(crate) fn choose<P: Device>(
    server: &Server<P>,
    request: &Request<'_, '_>,
    body_length: usize,
) -> Result<Visit, Problem> {
    let portal = portal::<P>()?;
    if body_length > MAX_BODY {
        return Err(Problem::too_large(MAX_BODY));
    }
    let is_own = request.host()?.is_some_and(|host| is_portal(portal, host));
    let is_page = request.target.path.is_some_and(|path| path.is("/"));
    match (request.is_read(), is_own && is_page) {
        (true, true) => Ok(Visit::Page),
        (true, false) => Ok(Visit::Redirect),
        (false, true) if request.method == "POST" => {
            // A page of another site may send a form, too.
            let is_own_page = server
                .guard()
                .reader(request, Access::Control, &server.keys())?
                .is_some();
            if request.fields.has("origin") && !is_own_page {
                return Err(elsewhere(portal));
            }
            check_form_type(request.fields).map(|()| Visit::Submit)
        }
        (false, _) => Err(elsewhere(portal)),
    }
}

/// Does what a guest asks for.
pub(crate) fn answer<P: Device>(server: &Server<P>, visit: Visit, body: &[u8]) -> Answer {
    let portal = portal::<P>()?;
    match visit {
        Visit::Redirect => Ok(redirect(portal, StatusCode::FOUND)),
        Visit::Page => {
            portal.note_guest(matches!(portal.stage(), Stage::Joined(..)));
            Ok(page(server, portal, None))
        }
        Visit::Submit => {
            portal.note_guest(false);
            submit(server, portal, Form::parse(body, FIELDS)?)
        }
    }
}

/// Takes what the form sends: all of it is checked before anything is done.
fn submit<P: Device>(server: &Server<P>, portal: &Portal<P::Lock>, form: Form<'_>) -> Answer {
    if form.has("scan") {
        portal.ask_for_scan();
        return Ok(redirect(portal, StatusCode::SEE_OTHER));
    }
    match wished(server, portal, form) {
        Ok(network) => {
            portal.ask_for(network);
            Ok(redirect(portal, StatusCode::SEE_OTHER))
        }
        Err(trouble) => Ok(page(server, portal, Some(trouble))),
    }
}

/// Returns the network that a guest wishes the device to join; else what is wrong, and which network it was.
fn wished<P: Device>(
    server: &Server<P>,
    portal: &Portal<P::Lock>,
    form: Form<'_>,
) -> Result<Network, (Name, &'static str)> {
    let nowhere = |why| (Name::new(), why);
    let typed: Option<Name> = form.text("other");
    let chosen: Option<Name> = form.text("network");
    let (typed, chosen) = typed
        .zip(chosen)
        .ok_or(nowhere("The name of a network has 32 bytes at most."))?;
    // The entry of the list for a name that is typed has none itself.
    let ssid = if chosen.is_empty() { typed } else { chosen };
    if ssid.is_empty() {
        return Err(nowhere("Choose a network, or type its name."));
    }
    let password: Option<Secret> = form.text("password");
    let Some(password) = password else {
        return Err((ssid, fault(NetworkFault::Password)));
    };
    if let Err(why) = check_guest(server, portal, form) {
        return Err((ssid, why));
    }
    let is_protected = |index| Some(portal.heard(index)?).filter(|heard| heard.ssid == ssid);
    let mut heard = (0..).map_while(|index| portal.heard(index).map(|_| index));
    let heard = heard.find_map(is_protected);
    if password.is_empty() && heard.is_some_and(|heard| !heard.is_open) {
        return Err((ssid, "This network wants a password."));
    }
    let secrets = Secrets {
        wifi_ssid: ssid,
        wifi_password: password,
        ..Secrets::default()
    };
    match check_network(&secrets) {
        Ok(()) => Ok(Network {
            ssid: secrets.wifi_ssid,
            password: secrets.wifi_password,
        }),
        Err(wrong) => Err((secrets.wifi_ssid, fault(wrong))),
    }
}

/// Checks that a guest may give the device another network.
fn check_guest<P: Device>(
    server: &Server<P>,
    portal: &Portal<P::Lock>,
    form: Form<'_>,
) -> Result<(), &'static str> {
    if !wants_token(server, portal) {
        return Ok(());
    }
    let token: Secret = form.text("token").unwrap_or_default();
    let keys = server.keys();
    let is_right = || keys.open(token.as_bytes()) == Opened::All;
    match portal.try_token(uptime_us::<P>(), is_right) {
        Some(true) => Ok(()),
        Some(false) => Err(
            "This is not the device's token. Who has none starts the device with its button held.",
        ),
        None => Err("Somebody has just tried a wrong token: wait a second."),
    }
}

const fn fault(fault: NetworkFault) -> &'static str {
    match fault {
        NetworkFault::Password => {
            "The password of a network has 8 to 63 letters, digits and signs, without accents."
        }
        NetworkFault::Ssid => "The name of a network has no control characters.",
        NetworkFault::NoSsid => "Choose a network, or type its name.",
    }
}

fn page<P: Device>(
    server: &Server<P>,
    portal: &Portal<P::Lock>,
    trouble: Option<(Name, &'static str)>,
) -> Reply {
    let status = match trouble {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = PortalPage::new(
        portal.stage(),
        trouble,
        wants_token(server, portal),
        portal.is_scanning(),
    );
    let reply = Reply::new(status, Content::Stream(Stream::Portal(page)));
    reply.with("Cache-Control", "no-store").for_portal()
}

fn redirect<M: RawMutex>(portal: &Portal<M>, status: StatusCode) -> Reply {
    Reply::new(status, Content::Nothing)
        .with("Location", portal.url())
        .with("Content-Length", "0")
        .with("Cache-Control", "no-store")
}

fn wants_token<P: Device>(server: &Server<P>, portal: &Portal<P::Lock>) -> bool {
    portal.wants_token() && !server.keys().are_none()
}

/// Checks whether a host is what the portal's address begins with.
fn is_portal<M: RawMutex>(portal: &Portal<M>, host: &str) -> bool {
    let own = portal.url().strip_prefix(SCHEME).unwrap_or("");
    host.strip_suffix(":80").unwrap_or(host) == own.trim_end_matches('/')
}

fn portal<P: Device>() -> Result<&'static Portal<P::Lock>, Problem> {
    let portal = P::portal().filter(|portal| portal.is_open());
    portal.ok_or_else(|| {
        Problem::forbidden(format_args!(
            "The portal is closed: the device is in a network, or starts with its button held."
        ))
    })
}

fn elsewhere<M: RawMutex>(portal: &Portal<M>) -> Problem {
    Problem::forbidden(format_args!(
        "In the device's own network there is nothing but its portal: open {}.",
        portal.url()
    ))
}
