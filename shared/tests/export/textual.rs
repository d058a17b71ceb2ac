//! Formats of text: lines, rows and JSON.

use std::collections::BTreeMap;

use heapbeacon_shared::export::Format;
use serde_json::Value;

use super::made::*;
use super::{ALLOCATED, LIVE, captures};

fn json(bytes: &[u8], format: Format) -> Value {
    serde_json::from_str(&text(bytes, format)).expect("JSON")
}

fn sum(list: &Value) -> i64 {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|value| value.as_i64().expect("a number"))
        .sum()
}

/// Returns the rows of CSV, apart at commas and line ends outside of quotes.
fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().expect("one");
        let field = row.last_mut().expect("one");
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => assert_eq!(chars.peek(), Some(&'\n')),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            c => field.push(c),
        }
    }
    assert_eq!(rows.pop(), Some(vec![String::new()]), "the last row ends");
    rows
}

/// Returns the values of a column.
fn column(rows: &[Vec<String>], name: &str) -> Vec<String> {
    let place = rows[0].iter().position(|column| column == name);
    let place = place.expect("it is there");
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    rows[1..].iter().map(|row| row[place].clone()).collect()
}

fn numbers(column: &[String]) -> u64 {
    column
        .iter()
        .map(|cell| cell.parse::<u64>().expect("a number"))
        .sum()
}

#[test]
fn collapsed_stacks_are_lines_of_names_and_live_bytes() {
    for (name, bytes) in captures() {
        let text = text(&bytes, Format::Collapsed);
        let lines: Vec<_> = text
            .lines()
            .map(|line| line.rsplit_once(' ').expect("two"))
            .collect();
        let sum: u64 = lines
            .iter()
            .map(|(_, bytes)| bytes.parse::<u64>().expect("a number"))
            .sum();
        assert_eq!((sum, lines.len()), (LIVE.bytes, 2), "{name}");
        let frames: Vec<_> = lines[0].0.split(';').collect();
        assert_eq!(frames[..3], ["net", "app::main", "app::grow"]);
        assert_eq!(frames[3], "a \"q\" \\ : ,    \u{2028} \u{fffd} <x>");
        assert!(
            lines[1].0.starts_with("a:\"b\"\\ ;0x42000030;"),
            "{}",
            lines[1].0
        );
    }
}

#[test]
fn speedscope_has_live_bytes_live_blocks_and_allocated_bytes() {
    for (name, bytes) in captures() {
        let file = json(&bytes, Format::Speedscope);
        let profiles = file["profiles"].as_array().expect("a list");
        let told = profiles.iter().map(|profile| {
            assert_eq!(profile["endValue"].as_i64(), Some(sum(&profile["weights"])));
            sum(&profile["weights"]) as u64
        });
        let told: Vec<_> = told.collect();
        assert_eq!(told, [LIVE.bytes, LIVE.count, ALLOCATED.bytes], "{name}");
        let frame =
            |index: &Value| &file["shared"]["frames"][index.as_u64().expect("an index") as usize];
        let stack = profiles[0]["samples"][0].as_array().expect("a list");
        let names: Vec<_> = stack
            .iter()
            .map(|index| frame(index)["name"].as_str())
            .collect();
        assert_eq!(names, ["net", "app::main", "app::grow", EVIL].map(Some));
        assert_eq!(frame(&stack[3])["file"], "src/\"odd\".rs");
        assert_eq!(frame(&stack[3])["line"], 1);
    }
}

#[test]
fn records_are_a_row_for_each_block_with_who_allocated_and_freed_it() {
    for (name, bytes) in captures() {
        let rows = rows(&text(&bytes, Format::Records));
        assert_eq!(rows.len(), 1 + ALLOCATED.count as usize, "{name}");
        assert_eq!(numbers(&column(&rows, "size")), ALLOCATED.bytes);
        let freed = column(&rows, "freed_time_us");
        assert_eq!(freed, ["45000", "60000", "80000", "", "", ""], "{name}");
        assert_eq!(column(&rows, "freed_stack"), ["3", "3", "3", "", "", ""]);
        assert_eq!(
            column(&rows, "time_us"),
            ["20000", "40000", "70000", "10000", "30000", "50000"]
        );
        assert_eq!(column(&rows, "task")[1], "a;\"b\"\\\n");
        assert_eq!(column(&rows, "region")[2], "psram, slow");
        assert_eq!(column(&rows, "at")[0], "src/\"odd\".rs:1");
    }
}

#[test]
fn leaks_are_rows_that_say_what_the_page_would() {
    for (name, bytes) in captures() {
        let rows = rows(&text(&bytes, Format::Leaks));
        let shown = shown(&bytes).leaks.leaks;
        let of = |value: fn(&heapbeacon_shared::api::Leak) -> String| {
            shown.iter().map(value).collect::<Vec<_>>()
        };
        assert_eq!(
            column(&rows, "stack"),
            of(|leak| leak.stack.id.to_string()),
            "{name}"
        );
        assert_eq!(column(&rows, "bytes"), of(|leak| leak.bytes.to_string()));
        assert_eq!(
            column(&rows, "outlived_bytes"),
            of(|leak| leak.outlived.bytes.to_string())
        );
        assert_eq!(
            column(&rows, "verdict"),
            of(|leak| leak.verdict.kind.name().into())
        );
        assert_eq!(
            column(&rows, "oldest_us"),
            of(|leak| leak.oldest_us.to_string())
        );
        assert_eq!(
            column(&rows, "frames")[1],
            format!("{EVIL} < app::grow < app::main")
        );
    }
}

#[test]
fn dhat_tells_totals_peak_and_end_and_names_no_call_stack_twice() {
    for (name, bytes) in captures() {
        let file = json(&bytes, Format::Dhat);
        let points = file["pps"].as_array().expect("a list");
        let total = |field: &str| {
            points
                .iter()
                .map(|point| point[field].as_u64().expect("a number"))
                .sum::<u64>()
        };
        assert_eq!(
            (total("tb"), total("tbk")),
            (ALLOCATED.bytes, ALLOCATED.count),
            "{name}"
        );
        assert_eq!((total("eb"), total("ebk")), (LIVE.bytes, LIVE.count));
        assert_eq!((total("gb"), total("gbk")), (1_364, 4));
        assert_eq!(file["tg"], 35_000);
        assert_eq!(file["te"], 95_000);
        // 25, 20 and 10 ms, and what is live has lived for 90, 70 and 50 until 100 ms.
        assert_eq!(total("tl"), 265_000);
        let stacks: BTreeMap<_, _> = points
            .iter()
            .map(|point| (point["fs"].to_string(), point))
            .collect();
        assert_eq!(stacks.len(), points.len());
        let frame = file["ftbl"][points[0]["fs"][0].as_u64().expect("an index") as usize].as_str();
        assert_eq!(
            frame,
            Some(format!("0x42000010: {EVIL} (src/\"odd\".rs:1)").as_str())
        );
    }
}

#[test]
fn firefox_profiler_gets_what_the_device_remembers_of_regions_while_it_traced() {
    let file = json(&with_history(), Format::Firefox);
    let counters = file["counters"].as_array().expect("a list");
    // Of the second region nothing is known but its last moment, and the first point is of before the trace.
    let names: Vec<_> = counters.iter().map(|counter| &counter["name"]).collect();
    assert_eq!(names, ["live", "dram"]);
    let samples = &counters[1]["samples"];
    assert_eq!(samples["time"], serde_json::json!([45.0, 95.0]));
    assert_eq!(samples["count"], serde_json::json!([250, 50]));
}

#[test]
fn firefox_profiler_gets_each_allocation_and_free_in_time() {
    for (name, bytes) in captures() {
        let file = json(&bytes, Format::Firefox);
        let thread = &file["threads"][0];
        let events = &thread["nativeAllocations"];
        let length = 9;
        for column in ["time", "weight", "stack", "memoryAddress", "threadId"] {
            assert_eq!(
                events[column].as_array().map(Vec::len),
                Some(length),
                "{name}: {column}"
            );
        }
        assert_eq!(events["length"], length);
        assert_eq!(sum(&events["weight"]) as u64, LIVE.bytes);
        let times: Vec<_> = events["time"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|time| time.as_f64())
            .collect();
        assert_eq!(
            times,
            [5., 15., 25., 35., 40., 45., 55., 65., 75.].map(Some),
            "{name}"
        );
        assert_eq!(thread["markers"]["startTime"][0], 43.);
        // Beyond the last event: something may have been live since then.
        assert_eq!(file["meta"]["profilingStartTime"], 0);
        assert_eq!(file["meta"]["profilingEndTime"], 95.);
        let counter = &file["counters"][0]["samples"];
        assert_eq!(sum(&counter["count"]) as u64, LIVE.bytes);
        let shared = &file["shared"];
        for table in ["stackTable", "frameTable", "funcTable", "sources"] {
            let columns = shared[table].as_object().expect("an object");
            let lists = columns.values().filter_map(Value::as_array);
            assert!(
                lists
                    .into_iter()
                    .all(|list| Some(list.len() as u64) == columns["length"].as_u64()),
                "{table}"
            );
        }
        assert!(
            shared["stringArray"]
                .as_array()
                .expect("a list")
                .contains(&EVIL.into())
        );
    }
}

#[test]
fn heaptrack_gets_each_allocation_and_free_in_time() {
    for (name, bytes) in captures() {
        let text = text(&bytes, Format::Heaptrack);
        assert!(text.starts_with("v 10300 2\nX blink \"2\"\n"), "{text}");
        let hex = |word: &str| u64::from_str_radix(word, 16).expect("hexadecimal");
        let (mut sizes, mut live, mut most, mut times) = (Vec::new(), 0, 0, Vec::new());
        for line in text.lines() {
            let words: Vec<_> = line.split(' ').collect();
            match words[0] {
                "a" => sizes.push(hex(words[1])),
                "+" => live += sizes[hex(words[1]) as usize],
                "-" => live -= sizes[hex(words[1]) as usize],
                "c" => times.push(hex(words[1])),
                "v" | "X" | "I" | "s" | "i" | "t" => {}
                other => panic!("{other}"),
            }
            most = most.max(live);
        }
        assert_eq!((live, most), (LIVE.bytes, 1_364), "{name}");
        assert_eq!(times, [5, 15, 25, 35, 40, 45, 55, 65, 75, 95], "{name}");
    }
}

#[test]
fn an_empty_trace_is_a_valid_document() {
    let bytes = empty();
    for format in [Format::Speedscope, Format::Dhat, Format::Firefox] {
        assert!(json(&bytes, format).is_object(), "{format:?}");
    }
    assert_eq!(json(&bytes, Format::Dhat)["pps"], Value::Array(Vec::new()));
    // Whatever is no time, or 0, makes the viewer look for the first event.
    let end = &json(&bytes, Format::Firefox)["meta"]["profilingEndTime"];
    assert!(end.as_f64().is_some_and(|end| end > 0.), "{end}");
    assert_eq!(text(&bytes, Format::Collapsed), "");
    for format in [Format::Records, Format::Leaks] {
        assert_eq!(rows(&text(&bytes, format)).len(), 1, "{format:?}");
    }
    assert!(text(&bytes, Format::Heaptrack).starts_with("v 10300 2\nX firmware\n"));
}
