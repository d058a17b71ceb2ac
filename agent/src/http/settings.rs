//! `GET` and `PUT /settings`, and `POST /triggers/{}`.

use heapbeacon_shared::api::SettingsRequest;
use heapbeacon_shared::trace::{Condition, Mark, Secret, Secrets, Settings, Trigger};

use crate::field::settings::{NetworkFault, StorageError, Store, check_network};
use crate::field::triggers;
use crate::http::answer::reply::{Json, Reply};
use crate::http::problem::Problem;
use crate::http::request::body;
use crate::http::request::keys::{Keys, Opened};
use crate::http::request::percent::Encoded;
use crate::http::server::Server;
use crate::platform::Device;

/// Bytes of the shortest token: one of letters and digits is not guessed over a network.
const SHORTEST_TOKEN: usize = 8;

type Answer = Result<Reply, Problem>;

pub(crate) fn get<P: Device>() -> Answer {
    Ok(Reply::json(Json::Settings(store::<P>()?.describe())))
}

pub(crate) fn set<P: Device>(server: &Server<P>, body: &[u8]) -> Answer {
    let store = store::<P>()?;
    let expected = format_args!(
        "Send any of name, trace, records, references, log, triggers, wifi_ssid, wifi_password, control_token and read_token, as \
         GET /api/v1/openapi.yaml has them."
    );
    let request: SettingsRequest = body::parse(body, expected)?;
    let settings = wished(store.get(Settings::clone), &request);
    check(server, &request, &settings)?;
    store.set(settings).map_err(refused)?;
    get::<P>()
}

pub(crate) fn try_trigger<P: Device>(index: Encoded<'_>) -> Answer {
    store::<P>()?;
    let index = index.number().and_then(|index| usize::try_from(index).ok());
    let trigger = index.and_then(triggers::try_out::<P>);
    trigger
        .map(|trigger| Reply::json(Json::Trigger(trigger)))
        .ok_or_else(|| {
            Problem::not_found(format_args!(
                "There is no such trigger: GET /api/v1/settings lists them, from 0 on."
            ))
        })
}

fn store<P: Device>() -> Result<&'static Store<P::Lock>, Problem> {
    P::settings().ok_or_else(|| {
        Problem::not_found(format_args!(
            "This board keeps no settings: see `Device::settings` in its firmware."
        ))
    })
}

/// Returns settings as somebody wishes to have them.
fn wished(mut settings: Settings, request: &SettingsRequest) -> Settings {
    fn replace<T: Clone>(old: &mut T, new: Option<&T>) {
        if let Some(new) = new {
            old.clone_from(new);
        }
    }
    replace(&mut settings.name, request.name.as_ref());
    replace(
        &mut settings.trace,
        request.trace.as_ref().map(|trace| &trace.0),
    );
    if let Some(records) = request.records {
        settings.records = (records > 0).then_some(records);
    }
    settings.no_references = request
        .references
        .map_or(settings.no_references, |references| !references);
    settings.no_log = request.log.map_or(settings.no_log, |log| !log);
    if let Some(triggers) = &request.triggers {
        settings.triggers = triggers.iter().copied().map(Trigger::from).collect();
    }
    let secrets = &mut settings.secrets;
    if let Some(ssid) = &request.wifi_ssid
        && *ssid != secrets.wifi_ssid
    {
        secrets.wifi_ssid.clone_from(ssid);
        // It was that of another network.
        secrets.wifi_password.clear();
    }
    replace(&mut secrets.wifi_password, request.wifi_password.as_ref());
    replace(&mut secrets.control_token, request.control_token.as_ref());
    replace(&mut secrets.read_token, request.read_token.as_ref());
    settings
}

/// Checks what a request names, in the settings that would come of it.
fn check<P: Device>(
    server: &Server<P>,
    request: &SettingsRequest,
    settings: &Settings,
) -> Result<(), Problem> {
    if request.name.is_some() && !settings.name.is_empty() && !Mark::may_be_called(&settings.name) {
        return Err(Problem::invalid(format_args!(
            "`name` is up to 32 bytes of text, without control and invisible characters, not all blanks, and not all digits."
        )));
    }
    let max = server.recorder().max_records();
    if request.records.is_some_and(|records| records > max) {
        return Err(Problem::invalid(format_args!(
            "`records` is a whole number up to {max} on this device, or 0 for as many as its firmware takes."
        )));
    }
    if request.triggers.is_some() || request.references.is_some() {
        let mut triggers = settings.triggers.iter();
        triggers.try_for_each(|trigger| check_trigger::<P>(trigger, settings.no_references))?;
    }
    if request.control_token.is_some() || request.read_token.is_some() {
        let firmware = server.guard().token;
        let is_open = server.keys().are_none();
        check_tokens(firmware, is_open, &settings.secrets)?;
    }
    match request.wifi_ssid.is_some() || request.wifi_password.is_some() {
        true => check_network(&settings.secrets).map_err(network_problem),
        false => Ok(()),
    }
}

fn check_trigger<P: Device>(trigger: &Trigger, no_references: bool) -> Result<(), Problem> {
    let when = trigger.when.name();
    if trigger.when == Condition::BlockLost && P::area(0).is_none() {
        return Err(Problem::invalid(format_args!(
            "This board lists no memory to look for references in, so nothing can come of a trigger with \"when\":\"{when}\": see `Device::area` in its firmware."
        )));
    }
    if trigger.when == Condition::BlockLost && no_references {
        return Err(Problem::invalid(format_args!(
            "A trigger with \"when\":\"{when}\" needs \"references\":true."
        )));
    }
    match (trigger.when.has_bytes(), trigger.bytes) {
        (true, 0) => Err(Problem::invalid(format_args!(
            "A trigger with \"when\":\"{when}\" needs `bytes` above 0."
        ))),
        (false, 1..) => Err(Problem::invalid(format_args!(
            "A trigger with \"when\":\"{when}\" has no `bytes`."
        ))),
        _ => Ok(()),
    }
}

fn check_tokens(
    firmware: Option<&'static str>,
    is_open: bool,
    secrets: &Secrets,
) -> Result<(), Problem> {
    let read = &secrets.read_token;
    let is_right = |token: &Secret| {
        token.is_empty()
            || token.len() >= SHORTEST_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if !is_right(read) || !is_right(&secrets.control_token) {
        return Err(Problem::invalid(format_args!(
            "A token is {SHORTEST_TOKEN} to 64 letters, digits and signs of ASCII, without blanks; an empty one takes it back."
        )));
    }
    let keys = Keys::new(firmware, Some(secrets.clone()));
    if keys.are_none() && !is_open {
        return Err(Problem::invalid(format_args!(
            "A `control_token` can't be taken back where the firmware has none: everybody could come in. Set another one."
        )));
    }
    match (read.is_empty(), keys.open(read.as_bytes())) {
        (true, _) | (_, Opened::Reading) => Ok(()),
        _ => Err(Problem::invalid(format_args!(
            "A `read_token` needs a `control_token` beside it, and another one: without, it would open everything."
        ))),
    }
}

fn network_problem(fault: NetworkFault) -> Problem {
    match fault {
        NetworkFault::Password => Problem::invalid(format_args!(
            "`wifi_password` is 8 to 63 characters of ASCII, or a key of 64 hexadecimal digits; an empty one is for an open network."
        )),
        NetworkFault::Ssid => Problem::invalid(format_args!(
            "`wifi_ssid` is up to 32 bytes of text, without control characters."
        )),
        NetworkFault::NoSsid => Problem::invalid(format_args!(
            "`wifi_password` needs the `wifi_ssid` that it is for."
        )),
    }
}

fn refused(error: StorageError) -> Problem {
    match error {
        StorageError::Busy => Problem::busy(format_args!("Settings are being stored: try again.")),
        StorageError::Damaged | StorageError::Failed => Problem::failed(format_args!(
            "The flash did not take the settings: those before hold on. Try again; if it stays so, the flash is worn out."
        )),
    }
}
