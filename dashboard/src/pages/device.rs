use heapbeacon_shared::api::{CostUnit, Device, Route, Trace};
use leptos::prelude::*;

use super::capture::CaptureDrop;
use super::demo::DemoStrip;
use super::regions::Regions;
use super::symbols::SymbolPanel;
use crate::format;
use crate::state::Store;

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
        {(!store.is_file).then(|| view! { <Downloads /> })}
        <section class="panel">
            <h2>"Captures"</h2>
            <CaptureDrop />
        </section>
    }
}

#[component]
fn Downloads() -> impl IntoView {
    let store = Store::of_app();
    let link = move |route: Route, file: &'static str, label: &'static str, hint: &'static str| {
        let url = store.client.with_value(|client| client.url(route, ""));
        view! {
            <li>
                <a href=url download=file>
                    {label}
                </a>
                " "
                <span class="note">{hint}</span>
            </li>
        }
        .into_any()
    };
    let capture = "Everything in one file, to look at later and elsewhere";
    let dump = "The records as text, as ESP-IDF's heap_trace_dump prints them";
    let api = "Describes the HTTP API (OpenAPI)";
    view! {
        <section class="panel">
            <h2>"Downloads"</h2>
            <ul class="downloads">
                {link(Route::Capture, "trace.hbc", "Capture", capture)}
                {link(Route::Dump, "heap_trace_dump.txt", "Dump", dump)}
                {link(Route::OpenApi, "openapi.yaml", "API description", api)}
            </ul>
        </section>
    }
}

/// Names and values.
type Facts = Vec<(&'static str, String)>;

fn facts(facts: Facts) -> AnyView {
    let fact = |(name, value): (&'static str, String)| {
        let value = if value.trim().is_empty() {
            "–".to_owned()
        } else {
            value
        };
        view! {
            <dt>{name}</dt>
            <dd>{value}</dd>
        }
        .into_any()
    };
    let facts: Vec<AnyView> = facts.into_iter().map(fact).collect();
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// Says who a device is; a capture does not tell how it was reached.
fn identity(device: &Device, is_file: bool) -> Facts {
    let network = &device.network;
    let mut facts = vec![
        ("Name", device.name.to_string()),
        (
            "Board",
            format!(
                "{} ({} bit)",
                device.board,
                u32::from(device.pointer_bytes) * 8
            ),
        ),
        (
            "Chip",
            match &device.chip_revision {
                Some(revision) => format!("{}, revision {revision}", device.chip),
                None => device.chip.to_string(),
            },
        ),
        (
            "Firmware",
            format!("{} {}", device.firmware, device.firmware_version),
        ),
        ("Build id", device.build_id.to_string()),
        ("Up for", format::duration(device.uptime_us)),
    ];
    if !is_file {
        facts.extend([
            ("Last reset", device.reset_reason.to_string()),
            (
                "Network",
                format!("{} on {}", network.address, network.interface),
            ),
            (
                "Hardware address",
                network.mac.as_deref().unwrap_or_default().to_owned(),
            ),
            (
                "Signal",
                network
                    .rssi_dbm
                    .map_or_else(String::new, |dbm| format!("{dbm} dBm")),
            ),
            ("Agent", device.agent_version.to_string()),
        ]);
    }
    facts
}

/// Says how a trace is kept; a capture does not tell what that costs.
fn tracing(trace: &Trace, is_file: bool) -> Facts {
    let buffer = &trace.buffer;
    let unit = match trace.cost.unit {
        CostUnit::Nanoseconds => "ns",
        CostUnit::Cycles => "cycles",
        CostUnit::Instructions => "instructions",
    };
    let cost = match trace.cost.mean_per_event {
        0 => "not measured yet".to_owned(),
        mean => format!("{} {unit} on average", format::count(u64::from(mean))),
    };
    let of = |some: u32, all: u32| {
        format!(
            "{} of {}",
            format::count(u64::from(some)),
            format::count(u64::from(all))
        )
    };
    let split = format!(
        "{}: {} for records, {} for call stacks",
        format::bytes(buffer.bytes),
        format::bytes(buffer.record_bytes),
        format::bytes(buffer.stack_bytes)
    );
    let mut facts = vec![
        ("Records", of(trace.count, trace.capacity)),
        (
            "Most records",
            format::count(u64::from(trace.high_water_mark)),
        ),
        ("Call stacks", of(trace.stack_count, trace.stack_capacity)),
        ("Unchecked frees", format::count(trace.unchecked_frees)),
    ];
    if !is_file {
        facts.extend([
            ("Buffer", split),
            ("RAM in all", format::bytes(trace.cost.ram_bytes)),
            ("Cost of an event", cost),
        ]);
    }
    facts
}
