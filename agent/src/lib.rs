//! The agent.
#![no_std]
