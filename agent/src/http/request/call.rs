//! A call of the API: a request that was found to be right.

use heapbeacon_shared::api::Endpoint;

use crate::http::problem::Problem;
use crate::http::request::percent::Encoded;
use crate::http::request::query::Query;

/// A call of the API.
pub(crate) struct Call<'b> {
    pub(crate) endpoint: &'static Endpoint,
    /// What stands for `{}` in its path.
    pub(crate) parameter: Encoded<'b>,
    pub(crate) query: Query<'b>,
    /// Whether the client takes postcard rather than JSON.
    pub(crate) prefers_postcard: bool,
    /// How often the tokens had been changed when its own was checked.
    pub(crate) tokens_set: u32,
}

impl Call<'_> {
    /// Checks whether it asks for postcard.
    ///
    /// # Errors
    /// When it asks for a format that there is not.
    pub(crate) fn wants_postcard(&self) -> Result<bool, Problem> {
        match self.query.get("format") {
            Some(format) if format.is("postcard") => Ok(true),
            Some(format) if format.is("json") => Ok(false),
            Some(_) => Err(Problem::invalid(format_args!(
                "`format` is `json` or `postcard`."
            ))),
            None => Ok(self.prefers_postcard),
        }
    }
}
