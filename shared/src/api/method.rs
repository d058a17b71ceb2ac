//! The methods that routes answer.

use core::fmt;

/// A method that some route answers; `HEAD` and `OPTIONS` are derived from these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads; never changes the trace.
    Get,
    /// Changes the trace or the device.
    Post,
    /// Sets what the device keeps.
    Put,
    /// Deletes what the device keeps.
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        })
    }
}

/// The methods that a path answers, of one row of the table for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Methods {
    get: bool,
    post: bool,
    put: bool,
    delete: bool,
}

impl Methods {
    /// Those of a file.
    pub const READ: Self = Self {
        get: true,
        post: false,
        put: false,
        delete: false,
    };

    /// Collects those that something answers.
    pub(super) fn of(answers: impl Fn(Method) -> bool) -> Self {
        Self {
            get: answers(Method::Get),
            post: answers(Method::Post),
            put: answers(Method::Put),
            delete: answers(Method::Delete),
        }
    }

    /// Returns whether a method is among them.
    pub const fn has(self, method: Method) -> bool {
        match method {
            Method::Get => self.get,
            Method::Post => self.post,
            Method::Put => self.put,
            Method::Delete => self.delete,
        }
    }

    /// Returns the value of `Allow`, with the methods that are derived from these.
    pub const fn allow(self) -> &'static str {
        match (self.get, self.post, self.put, self.delete) {
            (true, true, _, true) => "GET, HEAD, POST, DELETE, OPTIONS",
            (true, true, ..) => "GET, HEAD, POST, OPTIONS",
            (true, _, true, _) => "GET, HEAD, PUT, OPTIONS",
            (true, _, _, true) => "GET, HEAD, DELETE, OPTIONS",
            (true, ..) => "GET, HEAD, OPTIONS",
            (_, true, ..) => "POST, OPTIONS",
            (_, _, true, _) => "PUT, OPTIONS",
            (_, _, _, true) => "DELETE, OPTIONS",
            _ => "OPTIONS",
        }
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.get, self.post, self.put, self.delete) {
            (true, true, _, true) => "GET, POST and DELETE",
            (true, true, ..) => "GET and POST",
            (true, _, true, _) => "GET and PUT",
            (true, _, _, true) => "GET and DELETE",
            (true, ..) => "GET",
            (_, true, ..) => "POST",
            (_, _, true, _) => "PUT",
            (_, _, _, true) => "DELETE",
            _ => "OPTIONS",
        })
    }
}
