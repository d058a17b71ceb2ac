use heapbeacon_shared::api::{CostUnit, Device, Trace};
use heapbeacon_shared::trace::Destination;
use leptos::prelude::*;

use super::capture::CaptureDrop;
use super::demo::DemoStrip;
use super::regions::Regions;
use super::settings::SettingsPanel;
use super::symbols::SymbolPanel;
use super::update::UpdatePanel;
use crate::format;
use crate::later::later;
use crate::store::Store;

/// Identity, symbols, downloads.
#[component]
pub fn DevicePage() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <h1 class="unseen">"Device"</h1>
        <div class="columns">
            <section class="panel">
                <h2>"Identity"</h2>
                {move || {
                    let identity = |device: &Device| facts(identity(device, store.is_file));
                    store.device.with(|device| device.as_ref().map(identity))
                }}
            </section>
            <section class="panel">
                <h2>"Tracing"</h2>
                {move || {
                    let tracing = |trace: &Trace| facts(tracing(trace, store.is_file));
                    store.trace.with(|trace| trace.as_ref().map(tracing))
                }}
            </section>
        </div>
        <Regions />
        <SymbolPanel />
        <DemoStrip />
        {(!store.is_file).then(|| view! { <UpdatePanel /> <SettingsPanel /> })}
        {later("downloads")}
        <section class="panel">
            <h2>"Captures"</h2>
            <CaptureDrop />
        </section>
    }
}

/// Names, values, and what they mean.
type Facts = Vec<(&'static str, String, &'static str)>;

/// Lists what is known: a board without a radio has no signal.
fn facts(facts: Facts) -> AnyView {
    let fact = |(name, value, hint): (&'static str, String, &'static str)| {
        let is_known = !value.trim().is_empty();
        is_known.then(|| {
            view! {
                <dt title=hint tabindex="0">{name}</dt>
                <dd title=hint>{value}</dd>
            }
            .into_any()
        })
    };
    let facts: Vec<AnyView> = facts.into_iter().filter_map(fact).collect();
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// Describes who a device is; a capture does not tell how it was reached.
fn identity(device: &Device, is_file: bool) -> Facts {
    let bits = u32::from(device.pointer_bytes) * 8;
    let chip = match &device.chip_revision {
        Some(revision) => format!("{}, revision {revision}", device.chip),
        None => device.chip.to_string(),
    };
    let firmware = format!("{} {}", device.firmware, device.firmware_version);
    let mut facts = vec![
        ("Name", device.name.to_string(), "What you call it"),
        (
            "Board",
            format!("{} ({bits} bit)", device.board),
            "What the agent runs on, and the width of an address",
        ),
        ("Chip", chip, "The processor, as its maker names it"),
        ("Firmware", firmware, "Its name and version"),
        (
            "Build id",
            device.build_id.to_string(),
            "Tells which ELF the firmware is: only that one has the right names",
        ),
        (
            "Up for",
            format::duration(device.uptime_us),
            "Time since it started",
        ),
    ];
    if !is_file {
        facts.extend(connection(device));
    }
    facts
}

/// Describes how a device is reached.
fn connection(device: &Device) -> Facts {
    let network = &device.network;
    let address = format!("{} on {}", network.address, network.interface);
    let mac = network.mac.as_deref().unwrap_or_default().to_owned();
    let signal = network.rssi_dbm.map(|dbm| format!("{dbm} dBm"));
    vec![
        (
            "Last reset",
            device.reset_reason.to_string(),
            "Why it started last",
        ),
        ("Network", address, "Where it is reached"),
        ("Hardware address", mac, "Its MAC address"),
        (
            "Signal",
            signal.unwrap_or_default(),
            "Strength of the Wi-Fi signal: the closer to 0, the better",
        ),
        (
            "Agent",
            device.agent_version.to_string(),
            "Version of HeapBeacon on the device",
        ),
    ]
}

/// Describes how a trace is kept; a capture does not tell what that costs.
fn tracing(trace: &Trace, is_file: bool) -> Facts {
    let of = |some: u32, all: u32| {
        let [some, all] = [some, all].map(|number| format::count(u64::from(number)));
        format!("{some} of {all}")
    };
    let mut facts = vec![
        (
            "Destination",
            destination(trace).to_owned(),
            "Where the records of a trace go",
        ),
        (
            "Records",
            of(trace.summary.count, trace.summary.capacity),
            "Traced blocks, and how many there is room for",
        ),
        (
            "Most at a time",
            format::count(u64::from(trace.summary.high_water_mark)),
            "Most records at one time since the trace started",
        ),
        (
            "Call stacks",
            of(trace.summary.stack_count, trace.summary.stack_capacity),
            "Distinct ones, and how many there is room for",
        ),
        (
            "Unchecked frees",
            format::count(trace.summary.unchecked_frees),
            "Frees without a record that came too fast to see whether they were of a pointer inside a block",
        ),
    ];
    if !is_file {
        facts.extend(cost(trace));
    }
    facts
}

/// Describes where records go, what that means, and who fetches them.
fn destination(trace: &Trace) -> &'static str {
    match trace.summary.destination {
        Some(Destination::Standalone) => {
            "Standalone: the device keeps its records in its own buffer, and this page, or any client of its API, \
             fetches them when it wants to."
        }
        Some(Destination::ToHost) => {
            "To a host: the device tells of each event as it happens, to this page and to every other viewer. What one of them is \
             too slow for is dropped, and counted."
        }
        None => "",
    }
}

/// Describes what tracing costs.
fn cost(trace: &Trace) -> Facts {
    let buffer = &trace.buffer;
    let unit = match trace.cost.unit {
        CostUnit::Nanoseconds => "ns",
        CostUnit::Cycles => "cycles",
        CostUnit::Instructions => "instructions",
    };
    let mean = match trace.cost.mean_per_event {
        0 => "not measured yet".to_owned(),
        mean => format!("{} {unit} on average", format::count(u64::from(mean))),
    };
    let split = format!(
        "{}: {} for records, {} for call stacks",
        format::bytes(buffer.bytes),
        format::bytes(buffer.record_bytes),
        format::bytes(buffer.stack_bytes)
    );
    vec![
        (
            "Buffer",
            split,
            "Memory that the firmware lends to the trace",
        ),
        (
            "RAM in all",
            format::bytes(trace.cost.ram_bytes),
            "That buffer, and what the tracer has beside it",
        ),
        ("Cost of an event", mean, "How long it takes to record one"),
    ]
}
