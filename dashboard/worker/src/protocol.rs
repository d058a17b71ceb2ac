//! What the page asks of the worker, and what it answers.
//!
//! The worker says `null` once it has started. From then on each message of the page is an array of two, the bytes of a
//! question, made by [`encode`], and the ELF or nothing; its answer is the bytes alone. A worker that can't go on says so in
//! a sentence instead.

use core::fmt;

use heapbeacon_shared::frames::Frame;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A question or an answer, with a number that both have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbered<T> {
    /// The number that the page gave the question.
    pub id: u32,
    /// The question or the answer.
    pub body: T,
}

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Reads the ELF that comes with the message.
    Open {
        /// Build id of the traced firmware in hexadecimal; empty if it has none, which takes any ELF.
        build_id: String,
    },
    /// Finds names.
    Names(Wanted),
    /// Writes the names of the ELF as a symbol file.
    Pack,
}

/// Addresses that have no names yet, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Return addresses.
    pub addresses: Vec<u64>,
    /// Where tasks are stored.
    pub tasks: Vec<u64>,
    /// Addresses of variables, or inside of them.
    pub statics: Vec<u64>,
}

impl Wanted {
    /// Returns whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.tasks.is_empty() && self.statics.is_empty()
    }
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// What the ELF tells, or why it is not used.
    Opened(Result<Opened, ElfProblem>),
    /// The names that were wanted.
    Names(Found),
    /// The symbol file; none without an ELF.
    Packed(Vec<u8>),
}

/// What an ELF tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its build id in hexadecimal; empty if it has none.
    pub build_id: String,
    /// Whether it has source lines.
    pub has_lines: bool,
    /// What it should tell and does not, in sentences.
    pub missing: Vec<String>,
}

/// Names of what was wanted, in the same order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Functions at each return address, innermost first: at least one.
    pub frames: Vec<Vec<Frame>>,
    /// Name of each task; `None` where none is stored.
    pub tasks: Vec<Option<String>>,
    /// The full path of each static, and how many bytes behind its start the address lies; `None` where there is none.
    pub statics: Vec<Option<(String, u64)>>,
}

/// Why an ELF gives no names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElfProblem {
    /// The file could not be read.
    Unreadable,
    /// The file is no ELF that names can be read from, for a reason that is told without a full stop.
    NotUsable(String),
    /// The file belongs to another build.
    OtherBuild {
        /// Build id of the file.
        file: String,
        /// Build id of the traced firmware.
        traced: String,
    },
    /// The file has no build id, so nobody can tell whether it fits.
    NoBuildId {
        /// Build id of the traced firmware.
        traced: String,
    },
}

impl fmt::Display for ElfProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str(
                "The file can't be read; it may have been moved or rebuilt since. Choose it again.",
            ),
            Self::NotUsable(reason) => write!(f, "No names in there: {reason}."),
            Self::OtherBuild { file, traced } => write!(
                f,
                "This ELF is of another build: its build id is {file}, that of the traced firmware \
                 is {traced}. Choose the ELF that was flashed."
            ),
            Self::NoBuildId { traced } => write!(
                f,
                "This ELF has no build id, and that of the traced firmware is {traced}. Choose the \
                 ELF that was flashed, and link it with `--build-id`."
            ),
        }
    }
}

impl core::error::Error for ElfProblem {}

/// Writes a message.
pub fn encode<T: Serialize>(message: &Numbered<T>) -> Vec<u8> {
    // Writing plain structures into memory does not fail.
    postcard::to_allocvec(message).unwrap_or_default()
}

/// Reads a message; `None` if the other side is of another version.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<Numbered<T>> {
    let (message, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(result: Result<Opened, ElfProblem>) -> Numbered<Answer> {
        Numbered {
            id: 7,
            body: Answer::Opened(result),
        }
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let frame = Frame {
            address: 0x4200_0010,
            function: Some("app::main".to_owned()),
            line: Some(7),
            ..Frame::default()
        };
        let found = Found {
            frames: vec![vec![frame], vec![Frame::default()]],
            tasks: vec![None, Some("net[1]".to_owned())],
            statics: vec![Some(("app::NET".to_owned(), 16)), None],
        };
        let refusal = ElfProblem::NoBuildId {
            traced: "aa11".to_owned(),
        };
        let names = Numbered {
            id: u32::MAX,
            body: Answer::Names(found),
        };
        for answer in [names, opened(Ok(Opened::default())), opened(Err(refusal))] {
            assert_eq!(decode(&encode(&answer)), Some(answer));
        }
    }

    #[test]
    fn bytes_of_another_version_are_no_message() {
        let bytes = encode(&opened(Ok(Opened::default())));
        for other in [&[][..], &[7], &[7, 9], &bytes[..bytes.len() - 1]] {
            assert_eq!(decode::<Answer>(other), None, "{other:?}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(decode::<Answer>(&longer), None);
    }

    #[test]
    fn a_refusal_names_both_build_ids() {
        let problem = ElfProblem::OtherBuild {
            file: "aa11".to_owned(),
            traced: "bb22".to_owned(),
        };
        let text = problem.to_string();
        assert!(text.contains("aa11") && text.contains("bb22"), "{text}");
    }
}
