//! Every command that a person or CI runs. `cargo xtask help` lists them.

#![forbid(unsafe_code)]

mod agent;
mod background;
mod bench;
mod check;
mod cli;
mod dashboard;
mod demo;
mod deny;
mod esp32;
mod firmware;
mod imports;
mod packages;
mod prometheus;
mod qemu;
mod reports;
mod sign;
mod size;
mod system;
mod test;
mod toolchain;
mod tools;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

use cli::Command;
use workspace::Workspace;

fn main() -> ExitCode {
    match cli::parse().and_then(run) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    let workspace = Workspace::open()?;
    match command {
        Command::Help => {
            print!("{}", cli::HELP);
            Ok(())
        }
        Command::Discover => return reports::run(&workspace, "discover", &[]),
        Command::Verdict => return reports::run(&workspace, "verdict", &[]),
        Command::Symbolize { elf } => return reports::run(&workspace, "symbolize", &[elf.into()]),
        Command::Compare(words) => return reports::run(&workspace, "compare", &words),
        Command::Report(words) => return reports::run(&workspace, "report", &words),
        Command::Demo(options) => demo::run(&workspace, &options),
        Command::Open { url } => demo::open_when_ready(&url),
        Command::RunQemu { port } => qemu::run(&workspace, port),
        Command::Tools => tools::run(&workspace),
        Command::Check => check::run(&workspace),
        Command::Test(options) => test::run(&workspace, &options),
        Command::TestMutants { files } => test::mutants::run(&workspace, &files),
        Command::Symbols {
            elf,
            into,
            with_functions,
        } => reports::symbols(&workspace, &elf, &into, with_functions),
        Command::Export(export) => reports::export(&workspace, &export),
        Command::Sign(words) => sign::run(&workspace, &words),
        Command::Bench => bench::run(&workspace),
        Command::Size => size::run(&workspace),
        Command::SizeLibraries => dashboard::libraries::print(&workspace),
        Command::Package => packages::print(&workspace),
        Command::BuildDashboard => dashboard::print_build(&workspace),
        Command::BuildEsp32 { chip } => esp32::print_build(&workspace, chip),
        Command::Image { chip } => esp32::print_image(&workspace, chip),
        Command::Flash { chip, port } => esp32::flash(&workspace, chip, port.as_deref()),
    }
    .map(|()| ExitCode::SUCCESS)
}
