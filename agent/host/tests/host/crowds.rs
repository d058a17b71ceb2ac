//! Whatever a crowd does, an honest client is soon answered.

use std::time::Duration;

use crate::support::crowd::{Crowd, Kind, wait};
use crate::support::crowd_tests::crowd_tests;
use crate::support::far::far;
use crate::support::process::Process;

crowd_tests! {
    within: Duration::from_secs(2),
    agent: || Process::start(&["--start", "leaks"])
}
