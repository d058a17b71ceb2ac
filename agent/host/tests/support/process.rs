//! The agent as a process of the test's own.

use std::collections::HashSet;
use std::fs;
use std::process::{Command, Output, Stdio};

use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSymbol};

use super::background::Background;
use super::client::Client;

/// What an allocator calls to have its blocks traced.
pub(crate) const HOOKS: [&str; 2] = ["heapbeacon::hooks::allocated", "heapbeacon::hooks::freed"];

/// An agent that runs until this value goes.
pub(crate) struct Process {
    background: Background,
    url: String,
}

impl Process {
    /// Starts an agent on a free port and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    /// Starts an agent at an address and waits until it listens.
    pub(crate) fn start_at(address: &str, arguments: &[&str]) -> Self {
        let mut agent = command(&["--listen", address]);
        let mut background = Background::start(agent.args(arguments), "the agent starts");
        let url = background
            .find(|line| line.strip_prefix("listening on ").map(str::to_owned))
            .expect("the agent says where it listens");
        Self { background, url }
    }

    /// Returns the agent's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns a client without a token.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// Returns a client that sends a token.
    pub(crate) fn client_with(&self, token: &str) -> Client {
        Client::new(&self.url, Some(token.to_owned()))
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.background.id()
    }
}

/// Runs an agent that ends by itself, and returns what it printed.
pub(crate) fn output(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the agent starts")
}

/// Returns the path of the agent's executable.
pub(crate) fn executable() -> &'static str {
    env!("CARGO_BIN_EXE_heapbeacon-host")
}

/// Returns the full names of the agent's functions, from the symbols of its executable.
pub(crate) fn functions() -> HashSet<String> {
    let file = fs::read(executable()).expect("the executable is there");
    let elf = ElfFile64::<Endianness>::parse(&*file).expect("it is an ELF");
    elf.symbols()
        .filter_map(|symbol| symbol.name().ok())
        .map(|name| format!("{:#}", rustc_demangle::demangle(name)))
        .collect()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(executable());
    command.args(arguments).stdin(Stdio::null());
    command
}
