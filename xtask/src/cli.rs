//! The command line.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};
use lexopt::{Arg, Parser, ValueExt};

use crate::esp32::Chip;
use crate::reports::Export;
use crate::{demo, reports, test};

pub(crate) const HELP: &str = "\
cargo xtask <command>

  demo [--port N] [--no-open]  install what is missing, build, serve dashboard and agent (port 8080)
  run qemu [--port N]          the same on bare metal: build an image with the dashboard in it, boot it in QEMU
  build dashboard              build the page, packed for firmware
  build esp32 [--chip CHIP]    build the Wi-Fi firmware for an ESP32, dashboard included (CHIP: esp32c3, esp32c5, esp32c6, esp32c61)
  flash [--chip CHIP] [--port PORT]
                               the same, written onto a board; then show its console
  image [--chip CHIP]          the same, as one file of all the flash, and alone for an update
  check                        format, lints, documentation, import rule, licences, feature sets
  test [stage…] [--url URL]    everything, or only the stages named:
                               check unit miri fuzz api openapi browser qemu esp32 bench
                               (--url: run `test api` against an agent that is already running;
                               HEAPBEACON_TOKEN: the token that it wants)
  test mutants [FILE…]         change the code of the files, or what this branch changed, in many small ways,
                               and see whether the tests of its package notice
  discover                     ask the network by mDNS, and print the devices that answer within seconds as Prometheus reads them (file_sd_configs);
                               fails where none does
  verdict                      read answers of GET /api/v1/trace/leaks from standard input, one a line, those of a device
                               in the order of time; print time, call stack and kind of verdict of each leak
  symbolize ELF                copy standard input, with functions and source lines below the addresses in it (ELF: a symbol file will do)
  symbols ELF [--out FILE | --embed] [--functions]
                               write what names addresses, a tenth of the ELF or less, to ELF.symbols: the page takes it like the ELF;
                               with --functions, a device that holds it also names functions itself, for `go tool pprof`
                               (--embed: into the ELF itself, where firmware with `symbol_room!` has room for it and serves it)
  export CAPTURE --as FORMAT [--elf ELF] [--out FILE]
                               write a capture as other tools read it, with names from the ELF, to FILE or standard output
                               (FORMAT: collapsed, speedscope, records, leaks, dhat, pprof, firefox, heaptrack, perfetto)
  compare BEFORE AFTER [--elf ELF [--elf ELF]] [--fail-on grown=SIZE|new=SIZE|leaking|lost]…
                               write what changed from one capture to another as a text for an issue; of different builds, with the ELF
                               of both. Exits with 1 where a call site has grown, or a new one is, by more than SIZE (4KiB), or a new
                               leak is there, or a block is lost by two captures of a trace that were fetched with ?references=1, and
                               with 2 where they can't be compared
  report CAPTURE [--elf ELF]   write what a capture shows as one HTML file that loads nothing, to standard output
  keygen FILE                  make the key that updates are signed with: the private one in FILE, outside of any repository, the
                               public one, for the firmware, in FILE.pub
  sign IMAGE --key FILE [--chip CHIP] [--firmware NAME] [--version VERSION] [--build-id ID] [-o FILE]
                               write what POST /api/v1/ota takes, to IMAGE.signed; an image of an ESP32 says the rest itself, QEMU takes an ELF
  bench                        measure against the budgets
  size [libraries]             compare dashboard and firmware of every chip with their budgets
                               (libraries: what each library takes of the page's programs)
  package                      package the crates that are published, and build each from its package
  tools                        install Trunk and wasm-bindgen, and say how to use them yourself
  open URL                     wait until URL answers, then open it in the browser
  help                         this text
";

/// What the user asked for.
pub(crate) enum Command {
    Help,
    Demo(demo::Options),
    RunQemu {
        port: u16,
    },
    BuildDashboard,
    BuildEsp32 {
        chip: Chip,
    },
    Flash {
        chip: Chip,
        port: Option<String>,
    },
    Image {
        chip: Chip,
    },
    Open {
        url: String,
    },
    Tools,
    Check,
    Test(test::Options),
    TestMutants {
        files: Vec<String>,
    },
    Discover,
    Verdict,
    Symbolize {
        elf: PathBuf,
    },
    Symbols {
        elf: PathBuf,
        into: reports::Into,
        with_functions: bool,
    },
    Export(Export),
    /// The arguments of `compare`.
    Compare(Vec<OsString>),
    /// The arguments of `report`.
    Report(Vec<OsString>),
    /// `keygen` or `sign`, with its arguments.
    Sign(Vec<OsString>),
    Bench,
    Size,
    SizeLibraries,
    Package,
}

/// Reads the command line of this process.
///
/// # Errors
/// When it names no command, or one with options that it does not have.
pub(crate) fn parse() -> Result<Command> {
    parse_from(env::args_os().skip(1))
}

fn parse_from(arguments: impl Iterator<Item = OsString>) -> Result<Command> {
    let arguments: Vec<_> = arguments.collect();
    if arguments.iter().any(|arg| arg == "--help" || arg == "-h") {
        return Ok(Command::Help);
    }
    let mut parser = Parser::from_args(arguments);
    let name = match parser.next()? {
        Some(Arg::Value(name)) => name.string()?,
        None => return Ok(Command::Help),
        Some(option) => return Err(option.unexpected().into()),
    };
    let command = match name.as_str() {
        "demo" => return demo_options(parser).map(Command::Demo),
        "run" => return run_options(parser),
        "build" => return build_options(parser),
        "flash" => return flash_options(parser),
        "image" => {
            let chip = chip_option(parser)?;
            return Ok(Command::Image { chip });
        }
        "size" => return size_options(parser),
        "test" => return test_options(parser),
        "keygen" | "sign" => {
            let words = [OsString::from(&name)]
                .into_iter()
                .chain(parser.raw_args()?);
            return Ok(Command::Sign(words.collect()));
        }
        "symbols" => return symbols_options(parser),
        "compare" => return Ok(Command::Compare(parser.raw_args()?.collect())),
        "report" => return Ok(Command::Report(parser.raw_args()?.collect())),
        "export" => return export_options(parser).map(Command::Export),
        "open" => Command::Open {
            url: parser.value()?.string()?,
        },
        "help" => Command::Help,
        "tools" => Command::Tools,
        "check" => Command::Check,
        "discover" => Command::Discover,
        "verdict" => Command::Verdict,
        "symbolize" => match parser.value() {
            Ok(elf) => Command::Symbolize { elf: elf.into() },
            Err(_) => {
                bail!("symbolize takes the ELF file of the firmware that the addresses are of")
            }
        },
        "bench" => Command::Bench,
        "package" => Command::Package,
        _ => bail!("there is no command `{name}`; `cargo xtask help` lists them"),
    };
    match parser.next()? {
        None => Ok(command),
        Some(extra) => Err(extra.unexpected().into()),
    }
}

fn size_options(mut parser: Parser) -> Result<Command> {
    match parser.next()? {
        None => Ok(Command::Size),
        Some(Arg::Value(what)) if what == "libraries" => Ok(Command::SizeLibraries),
        Some(extra) => Err(extra.unexpected().into()),
    }
}

fn export_options(mut parser: Parser) -> Result<Export> {
    let mut export = Export::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(capture) if export.capture.as_os_str().is_empty() => {
                export.capture = capture.into();
            }
            Arg::Long("as") => export.format = parser.value()?.string()?,
            Arg::Long("elf") => export.elf = Some(parser.value()?.into()),
            Arg::Long("out") => export.out = Some(parser.value()?.into()),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if export.capture.as_os_str().is_empty() || export.format.is_empty() {
        bail!("export takes a capture and, after --as, the format that it is written in");
    }
    Ok(export)
}

fn symbols_options(mut parser: Parser) -> Result<Command> {
    let (mut elf, mut into, mut with_functions) = (None, reports::Into::Beside, false);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(file) if elf.is_none() => elf = Some(PathBuf::from(file)),
            Arg::Long("out") => into = reports::Into::File(parser.value()?.into()),
            Arg::Long("embed") => into = reports::Into::Elf,
            Arg::Long("functions") => with_functions = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    match elf {
        Some(elf) => Ok(Command::Symbols {
            elf,
            into,
            with_functions,
        }),
        None => bail!("symbols takes the ELF file of a firmware"),
    }
}

fn demo_options(mut parser: Parser) -> Result<demo::Options> {
    let mut options = demo::Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("port") => options.port = port(&mut parser)?,
            Arg::Long("no-open") => options.open = false,
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(options)
}

fn port(parser: &mut Parser) -> Result<u16> {
    let word = parser.value()?.string()?;
    match word.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => bail!("--port takes a number from 1 to 65535, not `{word}`"),
    }
}

fn run_options(mut parser: Parser) -> Result<Command> {
    let mut chosen = demo::Options::default().port;
    let board = parser.value()?.string()?;
    if board != "qemu" {
        bail!("`{board}` can't be run here; `qemu` can");
    }
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("port") => chosen = port(&mut parser)?,
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(Command::RunQemu { port: chosen })
}

fn build_options(mut parser: Parser) -> Result<Command> {
    match parser.value()?.string()?.as_str() {
        "dashboard" => match parser.next()? {
            None => Ok(Command::BuildDashboard),
            Some(extra) => Err(extra.unexpected().into()),
        },
        "esp32" => {
            let chip = chip_option(parser)?;
            Ok(Command::BuildEsp32 { chip })
        }
        other => bail!(
            "`{other}` can't be built by itself; `dashboard` and `esp32` can, and `cargo xtask run qemu` builds its own"
        ),
    }
}

fn chip_option(mut parser: Parser) -> Result<Chip> {
    let mut chip = Chip::Esp32C3;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("chip") => chip = Chip::parse(&parser.value()?.string()?)?,
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(chip)
}

fn flash_options(mut parser: Parser) -> Result<Command> {
    let mut chip = Chip::Esp32C3;
    let mut port = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("chip") => chip = Chip::parse(&parser.value()?.string()?)?,
            Arg::Long("port") => port = Some(parser.value()?.string()?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(Command::Flash { chip, port })
}

fn test_options(mut parser: Parser) -> Result<Command> {
    let mut words = Vec::new();
    let mut url = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(word) => words.push(word.string()?),
            Arg::Long("url") => url = Some(parser.value()?.string()?),
            _ => return Err(arg.unexpected().into()),
        }
    }
    match words.split_first() {
        Some((stage, files)) if stage == "mutants" && url.is_none() => {
            let files = files.to_vec();
            Ok(Command::TestMutants { files })
        }
        _ => test::Options::new(&words, url).map(Command::Test),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        parse_from(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn every_command_has_help() {
        for line in [
            "",
            "--help",
            "demo --help",
            "test -h",
            "flash --chip --help",
        ] {
            assert!(matches!(parse(line), Ok(Command::Help)), "{line}");
        }
    }

    #[test]
    fn demo_opens_the_browser_on_port_8080_unless_told_otherwise() {
        let Ok(Command::Demo(plain)) = parse("demo") else {
            panic!("`demo` is a command")
        };
        assert_eq!((plain.port, plain.open), (8080, true));
        let Ok(Command::Demo(told)) = parse("demo --port 9000 --no-open") else {
            panic!("`demo` has these options")
        };
        assert_eq!((told.port, told.open), (9000, false));
    }

    #[test]
    fn a_port_that_nobody_could_open_is_refused_in_one_sentence() {
        for (line, wrong) in [
            ("demo --port 0", "0"),
            ("demo --port 99999", "99999"),
            ("demo --port -1", "-1"),
            ("run qemu --port high", "high"),
        ] {
            let error = parse(line).err().expect("the port is wrong");
            let sentence = format!("--port takes a number from 1 to 65535, not `{wrong}`");
            assert_eq!(format!("{error:#}"), sentence);
        }
    }

    #[test]
    fn unknown_words_are_refused() {
        for line in [
            "serve",
            "check --fast",
            "demo now",
            "test nothing",
            "demo --port high",
            "run",
            "run esp32",
            "run qemu --fast",
            "build",
            "build qemu",
            "build dashboard --chip esp32c3",
            "build esp32 --chip esp32s3",
            "image --port /dev/ttyACM0",
            "flash esp32",
            "symbolize",
            "symbolize a.elf b.elf",
            "export",
            "export a.hbc",
            "export --as pprof",
            "export a.hbc b.hbc --as pprof",
        ] {
            assert!(parse(line).is_err(), "`{line}` was accepted");
        }
    }

    #[test]
    fn an_export_names_capture_and_format_in_any_order() {
        let Ok(Command::Export(export)) = parse("export --as pprof a.hbc --out a.pb") else {
            panic!("`export` is a command")
        };
        let expected = Export {
            capture: "a.hbc".into(),
            format: "pprof".into(),
            elf: None,
            out: Some("a.pb".into()),
        };
        assert_eq!(export, expected);
    }

    #[test]
    fn symbols_are_of_an_elf() {
        let file = reports::Into::File("app.sym".into());
        for (line, expected) in [
            ("symbols app.elf", (reports::Into::Beside, false)),
            ("symbols app.elf --out app.sym", (file, false)),
            ("symbols --embed app.elf", (reports::Into::Elf, false)),
            ("symbols app.elf --functions", (reports::Into::Beside, true)),
        ] {
            let Ok(Command::Symbols {
                elf,
                into,
                with_functions,
            }) = parse(line)
            else {
                panic!("`symbols` is a command")
            };
            assert_eq!(elf, PathBuf::from("app.elf"));
            assert_eq!((into, with_functions), expected);
        }
        assert!(parse("symbols --out app.sym").is_err());
    }

    #[test]
    fn what_is_compared_is_handed_on_as_it_is() {
        let Ok(Command::Compare(words)) = parse("compare a.hbc b.hbc --fail-on leaking") else {
            panic!("`compare` is a command")
        };
        assert_eq!(words, ["a.hbc", "b.hbc", "--fail-on", "leaking"]);
    }

    #[test]
    fn what_is_signed_is_handed_on_as_it_is() {
        let Ok(Command::Sign(words)) = parse("sign a.bin --key k -o b") else {
            panic!("`sign` is a command")
        };
        assert_eq!(words, ["sign", "a.bin", "--key", "k", "-o", "b"]);
    }

    #[test]
    fn firmware_is_for_the_c3_unless_told_otherwise() {
        let Ok(Command::Flash { chip, port }) = parse("flash") else {
            panic!("`flash` is a command")
        };
        assert_eq!((chip, port), (Chip::Esp32C3, None));
        let Ok(Command::Flash { chip, port }) = parse("flash --chip esp32c6 --port /dev/ttyACM0")
        else {
            panic!("`flash` has these options")
        };
        assert_eq!(
            (chip, port.as_deref()),
            (Chip::Esp32C6, Some("/dev/ttyACM0"))
        );
        for line in ["build esp32 --chip esp32c6", "image --chip esp32c6"] {
            let Ok(Command::BuildEsp32 { chip } | Command::Image { chip }) = parse(line) else {
                panic!("`{line}` is a command")
            };
            assert_eq!(chip, Chip::Esp32C6);
        }
    }

    #[test]
    fn changes_are_tried_in_the_files_that_are_named() {
        let files = |line| match parse(line) {
            Ok(Command::TestMutants { files }) => files,
            _ => panic!("`{line}` is a command"),
        };
        assert_eq!(files("test mutants"), [""; 0]);
        assert_eq!(files("test mutants a.rs b.rs"), ["a.rs", "b.rs"]);
        assert!(parse("test mutants --url http://127.0.0.1:1").is_err());
    }

    #[test]
    fn only_the_api_suite_takes_a_url() {
        assert!(parse("test api --url http://127.0.0.1:1").is_ok());
        assert!(parse("test unit --url http://127.0.0.1:1").is_err());
        assert!(parse("test --url http://127.0.0.1:1").is_err());
    }
}
