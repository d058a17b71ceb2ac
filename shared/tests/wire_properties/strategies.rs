//! Any message, and streams of them.

use heapbeacon_shared::trace::*;
use heapbeacon_shared::wire::*;
use proptest::array::uniform;
use proptest::collection::vec;
use proptest::prelude::*;

/// Small and large numbers: both ends of a varint.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..300u64, any::<u64>()]
}

fn name() -> impl Strategy<Value = Name> {
    "[ -~]{0,32}".prop_map(|text| text.as_str().try_into().unwrap())
}

fn header() -> impl Strategy<Value = Message> {
    let names = uniform::<_, 5>(name());
    (
        vec(any::<u8>(), 0..=32),
        names,
        uniform::<_, 3>(any::<u32>()),
    )
        .prop_map(
            |(build_id, [board, chip, device, firmware, firmware_version], numbers)| {
                Message::Header(Header {
                    build_id: BuildId::new(&build_id),
                    board,
                    chip,
                    device,
                    firmware,
                    firmware_version,
                    pointer_bytes: 8,
                    tick_hz: numbers[0],
                    boot_id: numbers[1],
                    trace_id: numbers[2],
                })
            },
        )
}

fn region() -> impl Strategy<Value = Message> {
    (name(), number(), number(), origin()).prop_map(|(name, start, size, origin)| {
        Message::Region(HeapRegion {
            name,
            start: Address(start),
            size,
            origin,
        })
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Application),
        Just(Origin::Agent),
        Just(Origin::Driver)
    ]
}

fn stack() -> impl Strategy<Value = Message> {
    let frames = vec(number(), 0..=heapbeacon_shared::trace::MAX_FRAMES);
    (
        any::<u32>(),
        any::<u16>(),
        frames,
        uniform::<_, 7>(number()),
        proptest::option::of(prop_oneof![
            Just(Cut::Depth),
            Just(Cut::Driver),
            Just(Cut::Interrupt)
        ]),
    )
        .prop_map(|(id, task, frames, numbers, cut)| {
            Message::Stack(Stack {
                id,
                task,
                frames: Frames::from_slice(&frames).unwrap(),
                live_count: numbers[0],
                live_bytes: numbers[1],
                peak_live_bytes: numbers[2],
                allocations: numbers[3],
                frees: numbers[4],
                evicted: numbers[5],
                cut,
                longest_lifetime_us: numbers[6],
                allocated_bytes: 0,
            })
        })
}

pub(crate) fn record() -> impl Strategy<Value = Message> {
    (uniform::<_, 3>(number()), any::<u8>(), any::<u32>()).prop_map(
        |([seq, address, size], core, stack)| {
            Message::Record(Record {
                seq,
                address: Address(address),
                size,
                core,
                stack,
                ..Record::default()
            })
        },
    )
}

fn freed() -> impl Strategy<Value = Message> {
    (uniform::<_, 3>(number()), any::<Option<u32>>()).prop_map(|([seq, address, time], stack)| {
        Message::Freed(Free {
            seq,
            address: Address(address),
            time,
            stack,
        })
    })
}

fn counters() -> impl Strategy<Value = Message> {
    let states = prop_oneof![Just(State::Uninitialised), Just(State::Paused)];
    let destinations = prop_oneof![Just(None), Just(Some(Destination::ToHost))];
    let modes = prop_oneof![Just(None), Just(Some(Mode::Leaks))];
    (
        states,
        destinations,
        modes,
        any::<u32>(),
        uniform::<_, 8>(number()),
    )
        .prop_map(|(state, destination, mode, count, numbers)| {
            Message::Counters(Summary {
                state,
                destination,
                mode,
                count,
                time_us: numbers[0],
                started_us: numbers[1],
                total_allocations: numbers[2],
                matched_frees: numbers[3],
                evicted: numbers[4],
                live_count: numbers[5],
                live_bytes: numbers[6],
                dropped: numbers[7],
                ..Summary::default()
            })
        })
}

fn sample() -> impl Strategy<Value = Message> {
    (any::<u8>(), uniform::<_, 5>(number())).prop_map(|(region, numbers)| {
        Message::Sample(Sample {
            time: numbers[0],
            region,
            used: numbers[1],
            free: numbers[2],
            minimum_free: numbers[3],
            largest_free_block: numbers[4],
        })
    })
}

fn small() -> impl Strategy<Value = Message> {
    let failed = (number(), number(), any::<u32>()).prop_map(|(time, size, stack)| {
        Message::FailedAllocation(Failure {
            time_us: time,
            size,
            stack,
            gave_reserve: false,
            left: None,
        })
    });
    let left = (number(), proptest::option::of(number())).prop_map(|(free, largest_free_block)| {
        Message::Left(Left {
            free,
            largest_free_block,
        })
    });
    let mark = (number(), name()).prop_map(|(time, name)| {
        Message::Mark(Mark {
            time_us: time,
            name,
            ..Mark::default()
        })
    });
    let dropped = number().prop_map(|events| Message::Dropped(Dropped { events }));
    let missed = (number(), number())
        .prop_map(|(frees, bytes)| Message::MissedFrees(MissedFrees { frees, bytes }));
    let task = (any::<u16>(), name(), origin())
        .prop_map(|(id, name, origin)| Message::Task(Task { id, name, origin }));
    let handed = (any::<u8>(), number(), number()).prop_map(|(region, blocks, requested)| {
        Message::Handed(Handed {
            region,
            blocks,
            requested,
        })
    });
    let reserve = (
        number(),
        any::<bool>(),
        any::<u32>(),
        proptest::option::of(number()),
    )
        .prop_map(|(size, held, given, given_time)| {
            Message::Reserve(Reserve {
                size,
                held,
                given,
                given_us: given_time,
            })
        });
    let level = uniform::<_, 4>(number()).prop_map(|[used, least_used, free, largest]| Level {
        used,
        least_used,
        free,
        largest_free_block: largest,
    });
    let point = (number(), number(), vec(level, 0..=4)).prop_map(|(from_us, until_us, levels)| {
        Message::History(Point {
            from_us,
            until_us,
            regions: levels.into_iter().collect(),
        })
    });
    prop_oneof![
        failed, left, mark, dropped, missed, task, handed, reserve, point
    ]
}

fn pointers() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![
        Just(RootKind::Static),
        Just(RootKind::Stack),
        Just(RootKind::Driver)
    ];
    let root = (kind, name(), number(), number()).prop_map(|(kind, name, start, size)| {
        Message::Root(Root {
            kind,
            name,
            start: Address(start),
            size,
        })
    });
    let step = (any::<u32>(), any::<i64>()).prop_map(|(at, to)| Step { at, to });
    let references = (number(), number(), vec(step, 0..=31)).prop_map(|(at, to, more)| {
        Message::References(References {
            first: (Address(at), Address(to)).into(),
            more: more.into_iter().collect(),
        })
    });
    let scan =
        (uniform::<_, 5>(number()), uniform::<_, 3>(any::<u32>())).prop_map(|(numbers, counts)| {
            Message::Scan(Scan {
                started_us: numbers[0],
                ended_us: numbers[1],
                scope: Scope::Blocks,
                is_whole: counts[0] > 9,
                found: counts[0],
                omitted: counts[1],
                unread: numbers[2],
                untraced_blocks: numbers[3],
                doubtful_until_us: numbers[4],
                evicted_live: numbers[4],
                gaps: counts[2],
            })
        });
    prop_oneof![root, references, scan]
}

fn events() -> impl Strategy<Value = Message> {
    let event = (number(), number(), number(), any::<(u8, u32, bool)>()).prop_map(
        |(time, address, size, (core, stack, is_free))| match is_free {
            true => Event::Freed(FreedBlock {
                time,
                address: Address(address),
                stack: (core > 99).then_some(stack),
            }),
            false => Event::Allocated(Record {
                seq: time,
                address: Address(address),
                size,
                core,
                stack,
                ..Record::default()
            }),
        },
    );
    let events = (vec(event, 1..40), any::<bool>()).prop_map(|(events, is_live)| {
        let mut writer = EventWriter::default();
        for event in &events {
            writer.push(event);
        }
        match is_live {
            true => Message::Live(writer.take()),
            false => Message::Events(writer.take()),
        }
    });
    let begin = any::<u64>().prop_map(|until| Message::Snapshot(Snapshot { until }));
    let end = any::<u32>().prop_map(|blocks| Message::SnapshotEnd(SnapshotEnd { blocks }));
    let ending = (number(), any::<bool>()).prop_map(|(time_us, has_task)| {
        Message::Ending(Ending {
            reason: Reason::Panic,
            time_us,
            task: has_task.then(|| "net".try_into().expect("it fits")),
            message: "at the end".try_into().expect("it fits"),
            frames: [time_us, 7].map(Address).into_iter().collect(),
            cut: has_task.then_some(Cut::Depth),
            free: Some(time_us),
            largest_free_block: None,
        })
    });
    let line =
        "[a-z ]{0,80}".prop_map(|line| Message::Log(line.as_str().try_into().expect("it fits")));
    prop_oneof![events, begin, end, ending, line]
}

fn wrong_free() -> impl Strategy<Value = Message> {
    (
        prop_oneof![Just(WrongFreeKind::Inside), Just(WrongFreeKind::Double)],
        uniform::<_, 3>(number()),
        uniform::<_, 3>(any::<Option<u32>>()),
    )
        .prop_map(|(kind, numbers, stacks)| {
            Message::WrongFree(WrongFree {
                time_us: numbers[0],
                kind,
                address: Address(numbers[1]),
                block: Address(numbers[2]),
                owner: stacks[0],
                freed_by: stacks[1],
                first_freed_by: stacks[2],
            })
        })
}

/// Any message but the end.
pub(crate) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        header(),
        region(),
        stack(),
        record(),
        freed(),
        counters(),
        sample(),
        small(),
        pointers(),
        events(),
        wrong_free()
    ]
}
