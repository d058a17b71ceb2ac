//! Where the names of functions come from.

/// Who gave the ELF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The device offers its own.
    Device,
    /// Somebody chose a file of this name.
    File(String),
    /// The server that somebody named.
    Server,
}

/// Where the names of functions come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SymbolState {
    /// Who gave the ELF that is in use.
    pub source: Option<Source>,
    /// Its build id; empty if it has none.
    pub build_id: String,
    /// Whether it has source lines.
    pub has_lines: bool,
    /// What it should tell and does not, in sentences.
    pub missing: Vec<String>,
    /// Whether one is being read.
    pub loading: bool,
    /// Why the last one was refused.
    pub problem: Option<String>,
    /// Whether nobody should look for an ELF: there is none, or nobody wants one.
    pub settled: bool,
}

impl SymbolState {
    /// Returns where the names come from, without the refusal of another ELF.
    pub fn without_refusal(self) -> Self {
        Self {
            loading: false,
            problem: None,
            ..self
        }
    }
}
