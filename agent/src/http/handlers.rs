//! One thin function a route: check the arguments, ask the tracer, choose the answer.

use core::ops::Range;

use heapbeacon_shared::api::{self, InitRequest, MarkRequest, Route, StartRequest};
use heapbeacon_shared::pprof::Shown;
use heapbeacon_shared::symbol_file;
use heapbeacon_shared::trace::{self, Kind, Mark, Mode};
use picoserve::response::StatusCode;

use crate::http::answer::dump_page::DumpPage;
use crate::http::answer::pages::{Marks, Page, Points, RecordsAndStacks, Switches};
use crate::http::answer::pins_page::PinsPage;
use crate::http::answer::references_page::ReferencesPage;
use crate::http::answer::reply::{Content, Json, Reply, Stream};
use crate::http::field;
use crate::http::problem::Problem;
use crate::http::request::body;
use crate::http::request::call::Call;
use crate::http::request::percent::Encoded;
use crate::http::request::query::Query;
use crate::http::server::Server;
use crate::http::settings;
use crate::mark::mark;
use crate::platform::{Device, Switch, uptime_us};
use crate::read::bodies;
use crate::read::cursors::{PageRecords, Stacks, now_us};
#[cfg(feature = "functions")]
use crate::read::functions::Known;
use crate::read::leaks::{Asked, Kinds, LEAKS_AT_A_TIME, Leaks, MAX_KNOWN};
use crate::read::metrics::Metrics;
use crate::read::pins::Pins;
use crate::read::pprof::Profile;
use crate::read::references::{LOOKS, NoScan, References};
use crate::read::scanner::Scanner;
use crate::read::stream::{self, MessageStream};
use crate::read::symbols::File as SymbolFile;
use crate::read::wanted::Wanted;
use crate::recorder::Recorder;
use crate::tracer::{self, Error, Order};

/// The OpenAPI document, compressed by the build script and sent so, as the dashboard's files are.
const OPENAPI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.yaml.gz"));
/// Most records or stacks of a page.
const MAX_LIMIT: u64 = 1000;
const DEFAULT_LIMIT: u64 = 64;
/// Longest time, in seconds, of which a profile tells the difference.
const MAX_SECONDS: u64 = 60;
/// What pprof is told that asks for names: without an answer, it would take no profile from here. Go's own servers count no further than to 1.
const NO_SYMBOLS: &[u8] = b"num_symbols: 0\n";
#[cfg(feature = "functions")]
const SYMBOLS: &[u8] = b"num_symbols: 1\n";
const TEXT: &str = "text/plain; charset=utf-8";
const CHOOSE_FIRST: &str = "Choose a destination first with POST /api/v1/trace/init.";

type Answer = Result<Reply, Problem>;

/// Answers a call.
pub(crate) fn answer<P: Device>(server: &Server<P>, call: &Call<'_>, body: &[u8]) -> Answer {
    let recorder = server.recorder();
    let reply = match call.endpoint.route {
        Route::Device => Reply::json(Json::Device(bodies::device(recorder))),
        Route::Heap => heap::<P>(call.query)?,
        Route::HeapHistory => history::<P>()?,
        Route::HeapPins => pins::<P>()?,
        Route::Trace => trace(recorder),
        Route::Init => init(recorder, body)?,
        Route::Start => start(recorder, call.query, body)?,
        Route::Stop => stop(recorder)?,
        Route::Pause => pause(recorder)?,
        Route::Resume => resume(recorder)?,
        Route::Count => Reply::json(Json::Count(api::Count {
            count: P::tracer().count(),
        })),
        Route::Records => records::<P>(call)?,
        Route::Record => record::<P>(call.parameter)?,
        Route::Stacks => stacks::<P>(call)?,
        Route::Leaks => leaks::<P>(call)?,
        Route::References => references::<P>(call)?,
        Route::Dump => Reply::stream(Stream::Dump(DumpPage::new::<P>())),
        Route::Capture => everything::<P>(call.query)?,
        Route::Marks => Reply::stream(Stream::Marks(Page::new(Marks::default()))),
        Route::Mark => add_mark::<P>(body)?,
        Route::Elf => elf::<P>()?,
        Route::Demo => demo::<P>()?,
        Route::DemoSwitch => switch::<P>(call.parameter, body)?,
        Route::PostMortem => field::post_mortem::<P>(call.wants_postcard()?)?,
        Route::DeletePostMortem => field::delete_post_mortem::<P>()?,
        Route::Restart => field::restart::<P>()?,
        Route::OpenApi => bytes("application/yaml", OPENAPI).with("Content-Encoding", "gzip"),
        Route::Metrics => Reply::stream(Stream::Metrics(Metrics::new::<P>())),
        Route::HeapProfile => profile::<P>(Shown::InUse, call.query)?
            .with("Content-Disposition", "attachment; filename=\"heap.pb\""),
        Route::AllocsProfile => profile::<P>(Shown::Allocated, call.query)?
            .with("Content-Disposition", "attachment; filename=\"allocs.pb\""),
        #[cfg(feature = "functions")]
        Route::HasProfileSymbols if Known::open::<P>().is_some() => bytes(TEXT, SYMBOLS),
        // The service answers whoever asks for few enough of those that there are.
        Route::HasProfileSymbols | Route::ProfileSymbols => bytes(TEXT, NO_SYMBOLS),
        Route::Settings => settings::get::<P>()?,
        Route::SetSettings => settings::set(server, body)?,
        Route::TryTrigger => settings::try_trigger::<P>(call.parameter)?,
        #[cfg(feature = "update")]
        Route::Ota | Route::Upload => field::ota::<P>()?,
        #[cfg(feature = "update")]
        Route::CancelUpload => field::cancel_upload::<P>()?,
        #[cfg(not(feature = "update"))]
        Route::Ota | Route::Upload | Route::CancelUpload => {
            return Err(Problem::takes_no_firmware());
        }
        // The service answers those, by what has come.
        Route::SetSymbols => field::held_symbols::<P>(None)?,
        // The service opens those.
        Route::Events => return Err(Problem::upgrade_required()),
    };
    Ok(reply.with("Cache-Control", "no-store"))
}

fn heap<P: Device>(query: Query<'_>) -> Answer {
    let since_us = query.number("since", 0..=u64::MAX, 0)?;
    Ok(Reply::json(Json::Heap(bodies::heap::<P>(since_us))))
}

fn history<P: Device>() -> Answer {
    if P::history().is_none() {
        return Err(Problem::not_found(format_args!(
            "This device keeps no history of its heap: see `Device::history` in its firmware."
        )));
    }
    Ok(Reply::stream(Stream::History(Page::new(Points::default()))))
}

fn pins<P: Device>() -> Answer {
    let pins = Pins::begin::<P>();
    let pins = pins.ok_or_else(|| refused::<P>(Error::InvalidState, CHOOSE_FIRST))?;
    Ok(Reply::stream(Stream::Pins(PinsPage::new(pins))))
}

fn trace<P: Device>(recorder: &Recorder<P>) -> Reply {
    Reply::json(Json::Trace(bodies::trace(recorder)))
}

fn init<P: Device>(recorder: &Recorder<P>, body: &[u8]) -> Answer {
    let max = recorder.max_records();
    let expected = format_args!(
        "Send {{\"destination\":\"standalone\",\"records\":N}}, N from 0 to {max} or absent for \
         the usual number, or send {{\"destination\":\"to_host\"}}."
    );
    let request: InitRequest = body::parse(body, expected)?;
    recorder
        .init(request.destination, request.records)
        .map_err(|error| match error {
            Error::InvalidArg => Problem::of_tracer(error, expected),
            _ => refused::<P>(error, "Stop it first with POST /api/v1/trace/stop."),
        })?;
    Ok(trace(recorder))
}

fn start<P: Device>(recorder: &Recorder<P>, query: Query<'_>, body: &[u8]) -> Answer {
    let expected =
        format_args!("Send {{\"mode\":\"leaks\"}} or {{\"mode\":\"all\"}}, or ?mode= with either.");
    let in_query = match query.get("mode") {
        None => None,
        Some(mode) if mode.is("leaks") => Some(Mode::Leaks),
        Some(mode) if mode.is("all") => Some(Mode::All),
        Some(_) => return Err(Problem::invalid(expected)),
    };
    let mode = match (in_query, body) {
        (Some(mode), []) => mode,
        _ => body::parse::<StartRequest>(body, expected)?.mode,
    };
    if in_query.is_some_and(|in_query| in_query != mode) {
        return Err(Problem::invalid(format_args!(
            "The URL and the body name different modes: send one of them."
        )));
    }
    P::tracer()
        .start(mode, uptime_us::<P>())
        .map_err(|error| refused::<P>(error, CHOOSE_FIRST))?;
    Ok(trace(recorder))
}

fn stop<P: Device>(recorder: &Recorder<P>) -> Answer {
    P::tracer().pass(uptime_us::<P>());
    P::tracer().stop().map_err(|error| {
        refused::<P>(error, "Only one that records or is paused can be stopped.")
    })?;
    Ok(trace(recorder))
}

fn pause<P: Device>(recorder: &Recorder<P>) -> Answer {
    P::tracer().pass(uptime_us::<P>());
    P::tracer()
        .alloc_pause()
        .map_err(|error| refused::<P>(error, "Only one that records can be paused."))?;
    Ok(trace(recorder))
}

fn resume<P: Device>(recorder: &Recorder<P>) -> Answer {
    P::tracer().pass(uptime_us::<P>());
    P::tracer().resume().map_err(|error| {
        refused::<P>(error, "Only one that is stopped or paused can be resumed.")
    })?;
    Ok(trace(recorder))
}

fn records<P: Device>(call: &Call<'_>) -> Answer {
    let query = call.query;
    let after = query.number("after", 0..=u64::MAX, 0)?;
    let limit = query.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
    let is_postcard = call.wants_postcard()?;
    let wanted = Wanted {
        times: times::<P>(query)?,
        stack: match query.get("stack") {
            None => None,
            Some(_) => Some(query.number("stack", 0..=u32::MAX.into(), 0)? as u32),
        },
        task: query.get("task").map(task).transpose()?,
        min_size: query.number("min_size", 0..=u64::MAX, 0)?,
    };
    let page = PageRecords::new::<P>(after, wanted, limit as u32);
    Ok(Reply::stream(if is_postcard {
        Stream::Capture(MessageStream::new::<P>(stream::Content::Records(page)))
    } else {
        Stream::Records(Page::new(RecordsAndStacks::new(page)))
    }))
}

fn record<P: Device>(index: Encoded<'_>) -> Answer {
    let out_of_range = || {
        let count = P::tracer().count();
        let detail = format_args!("The index is a whole number below the count, which is {count}.");
        Problem::of_tracer(Error::InvalidArg, detail)
    };
    let index = index.number().and_then(|index| u32::try_from(index).ok());
    let record = P::tracer()
        .get(index.ok_or_else(out_of_range)?)
        .map_err(|error| match error {
            Error::InvalidArg => out_of_range(),
            _ => refused::<P>(error, CHOOSE_FIRST),
        })?;
    Ok(Reply::json(Json::Record(bodies::record::<P>(&record))))
}

fn stacks<P: Device>(call: &Call<'_>) -> Answer {
    let query = call.query;
    let after = match query.get("after") {
        None => None,
        Some(_) => Some(query.number("after", 0..=u32::MAX.into(), 0)? as u32),
    };
    let limit = query.number("limit", 1..=MAX_LIMIT, DEFAULT_LIMIT)?;
    let is_postcard = call.wants_postcard()?;
    let page = Stacks::new::<P>(P::tracer().trace(), after, limit as u32);
    Ok(Reply::stream(if is_postcard {
        Stream::Capture(MessageStream::new::<P>(stream::Content::Stacks(page)))
    } else {
        Stream::Stacks(Page::new(page))
    }))
}

fn leaks<P: Device>(call: &Call<'_>) -> Answer {
    let query = call.query;
    let limit = query.number("limit", 1..=MAX_LIMIT, LEAKS_AT_A_TIME as u64)?;
    let min_age_ms = query.number("min_age_ms", 0..=u32::MAX.into(), 0)?;
    let wanted = Asked {
        times: times::<P>(query)?,
        min_age_us: min_age_ms * 1000,
        limit: limit as u32,
        order: order(query)?,
        kinds: kinds(query)?,
        known: known(query)?,
        gives_way: false,
    };
    let is_postcard = call.wants_postcard()?;
    let leaks = Leaks::begin(P::tracer(), uptime_us::<P>(), &wanted)
        .ok_or_else(|| Problem::busy(format_args!("Another leak query is running: try again.")))?;
    Ok(Reply::stream(if is_postcard {
        Stream::Capture(MessageStream::new::<P>(stream::Content::Leaks(leaks)))
    } else {
        Stream::Leaks(Page::new(leaks))
    }))
}

/// Reads from when on and up to when blocks were allocated that are asked for.
fn times<P: Device>(query: Query<'_>) -> Result<Range<u64>, Problem> {
    let since_us = moment::<P>(query, "since")?.unwrap_or(0);
    let until_us = moment::<P>(query, "until")?.unwrap_or(u64::MAX);
    if since_us > until_us {
        return Err(Problem::invalid(format_args!(
            "`since` is later than `until`: swap them."
        )));
    }
    Ok(since_us..until_us)
}

/// Reads a moment: microseconds since boot, or the newest mark of a name.
fn moment<P: Device>(query: Query<'_>, name: &str) -> Result<Option<u64>, Problem> {
    let Some(value) = query.get(name) else {
        return Ok(None);
    };
    if let Some(time_us) = value.number() {
        return Ok(Some(time_us));
    }
    let mark = P::marks().newest(|mark| value.is(&mark.name));
    mark.map(|mark| Some(mark.time_us)).ok_or_else(|| {
        Problem::invalid(format_args!(
            "`{name}` is the name of a mark, of which GET /api/v1/marks lists all, or microseconds since boot."
        ))
    })
}

/// Reads the name of a task, as records have it.
fn task(value: Encoded<'_>) -> Result<trace::Name, Problem> {
    value.decode().ok_or_else(|| {
        Problem::invalid(format_args!(
            "`task` is the name of a task, as records have it: 32 bytes of text at most."
        ))
    })
}

fn add_mark<P: Device>(body: &[u8]) -> Answer {
    let expected = format_args!(
        "Send {{\"name\":\"after login\"}}: 1 to 32 bytes of text, without control and invisible characters, not all blanks, and not \
         all digits."
    );
    let request: MarkRequest = body::parse(body, expected)?;
    if !Mark::may_be_called(&request.name) {
        return Err(Problem::invalid(expected));
    }
    Ok(Reply::json(Json::Mark(mark::<P>(&request.name))))
}

fn order(query: Query<'_>) -> Result<Order, Problem> {
    match query.get("sort") {
        None => Ok(Order::default()),
        Some(sort) if sort.is("bytes") => Ok(Order::Bytes),
        Some(sort) if sort.is("count") => Ok(Order::Count),
        Some(sort) if sort.is("outlived") => Ok(Order::Outlived),
        Some(_) => Err(Problem::invalid(format_args!(
            "`sort` is `bytes`, `count` or `outlived`."
        ))),
    }
}

fn kinds(query: Query<'_>) -> Result<Kinds, Problem> {
    let Some(names) = query.get("verdict") else {
        return Ok(Kinds::ALL);
    };
    names.split(',').try_fold(Kinds::NONE, |kinds, name| {
        let kind = Kind::ALL.into_iter().find(|kind| name.is(kind.name()));
        kind.map(|kind| kinds.with(kind)).ok_or_else(|| {
            Problem::invalid(format_args!(
                "`verdict` is a list, with commas, of: leaking, lost, queue_grows, filling, grows_in_place, plateau, \
                 in_flight, one_off, too_early."
            ))
        })
    })
}

/// Reads whose frames the client has.
fn known(query: Query<'_>) -> Result<heapless::Vec<u32, MAX_KNOWN>, Problem> {
    let mut known = heapless::Vec::new();
    let ids = query.get("known").into_iter();
    for id in ids.flat_map(|ids| ids.split(',')) {
        let id = id.number().and_then(|id| u32::try_from(id).ok());
        let is_taken = id.is_some_and(|id| known.push(id).is_ok());
        if !is_taken {
            return Err(Problem::invalid(format_args!(
                "`known` is a list, with commas, of at most {MAX_KNOWN} ids of call stacks."
            )));
        }
    }
    Ok(known)
}

fn references<P: Device>(call: &Call<'_>) -> Answer {
    let is_postcard = call.wants_postcard()?;
    let references = scan::<P>()?;
    Ok(Reply::stream(if is_postcard {
        Stream::Capture(scanned::<P>(references, true))
    } else {
        Stream::References(ReferencesPage::new(references))
    }))
}

fn scan<P: Device>() -> Result<References, Problem> {
    References::begin::<P>(LOOKS).map_err(|reason| match reason {
        NoScan::NoMemory => Problem::not_offered(format_args!(
            "This board lists no memory to look for references in: see `Device::area` in its firmware."
        )),
        NoScan::Forbidden => Problem::not_offered(format_args!(
            "The settings of this device forbid scans: PUT /api/v1/settings with {{\"references\":true}} allows them."
        )),
        NoScan::Untraced => refused::<P>(Error::InvalidState, CHOOSE_FIRST),
        NoScan::Busy => Problem::busy(format_args!("Another scan is running: try again.")),
    })
}

fn scanned<P: Device>(references: References, is_all: bool) -> MessageStream {
    let moment = references.started_us();
    let scanner = Scanner::new(references, is_all);
    MessageStream::new::<P>(stream::Content::Everything(moment, Some(scanner)))
}

fn everything<P: Device>(query: Query<'_>) -> Answer {
    let stream = match query.number("references", 0..=1, 0)? {
        0 => MessageStream::new::<P>(stream::Content::Everything(now_us::<P>(), None)),
        _ => scanned::<P>(scan::<P>()?, false),
    };
    Ok(Reply::stream(Stream::Capture(stream))
        .with("Content-Disposition", "attachment; filename=\"trace.hbc\""))
}

/// Takes what Go's handlers take: there is nothing that a collection of garbage (`gc`) would free first, and no form for people to read.
fn profile<P: Device>(shown: Shown, query: Query<'_>) -> Answer {
    query.number("gc", 0..=u64::MAX, 0)?;
    if query.number("debug", 0..=u64::MAX, 0)? > 0 {
        return Err(Problem::invalid(format_args!(
            "A profile comes as `profile.proto` only: leave `debug` out, and have `go tool pprof` show it."
        )));
    }
    let seconds = query.number("seconds", 0..=MAX_SECONDS, 0)? as u32;
    let seconds = (seconds > 0).then_some(seconds);
    Ok(Reply::stream(Stream::Profile(Profile::new::<P>(
        shown, seconds,
    ))))
}

fn elf<P: Device>() -> Answer {
    const SYMBOL_FILE: &str = "attachment; filename=\"firmware.symbols\"";
    let Some(image) = P::elf() else {
        let file = SymbolFile::open::<P>().map_err(Problem::no_symbols)?;
        return Ok(Reply::stream(Stream::Symbols(file)).with("Content-Disposition", SYMBOL_FILE));
    };
    let disposition = match image.starts_with(&symbol_file::MAGIC) {
        true => SYMBOL_FILE,
        false => "attachment; filename=\"firmware.elf\"",
    };
    let reply = bytes("application/octet-stream", image);
    Ok(reply.with("Content-Disposition", disposition))
}

fn demo<P: Device>() -> Answer {
    if P::switches().is_empty() {
        return Err(Problem::not_found(format_args!(
            "No demo workload is running on this device."
        )));
    }
    Ok(Reply::stream(Stream::Demo(Page::new(Switches::default()))))
}

fn switch<P: Device>(name: Encoded<'_>, body: &[u8]) -> Answer {
    let switch = find_switch::<P>(name).ok_or_else(|| {
        Problem::not_found(format_args!(
            "There is no such switch: GET /api/v1/demo lists those that there are."
        ))
    })?;
    let expected = format_args!("Send {{\"on\":true}} or {{\"on\":false}}.");
    let request: api::DemoRequest = body::parse(body, expected)?;
    switch.set(request.on);
    Ok(Reply::json(Json::DemoSwitch(bodies::switch(switch))))
}

fn find_switch<P: Device>(name: Encoded<'_>) -> Option<&'static dyn Switch> {
    let mut switches = P::switches().iter().copied();
    switches.find(|switch| name.is(switch.name()))
}

fn bytes(mime: &'static str, bytes: &'static [u8]) -> Reply {
    Reply::new(StatusCode::OK, Content::Bytes(mime, bytes))
}

/// Explains a refusal by the tracer with the state that it is in.
fn refused<P: Device>(error: Error, advice: &str) -> Problem {
    let state = match P::tracer().summary().state {
        tracer::State::Uninitialised => "not initialised",
        tracer::State::Stopped => "stopped",
        tracer::State::Recording => "recording",
        tracer::State::Paused => "paused",
    };
    Problem::of_tracer(error, format_args!("The trace is {state}. {advice}"))
}
