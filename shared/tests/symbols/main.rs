//! Symbols of programs that are compiled by the tests.
#![cfg(feature = "symbols")]

mod damage;
mod fixture;
mod fold;
mod lookup;
mod names;
mod sections;
