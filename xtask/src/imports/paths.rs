//! Finds the paths and macros that a source file names.

use std::iter::Peekable;
use std::path::Path;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Group, LexError, Spacing, TokenStream, TokenTree};

/// A path of two or more names, or a macro (`name!`), and the line where it is named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) line: usize,
    pub(super) path: String,
}

/// Returns what `source`, the text of the module `module`, names outside its tests.
///
/// `self` and `super` are resolved against `module`. Comments and strings name nothing.
///
/// # Errors
/// When the text is not made of Rust's tokens.
pub(super) fn mentions(source: &str, module: &[String]) -> Result<Vec<Mention>, LexError> {
    let mut finder = Finder {
        module,
        found: Vec::new(),
    };
    finder.walk(source.parse()?, &[]);
    Ok(finder.found)
}

/// Returns the module that a source file of a crate holds: `a/src/b/c.rs` is `crate::b::c`.
pub(super) fn module_of(file: &Path) -> Vec<String> {
    let inside = file.iter().skip_while(|part| *part != "src").skip(1);
    let names = inside.filter_map(|part| Path::new(part).file_stem()?.to_str());
    let below = names.filter(|name| !matches!(*name, "lib" | "main" | "mod"));
    ["crate"]
        .into_iter()
        .chain(below)
        .map(str::to_owned)
        .collect()
}

type Tokens = Peekable<IntoIter>;

struct Finder<'a> {
    module: &'a [String],
    found: Vec<Mention>,
}

impl Finder<'_> {
    /// Walks tokens that stand behind `prefix::`, as those between the braces of a `use` do.
    fn walk(&mut self, tokens: TokenStream, prefix: &[String]) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => skip_test_item(&mut tokens),
                // A method's name is no path's beginning.
                TokenTree::Punct(punct) if punct.as_char() == '.' => drop(next_ident(&mut tokens)),
                TokenTree::Ident(ident) if ident == "as" && !prefix.is_empty() => {
                    drop(next_ident(&mut tokens))
                }
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    let path = [prefix, &[ident.to_string()]].concat();
                    self.follow(path, line, &mut tokens);
                }
                TokenTree::Group(group) => self.walk(group.stream(), &[]),
                _ => {}
            }
        }
    }

    /// Reads on from the first name of a path to its end, and into the braces that may be there.
    fn follow(&mut self, mut path: Vec<String>, line: usize, tokens: &mut Tokens) {
        while skip_double_colon(tokens) {
            match next_ident(tokens) {
                Some(name) => path.push(name),
                None => {
                    if let Some(group) = next_braces(tokens) {
                        return self.walk(group.stream(), &path);
                    }
                    break;
                }
            }
        }
        if let (true, Some(name)) = (is_macro(tokens), path.last()) {
            self.mention(line, &[format!("{name}!")]);
        }
        if path.len() > 1 {
            self.mention(line, &path);
        }
    }

    fn mention(&mut self, line: usize, path: &[String]) {
        let path = absolute(path, self.module).join("::");
        self.found.push(Mention { line, path });
    }
}

/// Replaces a leading `self` or chain of `super` by the module that it stands for.
fn absolute(path: &[String], module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    match path.first().map(String::as_str) {
        Some("self") => [module, &path[1..]].concat(),
        Some("super") => [&module[..module.len().saturating_sub(ups)], &path[ups..]].concat(),
        _ => path.to_vec(),
    }
}

/// Behind a `#`: skips the attribute and its item if it is `#[cfg(test)]`.
fn skip_test_item(tokens: &mut Tokens) {
    if tokens.next_if(is_cfg_test).is_none() {
        return;
    }
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return,
            _ => {}
        }
    }
}

fn is_cfg_test(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(attribute) if attribute.stream().to_string().replace(' ', "") == "cfg(test)")
}

fn skip_double_colon(tokens: &mut Tokens) -> bool {
    let is_colon =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    let mut ahead = tokens.clone();
    let is_double =
        ahead.next().as_ref().is_some_and(is_colon) && ahead.next().as_ref().is_some_and(is_colon);
    if is_double {
        *tokens = ahead;
    }
    is_double
}

/// `name != other` is no macro: there the exclamation mark is joined to what follows.
fn is_macro(tokens: &mut Tokens) -> bool {
    matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!' && punct.spacing() == Spacing::Alone)
}

fn next_ident(tokens: &mut Tokens) -> Option<String> {
    let token = tokens.next_if(|token| matches!(token, TokenTree::Ident(_)))?;
    Some(token.to_string())
}

fn next_braces(tokens: &mut Tokens) -> Option<Group> {
    let is_braces = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    match tokens.next_if(is_braces)? {
        TokenTree::Group(group) => Some(group),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
