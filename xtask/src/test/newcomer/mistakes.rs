//! What is easily done wrong, and what the build says then.

use anyhow::{Result, ensure};

use super::ESP_GENERATE;
use super::project::Project;
use crate::esp32::Chip;
use crate::packages::Packages;
use crate::workspace::Workspace;

/// A passage of a file, and what stands there instead.
#[derive(Clone, Copy)]
struct Change {
    file: &'static str,
    passage: &'static str,
    by: &'static str,
}

/// A change after which a build has to say something.
pub(super) struct Mistake {
    pub(super) name: &'static str,
    change: Change,
    /// What finds it: the compiler alone, or the linker.
    command: &'static str,
    /// Whether it is an error.
    is_fatal: bool,
    says: &'static str,
}

const SOURCE: &str = "src/main.rs";

pub(super) const MISTAKES: [Mistake; 6] = [
    Mistake {
        name: "no build id",
        change: Change {
            file: "build.rs",
            passage: "println!(\"cargo:rustc-link-arg=--build-id=sha1\");",
            by: "",
        },
        command: "build",
        is_fatal: true,
        says: "cargo:rustc-link-arg=--build-id=sha1",
    },
    Mistake {
        name: "no frame pointers",
        change: Change {
            file: ".cargo/config.toml",
            passage: "\"-C\", \"force-frame-pointers\",",
            by: "",
        },
        command: "check",
        is_fatal: false,
        says: "built without frame pointers, so all call stacks will be empty: add \"-C\", \"force-frame-pointers\"",
    },
    Mistake {
        name: "a record buffer that is too small",
        change: Change {
            file: SOURCE,
            passage: "RecordBuffer<4096>",
            by: "RecordBuffer<64>",
        },
        command: "check",
        is_fatal: true,
        says: "HeapBeacon's record buffer is too small to be of use",
    },
    Mistake {
        name: "no sockets for the agent",
        change: Change {
            file: SOURCE,
            passage: "{ 3 + SOCKETS }",
            by: "3",
        },
        command: "build",
        is_fatal: true,
        says: "the network has too few sockets for HeapBeacon",
    },
    Mistake {
        name: "a network of embassy's own making",
        change: Change {
            file: SOURCE,
            passage: "heapbeacon_esp32::network(",
            by: "embassy_net::new(",
        },
        command: "check",
        is_fatal: true,
        says: "expected `Network`, found `Stack<'_>`",
    },
    Mistake {
        name: "no chip",
        change: Change {
            file: "Cargo.toml",
            passage: ", \"heapbeacon-esp32/esp32c3\"",
            by: "",
        },
        command: "check",
        is_fatal: true,
        says: "heapbeacon-esp32 does not know which chip it is for",
    },
];

impl Mistake {
    /// Makes the mistake in a project, and looks whether the build says so.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn is_told(&self, workspace: &Workspace, packages: &Packages) -> Result<()> {
        let project = Project::new(workspace, packages, Chip::Esp32C3, &ESP_GENERATE)?;
        let Change { file, passage, by } = self.change;
        project.edit(file, passage, by)?;
        let (is_built, said) = project.cargo(&[self.command])?;
        ensure!(
            is_built != self.is_fatal && said.contains(self.says),
            "{}: the build does not say \"{}\":\n{said}",
            self.name,
            self.says
        );
        Ok(())
    }
}
