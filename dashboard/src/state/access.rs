//! What a device lets this page do.

/// How the device takes the requests of this page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// It answers them, as far as is known.
    #[default]
    Granted,
    /// It wants a token, and has not got one.
    Wanted,
    /// It is being asked with a token that somebody gave.
    Tried,
    /// It refused the token that somebody gave.
    Refused,
}

impl Access {
    /// Returns what follows from an answer that said no more than that there is no access.
    pub(super) fn denied(self) -> Self {
        match self {
            Self::Granted | Self::Wanted => Self::Wanted,
            Self::Tried | Self::Refused => Self::Refused,
        }
    }

    /// Returns whether somebody is to give a token.
    pub fn needs_token(self) -> bool {
        matches!(self, Self::Wanted | Self::Refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_given_and_not_taken_is_refused() {
        let access = Access::default().denied();
        assert_eq!(access, Access::Wanted);
        assert_eq!(access.denied(), Access::Wanted);
        assert_eq!(Access::Tried.denied(), Access::Refused);
        assert_eq!(Access::Refused.denied(), Access::Refused);
        assert!(access.needs_token() && Access::Refused.needs_token());
        assert!(!Access::Tried.needs_token());
    }
}
