//! The tokens that an agent knows: those of its settings, or the one of its firmware.

use heapbeacon_shared::api::Access;
use heapbeacon_shared::trace::{Secret, Secrets};
use subtle::ConstantTimeEq;

use crate::http::problem::Problem;

/// The tokens that an agent knows.
pub(crate) struct Keys {
    firmware: Option<&'static str>,
    control: Secret,
    read: Secret,
}

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// Nothing.
    Nothing,
    /// What only reads.
    Reading,
    /// Everything.
    All,
}

impl Keys {
    /// Returns the tokens of a firmware and of the settings, if the board keeps any: the firmware's holds until another one is set.
    pub(crate) fn new(firmware: Option<&'static str>, secrets: Option<Secrets>) -> Self {
        let secrets = secrets.unwrap_or_default();
        Self {
            firmware,
            control: secrets.control_token,
            read: secrets.read_token,
        }
    }

    /// Checks whether anybody may do anything.
    pub(crate) fn are_none(&self) -> bool {
        self.control().is_none()
    }

    /// Returns what a token opens, in a time that does not depend on how much of it is right.
    pub(crate) fn open(&self, sent: &[u8]) -> Opened {
        let Some(control) = self.control() else {
            return Opened::All;
        };
        let is_control = bool::from(sent.ct_eq(control.as_bytes()));
        let is_read = bool::from(sent.ct_eq(self.read.as_bytes())) && !self.read.is_empty();
        match (is_control, is_read) {
            (true, _) => Opened::All,
            (false, true) => Opened::Reading,
            (false, false) => Opened::Nothing,
        }
    }

    /// Checks that a token opens what is for those of `access`.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn check(&self, sent: &[u8], access: Access) -> Result<(), Problem> {
        match (self.open(sent), access) {
            (Opened::Nothing, _) if sent.is_empty() => Err(Problem::unauthorized()),
            (Opened::Nothing, _) => Err(Problem::wrong_token()),
            (Opened::Reading, Access::Control) => Err(Problem::forbidden(format_args!(
                "This token may only read: send the agent's other one, which may change something."
            ))),
            _ => Ok(()),
        }
    }

    fn control(&self) -> Option<&str> {
        match self.control.as_str() {
            "" => self.firmware,
            control => Some(control),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(firmware: Option<&'static str>, control: &str, read: &str) -> Keys {
        let secret = |text: &str| text.try_into().expect("it is short");
        let secrets = Secrets {
            control_token: secret(control),
            read_token: secret(read),
            ..Secrets::default()
        };
        Keys::new(firmware, Some(secrets))
    }

    #[test]
    fn without_a_token_everything_is_open() {
        assert_eq!(Keys::new(None, None).open(b""), Opened::All);
        assert!(keys(None, "", "").are_none());
    }

    #[test]
    fn a_token_that_was_set_holds_instead_of_the_firmwares() {
        let usual = keys(Some("sesame"), "", "");
        assert_eq!(usual.open(b"sesame"), Opened::All);
        assert_eq!(
            usual.open(b""),
            Opened::Nothing,
            "an absent token for reading opens nothing"
        );
        let set = keys(Some("sesame"), "hazelnut", "almonds!");
        let opened = [
            &b"hazelnut"[..],
            b"almonds!",
            b"sesame",
            b"hazelnu",
            b"hazelnut ",
        ];
        assert_eq!(
            opened.map(|sent| set.open(sent)),
            [
                Opened::All,
                Opened::Reading,
                Opened::Nothing,
                Opened::Nothing,
                Opened::Nothing
            ]
        );
    }

    #[test]
    fn who_may_read_may_not_change() {
        let keys = keys(Some("sesame"), "", "almonds!");
        let status = |access| {
            keys.check(b"almonds!", access)
                .map_err(|problem| problem.status().as_u16())
        };
        assert_eq!(status(Access::Read), Ok(()));
        assert_eq!(status(Access::Events), Ok(()));
        assert_eq!(status(Access::Control), Err(403));
    }
}
