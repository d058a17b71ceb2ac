//! The agent's own image, and its own allocations.

use std::fs;

use heapbeacon_shared::api::{Device, StacksPage};
use heapbeacon_shared::symbols::build_id;
use heapbeacon_shared::trace::Origin;

use crate::support::await_some;
use crate::support::process::{HOOKS, Process, executable, functions};

#[test]
fn the_elf_is_the_executable_and_the_build_id_its_own() {
    let agent = Process::start(&[]);
    let file = fs::read(executable()).expect("the executable is there");
    let served = agent.client().get("/elf").body;
    assert!(
        served == file,
        "{} bytes, {} in the file",
        served.len(),
        file.len()
    );
    let device: Device = agent.client().read("/device");
    let id = build_id(&file)
        .expect("it is an ELF")
        .expect("it was linked with a build id");
    assert_eq!(device.build_id.to_string(), id.to_string());
}

/// `untraced.rs` relies on these names.
#[test]
fn the_hooks_are_functions_of_the_executable() {
    let functions = functions();
    for hook in HOOKS {
        assert!(functions.contains(hook), "{hook}");
    }
}

/// Every connection that is accepted makes the runtime allocate.
#[test]
fn the_servers_allocations_are_tagged_as_the_agents() {
    let agent = Process::start(&["--start", "all"]);
    let stacks = || {
        let page: StacksPage = agent.client().read("/trace/stacks?limit=1000");
        page.stacks
    };
    let of_agent = await_some("the server allocates", || {
        stacks()
            .into_iter()
            .find(|stack| stack.origin == Origin::Agent)
    });
    assert_eq!(of_agent.task.as_deref(), Some("http"));
    await_some("the workload allocates", || {
        let mut stacks = stacks().into_iter();
        stacks.find(|stack| stack.origin == Origin::Application)
    });
    for stack in stacks() {
        let is_server = stack.task.as_deref() == Some("http");
        assert_eq!(stack.origin == Origin::Agent, is_server, "{stack:?}");
    }
}

#[test]
fn stack_traces_of_one_task_bear_its_name() {
    let agent = Process::start(&["--start", "all"]);
    for task in ["sensor", "net", "mqtt", "timers"] {
        await_some(task, || {
            let page: StacksPage = agent.client().read("/trace/stacks?limit=1000");
            let mut stacks = page.stacks.into_iter();
            stacks.find(|stack| stack.task.as_deref() == Some(task))
        });
    }
}
