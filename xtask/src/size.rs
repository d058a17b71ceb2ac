//! What the firmware of each chip takes, against its budgets.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::esp32::{self, Chip};
use crate::workspace::Workspace;
use crate::{dashboard, firmware};

/// The budgets, in bytes.
const BUDGETS: &str = "agent/firmware/esp32/budgets.toml";

/// Bytes by what is weighed, by the name of the chip.
type Budgets = HashMap<String, HashMap<String, u64>>;

/// What is weighed: its name in the budgets, and in words.
const WEIGHED: [(&str, &str); 5] = [
    ("flash", "firmware in flash, dashboard included"),
    ("ram", "statics in RAM, heap and record buffer included"),
    ("stack", "left to the main stack, at least"),
    (
        "agent_flash",
        "of that the agent in flash, without dashboard",
    ),
    ("agent_ram", "and in RAM, without record buffer"),
];

/// The features that a board without the dashboard has.
const ALL_FEATURES: &str =
    "http,mdns,postmortem,provisioning,settings,symbols,task-names,tracing,update";

/// What else of the features is weighed, for the chip that has least room.
const FEATURES: [&str; 11] = [
    "functions,http,mdns,postmortem,provisioning,settings,symbols,task-names,tracing,update",
    "heapbeacon",
    "tracing",
    "task-names,tracing",
    "http,task-names,tracing",
    "http,mdns,task-names,tracing",
    "http,settings,task-names,tracing",
    "http,provisioning,settings,task-names,tracing",
    "http,task-names,tracing,update",
    "http,tracing",
    "http,task-names",
];

/// Bytes of RAM that tracing alone may take beside the record buffer: no network, no names of tasks.
const TRACING_RAM: u64 = 24 * 1024;

/// Weighs the dashboard and the firmware of every chip, and prints what HeapBeacon takes with some of its features.
///
/// # Errors
/// When something does not build, or a budget is passed.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let result = check(workspace);
    print_features(workspace, Chip::Esp32C3)?;
    result
}

/// Weighs the dashboard, the firmware of every chip, and tracing alone.
///
/// # Errors
/// When something does not build, or a budget is passed.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    dashboard::size(workspace)?;
    let budgets = fs::read_to_string(workspace.path(BUDGETS))
        .with_context(|| format!("can't read {BUDGETS}"))?;
    let budgets =
        basic_toml::from_str(&budgets).with_context(|| format!("{BUDGETS} has no budgets"))?;
    let mut passed = 0;
    for chip in Chip::TESTED {
        passed += compare(&weigh(workspace, chip)?, &budgets, chip)?;
    }
    let Weight { ram, .. } = weigh_agent(workspace, Chip::Esp32C3, "tracing")?;
    let is_passed = ram > TRACING_RAM;
    let words = "tracing alone in RAM, without record buffer";
    println!("{}", line(ram, TRACING_RAM, words, is_passed));
    passed += usize::from(is_passed);
    if passed > 0 {
        bail!(
            "budgets that are passed: {passed}, marked above; raise them in {BUDGETS} where what was added is worth it, and say why there"
        );
    }
    Ok(())
}

/// Returns what is [`WEIGHED`], in bytes.
fn weigh(workspace: &Workspace, chip: Chip) -> Result<[u64; 5]> {
    let whole = Weight::of(workspace, &esp32::build(workspace, chip)?)?;
    let agent = weigh_agent(workspace, chip, ALL_FEATURES)?;
    Ok([whole.flash, whole.ram, whole.stack, agent.flash, agent.ram])
}

/// Prints what HeapBeacon takes with each of some sets of features.
fn print_features(workspace: &Workspace, chip: Chip) -> Result<()> {
    println!(
        "HeapBeacon on {} with some features, bytes in flash and, without record buffer, in RAM:",
        chip.name()
    );
    for features in [&[ALL_FEATURES], &FEATURES[..]].concat() {
        let Weight { flash, ram, .. } = weigh_agent(workspace, chip, features)?;
        println!("{flash:>9}  {ram:>9}  {features}");
    }
    Ok(())
}

/// Weighs what some features of HeapBeacon add to a firmware that does nothing.
fn weigh_agent(workspace: &Workspace, chip: Chip, features: &'static str) -> Result<Weight> {
    let bare = weigh_bare(workspace, chip, "")?;
    Ok(weigh_bare(workspace, chip, features)?.beyond(&bare))
}

/// Weighs the firmware that does nothing, with what features of its own add of HeapBeacon.
fn weigh_bare(workspace: &Workspace, chip: Chip, features: &'static str) -> Result<Weight> {
    Weight::of(workspace, &firmware::build(workspace, chip.bare(features))?)
}

/// Returns the line of what is taken and may be, which says so where that is too much.
fn line(taken: u64, budget: u64, words: &str, is_passed: bool) -> String {
    let mark = if is_passed { "  <-- BUDGET PASSED" } else { "" };
    format!("{taken:>9}  of {budget:>9}  {words}{mark}")
}

/// Prints what a chip's firmware takes and returns how many budgets that passes.
fn compare(weighed: &[u64; 5], budgets: &Budgets, chip: Chip) -> Result<usize> {
    println!("{}, bytes:", chip.name());
    let mut passed = 0;
    for ((name, words), taken) in WEIGHED.iter().zip(weighed) {
        let budget = *budgets
            .get(chip.name())
            .and_then(|budgets| budgets.get(*name))
            .with_context(|| format!("{BUDGETS} has no number `{name}` for {}", chip.name()))?;
        // All but the stack are to be small.
        let is_passed = match *name {
            "stack" => *taken < budget,
            _ => *taken > budget,
        };
        println!("{}", line(*taken, budget, words, is_passed));
        passed += usize::from(is_passed);
    }
    Ok(passed)
}

/// What one firmware takes, as the image tool prints it.
#[derive(Debug, Default, PartialEq)]
struct Weight {
    flash: u64,
    ram: u64,
    stack: u64,
    records: u64,
}

impl Weight {
    fn of(workspace: &Workspace, elf: &Path) -> Result<Self> {
        let printed = esp32::image_tool(workspace).arg("weigh").arg(elf).read()?;
        Self::parse(&printed)
            .with_context(|| format!("{} was not weighed: {printed}", elf.display()))
    }

    /// Returns what this one takes more than another, without its record buffer.
    fn beyond(&self, other: &Self) -> Self {
        Self {
            flash: self.flash.saturating_sub(other.flash),
            ram: (self.ram - self.records).saturating_sub(other.ram),
            stack: other.stack.saturating_sub(self.stack),
            records: 0,
        }
    }

    fn parse(printed: &str) -> Option<Self> {
        let number = |name: &str| {
            let mut lines = printed.lines().filter_map(|line| line.split_once(' '));
            lines.find(|(key, _)| *key == name)?.1.parse().ok()
        };
        Some(Self {
            flash: number("flash")?,
            ram: number("ram")?,
            stack: number("stack")?,
            records: number("records")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_CHIPS: &str = "# bytes\n[esp32c3]\nflash = 1_000\nram = 2_000\nstack = 500\nagent_flash = 10\nagent_ram = 20\n\n[esp32c6]\nflash = 7\n";

    fn two_chips() -> Budgets {
        basic_toml::from_str(TWO_CHIPS).expect("it is TOML")
    }

    #[test]
    fn passed_budgets_are_counted_and_the_stack_must_not_be_less() {
        let budgets = two_chips();
        let compare = |weighed| compare(&weighed, &budgets, Chip::Esp32C3).expect("all are there");
        assert_eq!(compare([1000, 2000, 500, 10, 20]), 0);
        assert_eq!(compare([1001, 2000, 499, 10, 21]), 3);
    }

    #[test]
    fn a_chip_that_lacks_a_budget_is_an_error() {
        assert!(compare(&[0; 5], &two_chips(), Chip::Esp32C6).is_err());
    }

    #[test]
    fn a_weight_is_read_from_what_the_tool_prints() {
        let printed = "flash 4\nram 3\nstack 2\nrecords 1\n";
        let weight = Weight::parse(printed).expect("all are there");
        assert_eq!(
            weight,
            Weight {
                flash: 4,
                ram: 3,
                stack: 2,
                records: 1
            }
        );
        assert_eq!(Weight::parse("flash 4\n"), None);
    }
}
