//! Symbols of programs that are compiled by the tests.
#![cfg(feature = "symbols")]

mod compressed;
mod damage;
mod demangled;
mod edit;
mod fixture;
mod fold;
mod folded;
mod functions;
mod lookup;
mod names;
mod numbering;
mod odd;
mod packed;
mod sections;
mod split;
mod tasks;
