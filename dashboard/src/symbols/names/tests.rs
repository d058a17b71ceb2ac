//! What call stacks are called, with symbols and without.

use super::*;

fn stack(frames: &[u64]) -> Stack {
    Stack {
        frames: frames.iter().map(|frame| Address(*frame)).collect(),
        ..Stack::default()
    }
}

#[test]
fn without_symbols_a_stack_is_named_by_its_innermost_addresses() {
    let named = Names::default().of(&stack(&[
        0x4200_0010,
        0x4200_0020,
        0x4200_0030,
        0x4200_0040,
    ]));
    assert_eq!(named.name, "0x42000010 ← 0x42000020 ← 0x42000030");
    assert_eq!(named.lines().count(), 4);
}

#[test]
fn stacks_that_differ_in_their_depth_are_not_joined_without_symbols() {
    let mut names = Names::default();
    let (one, other) = (
        names.of(&stack(&[1, 2, 3, 4])),
        names.of(&stack(&[1, 2, 3, 5])),
    );
    assert_eq!(one.name, other.name);
    assert_ne!(one.key, other.key);
}

#[test]
fn stacks_without_frames_have_names_too() {
    let mut names = Names::default();
    let mut name = |id, origin| {
        let stack = Stack {
            id,
            origin,
            ..Stack::default()
        };
        names.of(&stack).name.clone()
    };
    assert_eq!(name(0, Origin::Application), "call stacks without room");
    assert_eq!(name(7, Origin::Driver), "driver without call stack");
    assert_eq!(name(8, Origin::Application), "unknown call stack");
}

#[test]
fn functions_that_share_their_code_are_named_up_to_a_few() {
    assert_eq!(shared(&[]), None);
    let names: Vec<_> = ["app::a::close", "app::b::drop", "c", "d", "e", "f"]
        .map(str::to_owned)
        .into();
    let two = "The linker has kept one code for this and a::close, b::drop.";
    assert_eq!(shared(&names[..2]).as_deref(), Some(two));
    let all = "The linker has kept one code for this and a::close, b::drop, c, d and 2 more.";
    assert_eq!(shared(&names).as_deref(), Some(all));
}

#[test]
fn without_symbols_a_task_has_the_name_that_the_device_gives() {
    let names = Names::default();
    for name in ["net", "task@3fc95510", "task@", "task@xyz", ""] {
        assert_eq!(names.task(name), name);
    }
}

fn function(address: u64, name: &str) -> Vec<Frame> {
    vec![Frame {
        address,
        function: Some(name.to_owned()),
        ..Frame::default()
    }]
}

#[test]
fn a_stack_is_named_once_all_its_addresses_are_known_and_no_address_is_asked_for_twice() {
    let mut names = Names::default();
    let (one, other) = (stack(&[1, 2]), stack(&[2, 3]));
    let of_one = names.wanted([&one], []);
    assert_eq!(of_one.addresses, [1, 2]);
    assert_eq!(names.of(&one).name, "0x00000001 ← 0x00000002");
    let found = Found {
        frames: vec![function(1, "app::a"), function(2, "app::b")],
        ..Found::default()
    };
    names.learn(&of_one, found);
    assert_eq!(names.of(&one).name, "app::a");
    assert_eq!(names.of(&other).name, "0x00000002 ← 0x00000003");
    let of_both = names.wanted([&one, &other], []);
    assert_eq!(of_both.addresses, [3]);
    let found = Found {
        frames: vec![function(3, "app::c")],
        ..Found::default()
    };
    names.learn(&of_both, found);
    assert_eq!(names.of(&other).name, "app::b");
    assert!(names.wanted([&one, &other], []).is_empty());
}

#[test]
fn tasks_without_a_name_are_asked_for_by_their_storage_and_otherwise_stay_as_they_are() {
    let mut names = Names::default();
    let of_stack = Stack {
        task: "task@10".try_into().ok(),
        ..Stack::default()
    };
    let wanted = names.wanted([&of_stack], ["net", "task@20", "task@10", "task@xyz"]);
    assert_eq!(wanted.tasks, [0x10, 0x20]);
    let found = Found {
        tasks: vec![Some("blink".to_owned()), None],
        ..Found::default()
    };
    names.learn(&wanted, found);
    let named = ["net", "task@10", "task@20", "task@30"].map(|task| names.task(task));
    assert_eq!(named, ["net", "blink", "task@20", "task@30"]);
    assert!(names.wanted([&of_stack], ["task@20"]).is_empty());
}

#[test]
fn statics_are_asked_for_once_and_named_short() {
    let mut names = Names::default();
    let addresses = BTreeSet::from([0x10, 0x20]);
    let mut wanted = Wanted::default();
    names.want_statics(&mut wanted, &addresses);
    assert_eq!(wanted.statics, [0x10, 0x20]);
    let found = Found {
        statics: vec![Some(("app::net::NET".to_owned(), 8)), None],
        ..Found::default()
    };
    names.learn(&wanted, found);
    assert_eq!(names.variable(0x10), Some(("net::NET".to_owned(), 8)));
    assert_eq!(names.variable(0x20), None);
    names.want_statics(&mut wanted, &addresses);
    assert!(wanted.is_empty());
}

#[test]
fn a_place_is_shown_short_and_copied_whole() {
    let frame = Frame {
        file: Some("/home/me/agent/demo/src/session.rs".to_owned()),
        line: Some(52),
        column: Some(9),
        ..Frame::default()
    };
    let line = frame_line(&StackFrame {
        frame,
        role: Role::Own,
    });
    assert_eq!(line.place.as_deref(), Some("src/session.rs:52:9"));
    assert_eq!(
        line.full_place.as_deref(),
        Some("/home/me/agent/demo/src/session.rs:52:9")
    );
}
