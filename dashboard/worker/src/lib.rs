//! Names for addresses, found beside the page: a Web Worker reads an ELF and answers the page's questions.
//!
//! | module | what | needs |
//! |---|---|---|
//! | [`protocol`] | the questions, the answers, and their bytes | – |
//! | `lookup` | reads the ELF, and answers | `elf` |
//! | `export` | writes a capture as other tools read it | `elf` |
//! | `outlook` | tells when a heap is full | `elf` |
//!
//! A worker has one ELF for as long as it lives; another ELF gets another worker.

#![forbid(unsafe_code)]

#[cfg(feature = "elf")]
pub mod export;
#[cfg(feature = "elf")]
pub mod lookup;
#[cfg(feature = "elf")]
pub mod outlook;
pub mod protocol;
