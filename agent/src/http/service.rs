//! From a request to its answer: who may ask, what for, and who answers.

use heapbeacon_shared::api::{
    self, Access, Endpoint, JSON_MIME, Method, Methods, POSTCARD_MIME, Route,
};
use heapbeacon_shared::symbol_file::Head;
use picoserve::response::StatusCode;

use crate::http::answer::reply::{Content, Delivery, Reply};
use crate::http::assets::{self, File};
use crate::http::field;
use crate::http::handlers;
#[cfg(feature = "functions")]
use crate::http::limits::MOST_ADDRESSES;
use crate::http::limits::SMALL_BODY;
use crate::http::link::Entrance;
#[cfg(feature = "provisioning")]
use crate::http::portal::{self, Visit};
use crate::http::problem::Problem;
use crate::http::request::accept::prefers;
use crate::http::request::body::{check_empty, check_type};
use crate::http::request::call::Call;
#[cfg(feature = "update")]
use crate::http::request::content_range::Incoming;
use crate::http::request::guard::check_token;
use crate::http::request::input::{Body, Tail};
use crate::http::request::parse::{Request, Room, Version};
use crate::http::request::percent::Encoded;
use crate::http::request::query::Query;
use crate::http::request::upgrade::Opening;
use crate::http::server::Server;
use crate::platform::Device;
use crate::read::bodies;
use crate::read::feed::Feed;
#[cfg(feature = "functions")]
use crate::read::functions::Known;
use crate::tracer::Error;

/// What has to be done about a request, as far as its head says.
pub(crate) struct Order<'b> {
    pub(crate) action: Result<Action<'b>, Problem>,
    /// Whether the client waits for word before it sends the body.
    pub(crate) expects_continue: bool,
    pub(crate) delivery: Delivery<'b>,
}

impl Order<'_> {
    /// Answers with a problem, unless there is one already.
    pub(crate) fn refuse(&mut self, problem: Problem) {
        if self.action.is_ok() {
            self.action = Err(problem);
        }
    }
}

/// What a request asks for that it may have.
pub(crate) enum Action<'b> {
    /// What a page of an allowed origin may send.
    Preflight,
    /// Which methods there are.
    Options(&'static str),
    /// A file of the dashboard.
    File(File),
    /// An answer of the API.
    Call(Call<'b>),
    /// New firmware, which comes behind the head.
    #[cfg(feature = "update")]
    Upload(Incoming),
    /// Names of so many bytes, which come behind the head.
    Symbols {
        bytes: usize,
        /// What they say of themselves, once they are held.
        held: Option<Head>,
    },
    /// Names of functions, whose addresses come behind the head.
    #[cfg(feature = "functions")]
    Names,
    /// What a guest of the access point asks for.
    #[cfg(feature = "provisioning")]
    Visit(Visit),
    /// An event connection.
    Open(Opening),
}

impl Action<'_> {
    /// Returns whether the body of the request is of any use.
    pub(crate) fn reads_body(&self) -> bool {
        match self {
            Self::Call(call) => is_read(call.endpoint),
            // What is read of it is written, not kept.
            #[cfg(feature = "update")]
            Self::Upload(_) => false,
            Self::Symbols { .. } => false,
            // They are read while they are answered.
            #[cfg(feature = "functions")]
            Self::Names => false,
            _ => true,
        }
    }
}

/// Returns whether the whole body of a request is read before it is answered.
fn is_read(endpoint: &Endpoint) -> bool {
    matches!(endpoint.body, api::Body::None | api::Body::Json(_))
}

/// What there is at a path.
enum Place<'b> {
    Route(&'static Endpoint, Encoded<'b>),
    File(File),
    Nothing,
}

impl<'b> Order<'b> {
    /// Reads a head that has come by some entrance, and lets `tail` know what follows it.
    ///
    /// # Errors
    /// When it is no head.
    pub(crate) fn take<P: Device, I: picoserve::io::Read>(
        server: &'static Server<P>,
        entrance: Entrance,
        head: &'b [u8],
        tail: &mut Tail<'_, I>,
    ) -> Result<Self, Problem> {
        let mut room = Room::new();
        let request = Request::parse(head, &mut room)?;
        let length = request.body_length();
        if let Ok(length) = length {
            tail.announce(length);
        }
        let expects_continue = request.expects_continue();
        let place = request.target.path.map(|path| find(server, &request, path));
        let access = place.as_ref().map_or(Access::Read, Place::access);
        let reader = server.guard().reader(&request, access, &server.keys());
        Ok(Self {
            expects_continue: *expects_continue.as_ref().unwrap_or(&true),
            action: length.and_then(|length| match entrance {
                Entrance::Network => admit(server, &request, place, length, expects_continue),
                #[cfg(feature = "provisioning")]
                Entrance::AccessPoint => {
                    expects_continue?;
                    portal::choose(server, &request, length).map(Action::Visit)
                }
            }),
            delivery: delivery(&request, reader.unwrap_or(None)),
        })
    }
}

/// Chooses what to do about a request of the network that the device is in, if it comes from where one may come from.
fn admit<'b, P: Device>(
    server: &'static Server<P>,
    request: &Request<'_, 'b>,
    place: Option<Place<'b>>,
    body_length: usize,
    expects_continue: Result<bool, Problem>,
) -> Result<Action<'b>, Problem> {
    let most = place.as_ref().map_or(SMALL_BODY, Place::most_body_bytes);
    if body_length > most {
        return Err(Problem::too_large(most));
    }
    let access = place.as_ref().map_or(Access::Read, Place::access);
    let own = bodies::local_name::<P>;
    server.guard().admit(request, access, &server.keys(), own)?;
    expects_continue?;
    choose(server, request, place, body_length)
}

/// Returns how whoever sent a request is answered.
fn delivery<'b>(request: &Request<'_, '_>, reader: Option<&'b str>) -> Delivery<'b> {
    Delivery {
        reader,
        is_last: !request.keeps_connection(),
        is_head: request.method == "HEAD",
        has_chunks: request.version == Version::Http11,
    }
}

/// Chooses what to do about a request that comes from where one may come from; no place is the whole server.
fn choose<'b, P: Device>(
    server: &'static Server<P>,
    request: &Request<'_, 'b>,
    place: Option<Place<'b>>,
    body_length: usize,
) -> Result<Action<'b>, Problem> {
    if request.is_preflight() {
        return Ok(Action::Preflight);
    }
    let Some(place) = place else {
        return Ok(Action::Options("GET, HEAD, POST, OPTIONS"));
    };
    // Whoever opens an event connection may show it later.
    if place.access().needs_token() && place.access() != Access::Events {
        check_token(request, &server.keys(), place.access())?;
    }
    let methods = match &place {
        Place::Route(endpoint, _) => endpoint.methods(),
        Place::File(_) => Methods::READ,
        Place::Nothing => return Err(assets::nothing_here()),
    };
    if request.method == "OPTIONS" {
        return Ok(Action::Options(methods.allow()));
    }
    if !method(request).is_some_and(|method| methods.has(method)) {
        return Err(Problem::wrong_method(methods));
    }
    match place {
        Place::Route(endpoint, parameter) => {
            choose_route(server, request, endpoint, parameter, body_length)
        }
        Place::File(file) => Ok(Action::File(file)),
        Place::Nothing => Err(assets::nothing_here()),
    }
}

/// Chooses what to do about a request to a route, which has the method.
fn choose_route<'b, P: Device>(
    server: &'static Server<P>,
    request: &Request<'_, 'b>,
    endpoint: &'static Endpoint,
    parameter: Encoded<'b>,
    body_length: usize,
) -> Result<Action<'b>, Problem> {
    match endpoint.route {
        Route::Events => {
            let opening = Opening::of(&server.keys(), request, endpoint.query)?;
            if opening.is_admitted {
                check_events::<P>(opening.filter.events)?;
            }
            Ok(Action::Open(opening))
        }
        Route::SetSymbols => {
            Query::new(request.target.query, endpoint.query)?;
            Ok(Action::Symbols {
                bytes: body_length,
                held: None,
            })
        }
        #[cfg(feature = "functions")]
        Route::ProfileSymbols if body_length <= MOST_ADDRESSES && Known::open::<P>().is_some() => {
            Query::new(request.target.query, endpoint.query)?;
            Ok(Action::Names)
        }
        #[cfg(feature = "update")]
        _ if endpoint.body == api::Body::Stream => {
            let query = Query::new(request.target.query, endpoint.query)?;
            Incoming::of(request, query, body_length).map(Action::Upload)
        }
        _ => call(
            endpoint,
            parameter,
            request,
            body_length,
            server.tokens_set(),
        ),
    }
}

impl Place<'_> {
    /// Returns who may learn what is here. Only what is known to be harmless is open to everybody.
    fn access(&self) -> Access {
        match self {
            Self::Route(endpoint, _) => endpoint.access,
            Self::File(_) => Access::Public,
            Self::Nothing => Access::Read,
        }
    }

    /// Returns how long a body may be.
    fn most_body_bytes(&self) -> usize {
        match self {
            Self::Route(endpoint, _) => match endpoint.body {
                api::Body::Json(most) => most,
                // It is left where it is, or used as it comes.
                api::Body::Unread | api::Body::Stream => usize::MAX,
                api::Body::None => SMALL_BODY,
            },
            Self::File(_) | Self::Nothing => SMALL_BODY,
        }
    }
}

fn find<'b, P: Device>(
    server: &'static Server<P>,
    request: &Request<'_, 'b>,
    path: Encoded<'b>,
) -> Place<'b> {
    match row(path, method(request)) {
        Some((endpoint, parameter)) => Place::Route(endpoint, parameter),
        None => {
            assets::find(server.assets(), path, request.fields).map_or(Place::Nothing, Place::File)
        }
    }
}

/// Returns the row of a path for a method, with what stands for `{}`; where the path has none for that method, its first row.
fn row(path: Encoded<'_>, method: Option<Method>) -> Option<(&'static Endpoint, Encoded<'_>)> {
    let rows = Route::ALL.iter();
    let mut rows = rows.filter_map(|row| Some((row.route.endpoint(), parameter(row.path, path)?)));
    let first = rows.next()?;
    if Some(first.0.method) == method {
        return Some(first);
    }
    let other = rows.find(|(row, _)| Some(row.method) == method);
    Some(other.unwrap_or(first))
}

/// Returns the method of the table that a request's method is, or is derived from.
fn method(request: &Request<'_, '_>) -> Option<Method> {
    match request.method {
        "GET" | "HEAD" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "DELETE" => Some(Method::Delete),
        _ => None,
    }
}

/// Returns what stands for `{}` in a path that is as the pattern says; empty if there is no `{}`.
fn parameter<'b>(pattern: &str, path: Encoded<'b>) -> Option<Encoded<'b>> {
    let mut found = Encoded::EMPTY;
    let mut segments = path.split('/');
    for wanted in pattern.split('/') {
        let segment = segments.next()?;
        match wanted {
            "{}" if !segment.is_empty() => found = segment,
            _ if segment.is(wanted) => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(found)
}

fn call<'b>(
    endpoint: &'static Endpoint,
    parameter: Encoded<'b>,
    request: &Request<'_, 'b>,
    body_length: usize,
    tokens_set: u32,
) -> Result<Action<'b>, Problem> {
    if endpoint.needs_tracing && !cfg!(feature = "tracing") {
        return Err(Problem::of_tracer(Error::NotSupported, format_args!("")));
    }
    if endpoint.method != Method::Get && is_read(endpoint) && body_length > 0 {
        check_type(request.fields)?;
    }
    Ok(Action::Call(Call {
        endpoint,
        parameter,
        query: Query::new(request.target.query, endpoint.query)?,
        prefers_postcard: endpoint.answer == api::Answer::JsonOrPostcard
            && prefers(request.fields, POSTCARD_MIME, JSON_MIME),
        tokens_set,
    }))
}

/// Checks that there are events where they are wanted.
///
/// # Errors
/// When they go nowhere.
pub(crate) fn check_events<P: Device>(are_wanted: bool) -> Result<(), Problem> {
    if !are_wanted || Feed::is_fed::<P>() {
        return Ok(());
    }
    let detail = format_args!(
        "The trace tells nobody of events: send {{\"destination\":\"to_host\"}} to POST /api/v1/trace/init first, or \
         ask for counters and samples only, with `events=0`."
    );
    Err(Problem::of_tracer(Error::InvalidState, detail))
}

/// Does what a request asks for.
pub(crate) fn perform<P: Device>(
    server: &'static Server<P>,
    action: &Action<'_>,
    body: &Body,
) -> Reply {
    match action {
        Action::Preflight => preflight(),
        Action::Options(methods) => nothing().with("Allow", methods),
        Action::File(file) => file.reply(),
        // Its token was checked before the body came.
        Action::Call(call) if call.tokens_set != server.tokens_set() => {
            Reply::refusal(&Problem::unauthorized())
        }
        Action::Call(call) => said(call.endpoint, body)
            .and_then(|body| handlers::answer(server, call, body))
            .unwrap_or_else(|problem| Reply::refusal(&problem)),
        #[cfg(feature = "provisioning")]
        Action::Visit(visit) => {
            portal::answer(server, *visit, body).unwrap_or_else(|problem| Reply::refusal(&problem))
        }
        #[cfg(feature = "update")]
        Action::Upload(_) => {
            field::uploaded::<P>().unwrap_or_else(|problem| Reply::refusal(&problem))
        }
        Action::Symbols { held, .. } => field::held_symbols::<P>(held.as_ref())
            .unwrap_or_else(|problem| Reply::refusal(&problem)),
        // Where the connection has changed hands, there is nothing to answer.
        Action::Open(_) => nothing(),
        // They were told.
        #[cfg(feature = "functions")]
        Action::Names => nothing(),
    }
}

/// Returns what the body says to an endpoint; whoever reads need not say anything.
fn said<'b>(endpoint: &Endpoint, body: &'b Body) -> Result<&'b [u8], Problem> {
    match (endpoint.method, endpoint.body) {
        (Method::Get, _) | (_, api::Body::Unread | api::Body::Stream) => Ok(&[]),
        (_, api::Body::None) => check_empty(body).map(|()| &[][..]),
        (_, api::Body::Json(_)) => Ok(body),
    }
}

fn nothing() -> Reply {
    Reply::new(StatusCode::NO_CONTENT, Content::Nothing)
}

/// What a page of an allowed origin may send (Fetch standard, "CORS protocol").
fn preflight() -> Reply {
    nothing()
        .with(
            "Access-Control-Allow-Methods",
            "GET, HEAD, POST, PUT, DELETE",
        )
        .with(
            "Access-Control-Allow-Headers",
            "Authorization, Content-Range, Content-Type",
        )
        .with("Access-Control-Allow-Private-Network", "true")
        .with("Access-Control-Max-Age", "600")
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::{Method, Route};

    use super::{Encoded, row};

    fn find(path: &str) -> Option<(Route, &str)> {
        find_for(path, None)
    }

    fn find_for(path: &str, method: Option<Method>) -> Option<(Route, &str)> {
        let path = Encoded::new(path).expect("its escapes are sound");
        row(path, method).map(|(row, parameter)| (row.route, parameter.text()))
    }

    #[test]
    fn a_path_of_two_rows_has_one_for_each_method() {
        let path = "/api/v1/marks";
        assert_eq!(find_for(path, Some(Method::Get)), Some((Route::Marks, "")));
        assert_eq!(find_for(path, Some(Method::Post)), Some((Route::Mark, "")));
        assert_eq!(find_for(path, None), Some((Route::Marks, "")));
        let read = find_for("/api/v1/trace/start", Some(Method::Get));
        assert_eq!(read, Some((Route::Start, "")));
    }

    #[test]
    fn a_path_finds_its_route_and_parameter() {
        for (path, expected) in [
            ("/api/v1/trace", (Route::Trace, "")),
            ("/api/v1/trace/records", (Route::Records, "")),
            ("/api/v1/trace/records/7", (Route::Record, "7")),
            ("/api/v1/demo/x", (Route::DemoSwitch, "x")),
            ("/%61pi/v1/%74race", (Route::Trace, "")),
            ("/api/v1/demo/a%2Fb", (Route::DemoSwitch, "a%2Fb")),
        ] {
            assert_eq!(find(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn what_is_no_route_is_not_found() {
        for path in [
            "/",
            "/api/v1",
            "/api/v1/",
            "/api/v2/trace",
            "/api/v1/trace/",
            "//api/v1/trace",
            "/api/v1/trace/records/",
            "/api/v1/trace/records/1/2",
            "/api/v1%2Ftrace",
            "/api%2Fv1%2Ftrace",
            "/api/v1/trace%00",
            "/api/v1/Trace",
        ] {
            assert_eq!(find(path), None, "{path}");
        }
    }
}
