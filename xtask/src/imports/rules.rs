//! Who may name what, module by module.

/// A module and what its source must not name.
pub(super) struct Rule {
    /// The module's folder, from the top of the repository.
    pub(super) scope: &'static str,
    never: &'static [&'static str],
    /// Exceptions: what lies below one of these may be named.
    except: &'static [&'static str],
    pub(super) because: &'static str,
}

/// What the parts that a page is made of must not name.
const VIEWS_AND_STORE: &[&str] = &[
    "crate::device",
    "crate::pages",
    "crate::shell",
    "crate::store",
];

pub(super) const RULES: [Rule; 12] = [
    Rule {
        scope: "agent/src/tracer",
        never: &["heapbeacon_shared"],
        except: &["heapbeacon_shared::trace"],
        because: "the tracer knows the vocabulary of a trace, and nothing of who reads it",
    },
    Rule {
        scope: "agent/src/tracer",
        never: &["alloc", "std"],
        except: &[],
        because: "the tracer runs inside the allocator, so it must not allocate",
    },
    Rule {
        scope: "agent/src/tracer",
        never: &[
            "format!",
            "format_args!",
            "write!",
            "writeln!",
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "dbg!",
            "log",
            "defmt",
        ],
        except: &[],
        because: "the tracer runs inside the allocator and interrupts, so it must not format or log",
    },
    Rule {
        scope: "shared/src/analysis",
        never: &["crate"],
        except: &["crate::analysis", "crate::trace"],
        because: "the analysis folds over values: no bytes, no symbols, no files of other tools",
    },
    Rule {
        scope: "shared/src/trace",
        never: &["crate"],
        except: &["crate::trace"],
        because: "the vocabulary stands below everything else",
    },
    Rule {
        scope: "shared/src/capture",
        never: &["crate::symbols"],
        except: &[],
        because: "a capture has addresses: who reads it may have no ELF to name them",
    },
    Rule {
        scope: "shared/src/symbols",
        never: &["crate"],
        except: &["crate::frames", "crate::symbol_file", "crate::symbols"],
        because: "symbols know nothing but the bytes of an ELF file or of a symbol file",
    },
    Rule {
        scope: "shared/src/frames",
        never: &["crate"],
        except: &["crate::frames"],
        because: "frames are named by whoever reads symbols, and folded by what their names say",
    },
    Rule {
        scope: "shared/src",
        never: &[
            "std::fs",
            "std::net",
            "std::path",
            "std::process",
            "std::thread",
            "std::time",
        ],
        except: &[],
        because: "shared code has no files, no threads and no clock: it also runs in a browser and on a device",
    },
    Rule {
        scope: "dashboard/src/components",
        never: VIEWS_AND_STORE,
        except: &[],
        because: "components show what they are given, and don't know where it comes from",
    },
    Rule {
        scope: "dashboard/src/charts",
        never: VIEWS_AND_STORE,
        except: &[],
        because: "charts draw what they are given, and don't know where it comes from",
    },
    Rule {
        scope: "dashboard/src/model",
        never: &[
            "crate::device",
            "crate::pages",
            "crate::shell",
            "crate::store",
            "js_sys",
            "leptos",
            "web_sys",
        ],
        except: &[],
        because: "the model is worked out from values: it knows neither the browser nor a signal",
    },
];

impl Rule {
    /// Returns whether this rule forbids to name `path`.
    pub(super) fn forbids(&self, path: &str) -> bool {
        let below = |list: &[&str]| list.iter().any(|outer| is_below(path, outer));
        below(self.never) && !below(self.except)
    }
}

/// Returns whether `path` is `outer` or something inside it.
fn is_below(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_forbids_a_module_and_what_is_inside_but_not_a_longer_name() {
        assert!(RULES[0].forbids("heapbeacon_shared"));
        assert!(RULES[0].forbids("heapbeacon_shared::wire::Decoder"));
        assert!(!RULES[0].forbids("heapbeacon_shared_too"));
    }

    #[test]
    fn an_exception_opens_only_what_is_below_it() {
        let symbols = RULES
            .iter()
            .find(|rule| rule.scope.ends_with("symbols"))
            .expect("has a rule");
        assert!(symbols.forbids("crate::wire::Header"));
        assert!(!symbols.forbids("crate::symbols::Frame"));
    }
}
