//! Where things are: the repository, the tool folder, and a shell that looks there first.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::Shell;

/// The repository, and a shell that stands at its top.
pub(crate) struct Workspace {
    pub(crate) shell: Shell,
    root: PathBuf,
    cache: PathBuf,
}

impl Workspace {
    /// Opens the repository in which `cargo xtask` was called.
    ///
    /// Child processes find the tool folder's programs before the user's own.
    ///
    /// # Errors
    /// When the program was not started by Cargo, or neither `HEAPBEACON_CACHE`, `XDG_CACHE_HOME` nor `HOME` says where the tool folder goes.
    pub(crate) fn open() -> Result<Self> {
        // Not the one that was compiled in: two clones may share a target folder, and with it this program.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").context("start it as `cargo xtask`")?;
        let root = Path::new(&manifest)
            .parent()
            .context("xtask is not inside a workspace")?
            .to_owned();
        let cache = cache_folder()?;
        let shell = Shell::new()?;
        shell.change_dir(&root);
        let workspace = Self { shell, root, cache };
        workspace.prefer_own_tools()?;
        Ok(workspace)
    }

    /// Returns the absolute path of something in the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns the folder that `cargo install --root` fills; its programs are in `bin`, beside others that are nobody's to install.
    pub(crate) fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// Returns the folder of a Python tool's environment.
    pub(crate) fn python(&self, tool: &str) -> PathBuf {
        self.cache.join("python").join(tool)
    }

    /// Returns the folder of a package from npm.
    pub(crate) fn node(&self, package: &str) -> PathBuf {
        self.cache.join("node").join(package)
    }

    fn prefer_own_tools(&self) -> Result<()> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let folders = [self.tools().join("bin")]
            .into_iter()
            .chain(env::split_paths(&inherited));
        self.shell.set_var("PATH", env::join_paths(folders)?);
        Ok(())
    }
}

/// Outside the repository, so that a fresh clone starts with what an earlier one has built.
fn cache_folder() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("HEAPBEACON_CACHE") {
        return std::path::absolute(chosen).context("HEAPBEACON_CACHE is not a path");
    }
    let base = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")))
        .context("set HEAPBEACON_CACHE to a folder for the build tools: there is no HOME")?;
    Ok(base.join("heapbeacon"))
}
