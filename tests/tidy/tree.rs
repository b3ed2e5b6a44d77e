//! The files of the repository, and Rust files as tokens.
//!
//! In: the folder of the workspace. Out: paths relative to it, texts, tokens with their lines.
//! Never: looks into what a build or a version control system has made.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A text file of the repository.
pub(crate) struct File {
    /// The path from the root of the workspace.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A token of code; comments are none, and documentation is a literal.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
    /// How many modules it is in, counted from the root of its crate.
    pub(crate) depth: usize,
    pub(crate) is_test: bool,
}

impl File {
    /// The room of the runtime that the file is in; none elsewhere and for `lib.rs`.
    pub(crate) fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("runtime/src/")?;
        let first = inside.split('/').next()?;
        let room = first.strip_suffix(".rs").unwrap_or(first);
        (room != "lib").then_some(room)
    }

    /// Whether it is there for what the compiler says of it.
    pub(crate) fn is_ui_case(&self) -> bool {
        let folder = self.path.rsplit('/').nth(1);
        self.path.starts_with("tests/macros/ui/")
            && folder.is_some_and(|folder| ["pass", "fail", "compiler"].contains(&folder))
    }

    pub(crate) fn tokens(&self) -> Vec<Token> {
        let stream: TokenStream = self.text.parse().unwrap_or_else(|error| {
            panic!("{} cannot be read as tokens: {error}", self.path);
        });
        let is_test = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        let mut tokens = Vec::new();
        flatten(stream, Place { depth: self.depth(), is_test }, &mut tokens);
        tokens
    }

    /// The tokens outside of unit tests.
    pub(crate) fn code(&self) -> Vec<Token> {
        self.tokens().into_iter().filter(|token| !token.is_test).collect()
    }

    /// How many lines are outside of unit tests.
    pub(crate) fn count_code_lines(&self) -> usize {
        let tokens = self.tokens();
        let tests = tokens.chunk_by(|left, right| left.is_test == right.is_test);
        let lines_of = |run: &[Token]| match run {
            [first, .., last] if first.is_test => last.line + 1 - first.line,
            _ => 0,
        };
        self.text.lines().count() - tests.map(lines_of).sum::<usize>()
    }

    /// `path:line: what`.
    pub(crate) fn at(&self, line: usize, what: impl std::fmt::Display) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    fn depth(&self) -> usize {
        let Some((_, inside)) = self.path.split_once("/src/") else { return 0 };
        let parts = inside.trim_end_matches(".rs").split('/');
        parts.filter(|part| !["mod", "lib", "main"].contains(part)).count()
    }
}

/// Where a token stands.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    is_test: bool,
}

fn flatten(stream: TokenStream, place: Place, tokens: &mut Vec<Token>) {
    let mut is_test_item = false;
    let mut name_of_module = false;
    for tree in stream {
        let Place { depth, is_test } = place;
        let mut push = |text: &str, span: proc_macro2::Span, is_test: bool| {
            tokens.push(Token { text: text.to_owned(), line: span.start().line, depth, is_test });
        };
        let is_test = is_test || is_test_item;
        match tree {
            TokenTree::Group(group) => {
                let [open, close] = delimiters(&group);
                let is_module = name_of_module && open == "{";
                let inner = Place { depth: depth + usize::from(is_module), is_test };
                if group.stream().to_string().replace(' ', "") == "cfg(test)" {
                    is_test_item = true;
                }
                push(open, group.span_open(), is_test);
                flatten(group.stream(), inner, tokens);
                tokens.push(Token {
                    text: close.to_owned(),
                    line: group.span_close().start().line,
                    depth,
                    is_test,
                });
                if open == "{" {
                    (is_test_item, name_of_module) = (false, false);
                }
            }
            tree => {
                let text = tree.to_string();
                push(&text, tree.span(), is_test);
                if text == "mod" {
                    name_of_module = true;
                }
                if text == ";" {
                    (is_test_item, name_of_module) = (false, false);
                }
            }
        }
    }
}

fn delimiters(group: &Group) -> [&'static str; 2] {
    match group.delimiter() {
        Delimiter::Parenthesis => ["(", ")"],
        Delimiter::Brace => ["{", "}"],
        Delimiter::Bracket => ["[", "]"],
        Delimiter::None => ["", ""],
    }
}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are a member of a workspace")
}

/// Every text file under a folder of the workspace, `""` being all of it, in alphabetical order.
pub(crate) fn files(under: &str) -> Vec<File> {
    let mut paths = Vec::new();
    collect(&root().join(under), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = String::from_utf8(fs::read(&path).ok()?).ok()?;
        let path = path.strip_prefix(root()).ok()?.to_str()?.to_owned();
        Some(File { path, text })
    };
    paths.into_iter().filter_map(read).collect()
}

/// Every Rust file under a folder of the workspace.
pub(crate) fn rust(under: &str) -> Vec<File> {
    files(under).into_iter().filter(|file| has_extension(&file.path, "rs")).collect()
}

/// Whether a path ends in a dot and this text.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// The dialects: folders of exporters. One that belongs to the file beside it is a part of what
/// several of them share.
pub(crate) fn dialects() -> Vec<String> {
    let export = root().join("runtime/src/export");
    let is_dialect =
        |name: &String| export.join(name).is_dir() && !export.join(format!("{name}.rs")).is_file();
    names("runtime/src/export").into_iter().filter(is_dialect).collect()
}

/// The names in a folder of the workspace, in alphabetical order.
pub(crate) fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder exists");
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut names: Vec<_> = entries.flatten().map(name).collect();
    names.sort();
    names
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    // Made by builds and by running the demo.
    const MADE: [&str; 2] = ["target", "cruddur-data"];
    for entry in fs::read_dir(folder).expect("the folder exists").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let is_ours = !name.starts_with('.') || name == ".ci";
        if path.is_dir() && is_ours && !MADE.contains(&name.as_ref()) {
            collect(&path, paths);
        } else if path.is_file() && is_ours {
            paths.push(path);
        }
    }
}
