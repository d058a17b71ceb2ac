//! Formats of Protocol Buffers.

use std::collections::BTreeMap;

use heapbeacon_shared::export::Format;
use prost::Message;

use super::made::*;
use super::protos::{Packet, Profile, Trace};
use super::{ALLOCATED, LIVE, captures};

fn profile(bytes: &[u8]) -> Profile {
    Profile::decode(export(bytes, Format::Pprof).as_slice()).expect("a profile")
}

fn packets(bytes: &[u8]) -> Vec<Packet> {
    let trace = Trace::decode(export(bytes, Format::Perfetto).as_slice());
    trace.expect("a trace").packet
}

#[test]
fn pprof_adds_up_to_the_capture_in_the_order_of_gos_sample_types() {
    for (name, bytes) in captures() {
        let profile = profile(&bytes);
        let text = |index: i64| profile.string_table[index as usize].as_str();
        let types = profile.sample_type.iter();
        let types: Vec<_> = types.map(|of| (text(of.r#type), text(of.unit))).collect();
        let objects = [("alloc_objects", "count"), ("inuse_objects", "count")];
        assert_eq!([types[0], types[2]], objects);
        assert_eq!((types[1].0, types[3].0), ("alloc_space", "inuse_space"));
        let sum = |place: usize| {
            profile
                .sample
                .iter()
                .map(|sample| sample.value[place] as u64)
                .sum()
        };
        let sums: [u64; 4] = [0, 1, 2, 3].map(sum);
        assert_eq!(
            sums,
            [ALLOCATED.count, ALLOCATED.bytes, LIVE.count, LIVE.bytes],
            "{name}"
        );
        assert_eq!(text(profile.default_sample_type), "inuse_space");
        assert_eq!(text(profile.mapping[0].build_id), "ab01");
        let labels = profile.sample[1].label.iter();
        let labels: Vec<_> = labels
            .map(|label| (text(label.key), text(label.str)))
            .collect();
        assert_eq!(labels, [("task", "a;\"b\"\\\n"), ("region", "psram, slow")]);
    }
}

#[test]
fn pprof_may_look_for_names_in_the_elf_where_there_are_none_yet() {
    let mapping = |bytes: &[u8]| profile(bytes).mapping.remove(0);
    let named = mapping(&all_mode());
    assert!(named.has_functions);
    // It leaves addresses as they are only where a mapping is all memory.
    assert_eq!((named.memory_start, named.memory_limit), (0, u64::MAX));
    let unknown = stream(&[heapbeacon_shared::wire::Message::Record(Default::default())]);
    assert!(!mapping(&unknown).has_functions);
}

#[test]
fn pprof_has_a_location_for_each_address_with_inlined_functions_first() {
    let profile = profile(&all_mode());
    let text = |index: i64| profile.string_table[index as usize].as_str();
    // Parca takes an id for an index that begins at 1.
    for (id, location) in (1..).zip(&profile.location) {
        assert_eq!(location.id, id);
    }
    for (id, function) in (1..).zip(&profile.function) {
        assert_eq!(function.id, id);
    }
    assert_eq!(text(0), "");
    let lines = profile.location[0].line.iter();
    let lines: Vec<_> = lines
        .map(|line| {
            (
                text(profile.function[line.function_id as usize - 1].name),
                line.line,
            )
        })
        .collect();
    assert_eq!(lines, [(EVIL, 1), ("app::grow", 2)]);
    assert_eq!(profile.location[0].address, 0x4200_000f);
    assert_eq!(profile.sample[0].location_id, [1, 2]);
    // What nothing is known about has an address and no line.
    assert_eq!(
        (profile.location[2].address, profile.location[2].line.len()),
        (0x4200_002f, 0)
    );
}

#[test]
fn perfetto_has_a_profile_of_each_region_at_each_mark_and_at_the_end() {
    for (name, bytes) in captures() {
        let packets = packets(&bytes);
        let profiles = packets
            .iter()
            .filter_map(|packet| Some((packet.timestamp, packet.profile_packet.as_ref()?)));
        let told: Vec<_> = profiles
            .flat_map(|(time, profile)| {
                profile.process_dumps.iter().map(move |dump| {
                    let live = dump
                        .samples
                        .iter()
                        .map(|sample| sample.self_allocated - sample.self_freed);
                    let blocks = dump
                        .samples
                        .iter()
                        .map(|sample| sample.alloc_count - sample.free_count);
                    (
                        profile.index,
                        time / 1_000_000,
                        dump.heap_name.as_str(),
                        live.sum::<u64>(),
                        blocks.sum::<u64>(),
                    )
                })
            })
            .collect();
        let expected = [
            (0, MARK_MS, "dram", 164, 2),
            (0, MARK_MS, "psram, slow", 1_000, 1),
            (1, 100, "dram", 132, 2),
            (1, 100, "psram, slow", 1_000, 1),
        ];
        assert_eq!(told, expected, "{name}");
        // What it takes for the profile before is that of the sequence, of whatever region: one call stack may have blocks in several.
        let sequences = packets.iter().filter_map(|packet| {
            let dumps = &packet.profile_packet.as_ref()?.process_dumps;
            let regions = dumps.iter().map(|dump| dump.heap_name.as_str());
            Some((
                packet.trusted_packet_sequence_id,
                regions.collect::<Vec<_>>(),
            ))
        });
        let sequences: Vec<_> = sequences.collect();
        let (dram, psram) = ((3, vec!["dram"]), (4, vec!["psram, slow"]));
        assert_eq!(
            sequences,
            [dram.clone(), psram.clone(), dram, psram],
            "{name}"
        );
        let marks = packets
            .iter()
            .filter_map(|packet| packet.track_event.as_ref());
        let marks: Vec<_> = marks
            .filter(|event| event.r#type == 3)
            .map(|event| event.name.as_str())
            .collect();
        assert_eq!(marks, ["warm \"up\""]);
    }
}

#[test]
fn perfetto_names_every_frame_before_it_is_referred_to_and_gives_each_a_mapping() {
    let mut build_ids = Vec::new();
    // Each sequence has its own.
    let mut sequences = BTreeMap::new();
    for packet in packets(&all_mode()) {
        let sequence = sequences.entry(packet.trusted_packet_sequence_id);
        let (names, frames, stacks) =
            sequence.or_insert_with(|| (BTreeMap::new(), BTreeMap::new(), BTreeMap::new()));
        let data = packet.interned_data.unwrap_or_default();
        names.extend(
            data.function_names
                .into_iter()
                .map(|name| (name.iid, name.str)),
        );
        build_ids.extend(data.build_ids.into_iter().map(|id| id.str));
        for frame in data.frames {
            assert_eq!(frame.mapping_id, 1);
            frames.insert(frame.iid, names[&frame.function_name_id].clone());
        }
        for stack in data.callstacks {
            let path = stack.frame_ids.iter().map(|frame| frames[frame].clone());
            stacks.insert(stack.iid, path.collect::<Vec<_>>());
        }
        let dumps = packet.profile_packet.unwrap_or_default().process_dumps;
        let mut samples = dumps.iter().flat_map(|dump| &dump.samples);
        assert!(samples.all(|sample| stacks.contains_key(&sample.callstack_id)));
    }
    for region in [3, 4] {
        let (_, _, stacks) = &sequences[&region];
        assert_eq!(stacks[&1], ["net", "app::main", "app::grow", EVIL]);
        assert_eq!(stacks.len(), 3);
    }
    // Its bytes: the reader itself writes them in hexadecimal.
    assert_eq!(build_ids, [[0xab, 0x01]; 2]);
}

#[test]
fn perfettos_counters_end_where_the_capture_does() {
    for (name, bytes) in captures() {
        let packets = packets(&bytes);
        let tracks = packets
            .iter()
            .filter_map(|packet| packet.track_descriptor.as_ref());
        let tracks: BTreeMap<_, _> = tracks
            .map(|track| (track.uuid, track.name.as_str()))
            .collect();
        let events = packets
            .iter()
            .filter_map(|packet| packet.track_event.as_ref());
        let counters = events.filter(|event| event.r#type == 4);
        let last: BTreeMap<_, _> = counters
            .map(|event| (tracks[&event.track_uuid], event.counter_value as u64))
            .collect();
        assert_eq!(
            (last["live bytes"], last["live blocks"]),
            (LIVE.bytes, LIVE.count),
            "{name}"
        );
        assert_eq!(last["live bytes of net"], 132);
        assert_eq!(
            (last["dram: used"], last["psram, slow: free"]),
            (300, 0x1000 - 1_000)
        );
    }
}

#[test]
fn perfettos_counters_of_regions_begin_as_the_device_remembers_it() {
    let packets = packets(&with_history());
    let track = |name: &str| {
        let tracks = packets
            .iter()
            .filter_map(|packet| packet.track_descriptor.as_ref());
        let mut named = tracks.filter(|track| track.name == name);
        named.next().expect("there is such a counter").uuid
    };
    let told = |name| {
        let uuid = track(name);
        let events = packets.iter().filter_map(|packet| {
            let event = packet.track_event.as_ref()?;
            let is_told = event.r#type == 4 && event.track_uuid == uuid;
            is_told.then_some((packet.timestamp / 1_000_000, event.counter_value))
        });
        events.collect::<Vec<_>>()
    };
    assert_eq!(told("dram: used")[..2], [(3, 200), (50, 250)]);
    assert_eq!(told("dram: largest free block")[..2], [(3, 64), (50, 64)]);
    assert_eq!(told("dram: used").last(), Some(&(100, 300)));
    assert_eq!(told("psram, slow: used").len(), 1);
}

#[test]
fn a_counter_has_few_points_and_leaves_out_no_peak() {
    let mut messages = Vec::new();
    for number in 1..=20_000 {
        let block = Block {
            born: number,
            freed: Some(number + 1),
            address: number,
            size: if number == 12_345 { 1_000_000 } else { 8 },
            stack: 1,
        };
        messages.extend(block.messages());
    }
    let packets = packets(&stream(&messages));
    let events = packets
        .iter()
        .filter_map(|packet| Some((packet.timestamp, packet.track_event.as_ref()?)));
    let events: Vec<_> = events.filter(|(_, event)| event.r#type == 4).collect();
    assert!(events.is_sorted_by_key(|(time, _)| *time));
    assert!(events.len() < 10_000, "{} points", events.len());
    let values = events.iter().map(|(_, event)| event.counter_value);
    assert!(values.max() >= Some(1_000_000));
}

#[test]
fn an_empty_trace_is_a_valid_profile() {
    let profile = profile(&empty());
    assert_eq!(
        (
            profile.sample_type.len(),
            profile.mapping.len(),
            profile.sample.len()
        ),
        (4, 1, 0)
    );
    let profiles = packets(&empty())
        .into_iter()
        .filter_map(|packet| packet.profile_packet);
    assert_eq!(
        profiles
            .map(|profile| profile.process_dumps.len())
            .sum::<usize>(),
        0
    );
}
