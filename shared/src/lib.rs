//! What the agent and the dashboard both know.
#![no_std]
