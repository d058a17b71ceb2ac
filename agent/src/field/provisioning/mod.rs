//! How a device without a network gets one: an access point of its own, with a page that asks for it.
//!
//! ```text
//! run ──► Plan                 what to do next: pure, of what has happened and of the time
//!  ├────► Radio (board)        opens the access point, listens for networks, joins one
//!  └────► Portal ◄── http      what guests are shown, and what they ask for: `http::serve_guest`
//! dhcp, dns                    what guests' systems need to find that page, over sockets of edge-nal
//! ```
//!
//! Who comes by the access point sees nothing but that page, without a token: which networks there are, and a form that sets the one to
//! join. Where the settings have a network already, and nobody holds the button, the form wants the token for everything: else whoever
//! jams the device's network could give it another one.

pub mod dhcp;
pub mod dns;
mod plan;
mod portal;
mod radio;
mod run;

pub use plan::{Choice, Plan, Step};
pub use portal::{Portal, Stage};
pub use radio::{Failure, Heard, MOST_HEARD, Network, Radio};
pub use run::run;
