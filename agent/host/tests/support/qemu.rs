//! The agent on QEMU's machine `virt`, as a process of the test's own.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::background::Background;
use super::client::Client;
use super::{await_some, free_port};

const MISSING: &str = "QEMU is in PATH: on Debian it is the package qemu-system-misc";

/// A machine that runs until this value goes.
pub(crate) struct Qemu {
    background: Background,
    url: String,
    monitor: BufReader<UnixStream>,
    _folder: TempDir,
}

impl Qemu {
    /// Boots the agent and waits until it listens.
    pub(crate) fn boot() -> Self {
        let mut machine = Self::power_on();
        machine.await_line("listening on");
        machine
    }

    /// Boots the agent with a file as its flash chip, and waits until it listens.
    pub(crate) fn boot_with(flash: &Path) -> Self {
        Self::boot_image_with(&image(AGENT), flash)
    }

    /// The same with an image that was made of the agent's.
    pub(crate) fn boot_image_with(image: &Path, flash: &Path) -> Self {
        let mut command = machine_without_program();
        // With a second flash chip, QEMU takes what `-kernel` names for a file that firmware in the chip reads.
        command.arg("-device").arg(loader(image, ",cpu-num=0"));
        put_in(&mut command, flash);
        let mut machine = Self::power_on_as(command);
        machine.await_line("listening on");
        machine
    }

    /// Boots what the flash chip has chosen, or else an image, by way of the board's bootloader, and waits until it listens.
    pub(crate) fn boot_chosen(otherwise: &Path, flash: Option<&Path>) -> Self {
        let mut machine = Self::power_on_chosen(otherwise, flash, &[]);
        machine.await_line("listening on");
        machine
    }

    /// The same, with more arguments for QEMU, and without waiting for anything.
    pub(crate) fn power_on_chosen(otherwise: &Path, flash: Option<&Path>, more: &[&str]) -> Self {
        let mut command = machine_without_program();
        command
            .arg("-device")
            .arg(loader(&image(BOOT), ",cpu-num=0"))
            .arg("-device")
            .arg(loader(otherwise, ""))
            .args(["-device", "i6300esb"])
            .args(more);
        if let Some(flash) = flash {
            put_in(&mut command, flash);
        }
        Self::power_on_as(command)
    }

    /// Switches the machine on, and does not wait for anything.
    pub(crate) fn power_on() -> Self {
        Self::power_on_as(machine(AGENT))
    }

    fn power_on_as(mut machine: Command) -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let socket = folder.path().join("monitor");
        let port = free_port();
        machine
            .args([
                "-netdev",
                &format!("user,id=cable,hostfwd=tcp:127.0.0.1:{port}-:80"),
            ])
            .args(["-device", "virtio-net-device,netdev=cable"])
            .arg("-qmp")
            .arg(format!("unix:{},server=on,wait=off", socket.display()));
        let mut qemu = Self {
            background: Background::start(&mut machine, MISSING),
            url: format!("http://127.0.0.1:{port}"),
            monitor: connect(&socket),
            _folder: folder,
        };
        qemu.command(&json!({ "execute": "qmp_capabilities" }));
        qemu
    }

    /// Waits until the console says something, and returns the line.
    pub(crate) fn await_line(&mut self, beginning: &str) -> String {
        self.background
            .find(|line| line.starts_with(beginning).then_some(line))
            .unwrap_or_else(|| panic!("the machine ended without saying `{beginning}`"))
    }

    /// Returns the agent's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns a client.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url, None).patient()
    }

    /// Returns how long QEMU has run on this machine's processors (`proc(5)`, fields 14 and 15 of `stat`).
    pub(crate) fn processor_time(&self) -> Duration {
        const TICKS_PER_SECOND: u64 = 100;
        let path = format!("/proc/{}/stat", self.background.id());
        let stat = fs::read_to_string(path).expect("QEMU runs");
        // Behind the name, which may hold blanks, field 3 is the first.
        let (_, fields) = stat.rsplit_once(')').expect("a name is in parentheses");
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next().and_then(|ticks| ticks.parse().ok());
        let (user, system): (Option<u64>, Option<u64>) = (ticks(), ticks());
        let ticks = user.expect("it is there") + system.expect("it is there");
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }

    /// Resets the machine, as a watchdog would.
    pub(crate) fn reset(&mut self) {
        self.command(&json!({ "execute": "system_reset" }));
    }

    /// Pulls the network's cable, or puts it back.
    pub(crate) fn plug(&mut self, is_in: bool) {
        self.command(&json!({
            "execute": "set_link", "arguments": { "name": "cable", "up": is_in }
        }));
    }

    /// Lets packets through five times a second only, or all the time again.
    pub(crate) fn throttle(&mut self, is_throttled: bool) {
        const MICROSECONDS: u32 = 200_000;
        let command = match is_throttled {
            true => json!({ "execute": "object-add", "arguments": {
                "qom-type": "filter-buffer", "id": "throttle", "netdev": "cable", "interval": MICROSECONDS
            }}),
            false => json!({ "execute": "object-del", "arguments": { "id": "throttle" } }),
        };
        self.command(&command);
    }

    /// Gives QEMU a command, and waits until it has been carried out.
    fn command(&mut self, command: &Value) {
        writeln!(self.monitor.get_mut(), "{command}").expect("QEMU listens");
        loop {
            let mut line = String::new();
            self.monitor.read_line(&mut line).expect("QEMU answers");
            let answer: Value = serde_json::from_str(&line).expect("in JSON");
            assert!(answer.get("error").is_none(), "{command}: {answer}");
            if answer.get("return").is_some() {
                return;
            }
        }
    }
}

/// The program that starts what the flash chip has chosen.
const BOOT: &str = "boot";
/// The program that is the agent.
pub(crate) const AGENT: &str = "heapbeacon-qemu-virt";

/// Returns the ELF of one of the board's programs.
pub(crate) fn elf(program: &str) -> Vec<u8> {
    fs::read(image(program)).expect("the image was built")
}

/// Returns where the ELF of one of the board's programs is.
pub(crate) fn image(program: &str) -> PathBuf {
    let agent = env::var_os("HEAPBEACON_QEMU_ELF")
        .expect("HEAPBEACON_QEMU_ELF names the image: run `cargo xtask test qemu`");
    PathBuf::from(agent).with_file_name(program)
}

/// Runs one of the board's programs to its end, and returns what it printed and what QEMU ended with.
pub(crate) fn run(program: &str) -> Output {
    machine(program).output().expect(MISSING)
}

/// A machine without a network, with its console on standard output.
fn machine(program: &str) -> Command {
    let mut machine = machine_without_program();
    machine.arg("-kernel").arg(image(program));
    machine
}

fn machine_without_program() -> Command {
    let mut machine = Command::new("qemu-system-riscv32");
    machine
        .args(["-M", "virt", "-m", "16M", "-bios", "none"])
        .args(["-display", "none", "-serial", "stdio"])
        .stdin(Stdio::null());
    machine
}

/// Has QEMU load an ELF at each reset.
fn loader(elf: &Path, more: &str) -> String {
    format!("loader,file={}{more}", elf.display())
}

/// Puts a file into a machine as its flash chip.
fn put_in(machine: &mut Command, flash: &Path) {
    const BYTES: u64 = 32 * 1024 * 1024;
    let file = File::options().create(true).append(true).open(flash);
    let sized = file.and_then(|file| file.set_len(BYTES));
    sized.expect("there is room for holes");
    let drive = format!("if=pflash,unit=1,format=raw,file={}", flash.display());
    machine.args(["-drive", &drive]);
}

/// Connects to QEMU's monitor, which QEMU opens soon after it was started, and reads its greeting.
fn connect(socket: &Path) -> BufReader<UnixStream> {
    let stream = await_some("QEMU's monitor", || UnixStream::connect(socket).ok());
    let mut monitor = BufReader::new(stream);
    let mut greeting = String::new();
    monitor.read_line(&mut greeting).expect("QEMU greets");
    monitor
}
