//! From addresses to frames that people can read.
//!
//! In: the calls of a thread as addresses. Out: frames, oldest first, without those of the runtime
//! at both ends, with the code around the application's own.
//! Never: fails; where symbols are missing, there is less to tell.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::raw_stack::{self, RawStack};
use super::source_code::SourceCode;
use super::symbol::{self, Symbol};
use crate::record::StackFrame;

/// Memory of the frames that are remembered by their addresses, in bytes.
const MAX_REMEMBERED_BYTES: usize = 2 * 1024 * 1024;

/// What is told of a stack.
#[derive(Clone, Debug)]
pub struct StackSettings {
    /// Whose code is the application's in any case: crates, and folders where there is a `/`, such as
    /// `/srv/app/` and, wherever it lies, `src/generated/`.
    pub in_app: Vec<String>,
    /// Whose code is not, however it is built: the same. `in_app` wins.
    pub not_in_app: Vec<String>,
    /// How many lines of code are told before and behind the line of a frame of the application;
    /// `None` for no code at all.
    pub source_lines: Option<usize>,
}

impl Default for StackSettings {
    fn default() -> Self {
        Self { in_app: Vec::new(), not_in_app: Vec::new(), source_lines: Some(3) }
    }
}

/// Makes frames of addresses, and remembers what it has found out.
#[derive(Debug)]
pub(crate) struct Resolver {
    settings: StackSettings,
    known: FxHashMap<usize, Arc<[StackFrame]>>,
    /// Memory that these occupy.
    known_bytes: usize,
    /// True while the tables of symbols are in memory.
    holds_symbols: bool,
    /// True if they were used since [`Resolver::take_used`].
    is_used: bool,
    code: SourceCode,
}

impl Resolver {
    /// Reads the tables of the program's symbols, which takes from milliseconds to most of a
    /// second, and holds up whoever walks a stack meanwhile: best done before anybody does.
    pub(crate) fn new(settings: &StackSettings) -> Self {
        if let Some(call) = RawStack::capture().calls().first() {
            raw_stack::symbols(*call);
        }
        let mut settings = settings.clone();
        // A package `a-b` is the crate `a_b`.
        let entries = settings.in_app.iter_mut().chain(&mut settings.not_in_app);
        for entry in entries.filter(|entry| !entry.contains('/')) {
            *entry = entry.replace('-', "_");
        }
        Self {
            settings,
            known: FxHashMap::default(),
            known_bytes: 0,
            holds_symbols: true,
            is_used: true,
            code: SourceCode::default(),
        }
    }

    /// Returns true while the tables of symbols are in memory.
    pub(crate) const fn holds_symbols(&self) -> bool {
        self.holds_symbols
    }

    /// Returns true if the tables of symbols were used since the last call.
    pub(crate) const fn take_used(&mut self) -> bool {
        std::mem::replace(&mut self.is_used, false)
    }

    /// Frees the tables of symbols, which take megabytes. Frames that are known stay known; the next
    /// address that is not reads the tables again.
    pub(crate) fn forget_symbols(&mut self) {
        raw_stack::forget_symbols();
        self.holds_symbols = false;
    }

    /// Returns the frames of a stack, oldest first; none where nothing is known of any.
    ///
    /// Blocks while it reads symbols and files. Each address is looked up once. What started the thread is
    /// not looked up: it is left out in any case, and its first frames are in the C library, whose debug
    /// information takes 30 MB where it is installed.
    pub(crate) fn resolve(&mut self, stack: &RawStack) -> Vec<StackFrame> {
        let mut frames: Vec<StackFrame> = Vec::new();
        for call in stack.calls() {
            let found = self.frames_at(*call);
            frames.extend(found.iter().cloned());
            if found.iter().any(is_first_of_thread) {
                break;
            }
        }
        let mut frames = trimmed(frames);
        if let Some(around) = self.settings.source_lines {
            for frame in frames.iter_mut().filter(|frame| frame.is_in_app) {
                if let (Some(file), Some(line)) = (&frame.file, frame.line) {
                    frame.code = self.code.around(file, line, around);
                }
            }
        }
        frames
    }

    fn frames_at(&mut self, call: usize) -> Arc<[StackFrame]> {
        if let Some(frames) = self.known.get(&call) {
            return Arc::clone(frames);
        }
        (self.holds_symbols, self.is_used) = (true, true);
        let symbols = raw_stack::symbols(call).into_iter();
        let mut frames: Vec<_> = symbols.map(|symbol| frame(symbol, &self.settings)).collect();
        if frames.is_empty() {
            frames.push(StackFrame::default());
        }
        // Code seldom moves: what is full is full of stacks that will come no more.
        let bytes = frames.iter().map(StackFrame::weight_bytes).sum::<usize>();
        if self.known_bytes + bytes > MAX_REMEMBERED_BYTES {
            self.known.clear();
            self.known_bytes = 0;
        }
        self.known_bytes += bytes;
        let frames: Arc<[_]> = frames.into();
        self.known.insert(call, Arc::clone(&frames));
        frames
    }
}

fn frame(symbol: Symbol, settings: &StackSettings) -> StackFrame {
    let function = symbol.name.as_deref().map(symbol::readable).filter(|name| !name.is_empty());
    let is_in_app = is_in_app(function.as_deref(), symbol.file.as_deref(), settings);
    let Symbol { file, line, column, .. } = symbol;
    StackFrame { function, file, line, column, is_in_app, code: None }
}

/// Crates that are never the application, wherever their files are: vendored, patched, or built
/// without debug information.
const MACHINERY: &[&str] = &[
    "spanwright",
    "backtrace",
    "tokio",
    "tokio_util",
    "mio",
    "futures",
    "futures_core",
    "futures_util",
    "futures_executor",
    "async_trait",
    "actix",
    "actix_http",
    "actix_router",
    "actix_rt",
    "actix_server",
    "actix_service",
    "actix_utils",
    "actix_web",
    "actix_cors",
    "axum",
    "hyper",
    "hyper_util",
    "h2",
    "tower",
    "tower_service",
    "tower_http",
    "tonic",
    "reqwest",
    "reqwest_middleware",
    "rayon",
    "rayon_core",
    "crossbeam_channel",
    "parking_lot",
    "serde",
    "serde_json",
    "sqlx",
    "sqlx_core",
    "sqlx_sqlite",
    "sqlx_postgres",
    "diesel",
    "tracing",
    "tracing_core",
    "tracing_subscriber",
    "log",
    "anyhow",
    "eyre",
    "color_eyre",
    "thiserror",
    "hashbrown",
    "rustls",
    "once_cell",
    "local_channel",
    "local_waker",
];

/// Where the files of the language and of libraries are, whoever builds them where.
const LIBRARIES: &[&str] = &["/rustc/", "/registry/src/", "/git/checkouts/", "/lib/rustlib/src/"];

fn is_in_app(function: Option<&str>, file: Option<&str>, settings: &StackSettings) -> bool {
    let file = file.map(|file| file.replace('\\', "/"));
    let file = file.as_deref();
    let owner = symbol::owner(function, file);
    let owner = owner.as_deref();
    let is_on = |list: &[String]| {
        list.iter().any(|entry| match file {
            _ if Some(entry.as_str()) == owner => true,
            Some(file) if entry.contains('/') => is_below(file, entry),
            _ => false,
        })
    };
    if is_on(&settings.in_app) {
        return true;
    }
    let is_machinery = owner.is_some_and(|owner| MACHINERY.contains(&owner));
    if is_machinery || is_on(&settings.not_in_app) {
        return false;
    }
    match file {
        Some(file) => is_rust(file) && !is_library(file),
        // Without a file there is only the crate: none is what the linker or C has put in.
        None => owner.is_some_and(|owner| !symbol::is_language(owner)),
    }
}

/// Whether a file lies where those of libraries do.
fn is_library(file: &str) -> bool {
    // Below `src` a folder is a module, about vendors for example.
    let is_vendored = file.split_once("vendor/").is_some_and(|(before, _)| {
        before.is_empty() || before.ends_with('/') && !before.ends_with("/src/")
    });
    is_vendored || LIBRARIES.iter().any(|folder| file.contains(folder))
}

/// Whether a file is of Rust: of C are the libraries of the system.
fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "rs")
}

/// Whether a file is in a folder, or in one below; one that has no root may be anywhere.
fn is_below(file: &str, folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    let mut places = file.match_indices(folder).map(|(at, _)| file.split_at(at));
    places.any(|(before, rest)| {
        let may_begin = before.is_empty() || before.ends_with('/') && !folder.starts_with('/');
        may_begin && rest[folder.len()..].starts_with('/')
    })
}

/// Frames, newest first, as they are told: oldest first, without what stands above the first and
/// below the last function of anybody's interest.
fn trimmed(mut frames: Vec<StackFrame>) -> Vec<StackFrame> {
    let hook = hook(&frames).unwrap_or_default();
    let newest = hook + frames[hook..].iter().take_while(|frame| is_noticing(frame)).count();
    frames.drain(..newest);
    leave_guard(&mut frames);
    let oldest = frames.iter().rev().take_while(|frame| is_start(frame)).count();
    frames.truncate(frames.len() - oldest);
    // Of several frames in a row of which nothing is known, one says as much as all.
    frames.dedup_by(|next, frame| is_unknown(next) && is_unknown(frame));
    frames.reverse();
    frames
}

/// Takes out what stands, newest first, between an annotated function that notices its failure and the
/// rest of it: that part runs in a guard against panics, and would be told as a call of its own.
fn leave_guard(frames: &mut Vec<StackFrame>) {
    let is_guard = |frame: &StackFrame| {
        frame.function.as_deref().is_some_and(|name| name.ends_with("outcome::guard_description"))
    };
    let Some(guard) = frames.iter().position(is_guard) else { return };
    let is_within = |frame: &StackFrame| !frame.is_in_app;
    if frames[0].is_in_app && frames[1..guard].iter().all(is_within) {
        frames.drain(1..=guard);
        // The rest of it at the same line, where the compiler has put it into its caller.
        let is_twice = frames.get(1).is_some_and(|next| {
            next.is_in_app && next.file == frames[0].file && next.line == frames[0].line
        });
        if is_twice {
            frames.remove(1);
        }
    }
}

fn is_unknown(frame: &StackFrame) -> bool {
    frame.function.is_none() && frame.file.is_none()
}

/// Whether a frame is of the language, as far as it tells.
fn is_language(frame: &StackFrame) -> bool {
    let owner = symbol::owner(frame.function.as_deref(), frame.file.as_deref());
    is_unknown(frame) || owner.is_some_and(|owner| symbol::is_language(&owner))
}

/// Where a panic calls its hook, which may be somebody's around ours. A panic that is past its hook
/// runs destructors, whose failures are their own.
fn hook(frames: &[StackFrame]) -> Option<usize> {
    let is = |frame: &StackFrame, part: &str| {
        frame.function.as_deref().is_some_and(|name| name.contains(part))
    };
    let at = frames.iter().position(|frame| is(frame, "panic_with_hook"))?;
    let is_unwinding = |frame: &StackFrame| is(frame, "_Unwind_") || is(frame, "rust_start_panic");
    (!frames[..at].iter().any(is_unwinding)).then_some(at)
}

/// Whether one of the newest frames tells how a failure was noticed, not where: our own, the panic
/// machinery, and what panics for its caller, such as `unwrap`.
fn is_noticing(frame: &StackFrame) -> bool {
    let owner = symbol::owner(frame.function.as_deref(), frame.file.as_deref());
    let is_ours = matches!(owner.as_deref(), Some("spanwright" | "backtrace")) && !frame.is_in_app;
    is_ours || is_language(frame) || has_name(frame, &["rust_", "__rust_", "_Unwind_"])
}

/// Whether one of the oldest frames is of what starts a program or a thread.
fn is_start(frame: &StackFrame) -> bool {
    const BEGINNINGS: [&str; 9] = [
        "__libc_start",
        "__rust_",
        "__scrt_",
        "invoke_main",
        "BaseThreadInitThunk",
        "RtlUserThreadStart",
        "_pthread_",
        "__pthread_",
        "__clone",
    ];
    const NAMES: [&str; 7] =
        ["main", "_start", "start", "clone", "clone3", "start_thread", "thread_start"];
    // The `main` of C has neither a path nor a file of Rust; that of the application has one of both.
    let name = frame.function.as_deref().unwrap_or_default();
    let is_c = !frame.file.as_deref().is_some_and(is_rust) && NAMES.contains(&name);
    is_language(frame) || is_c || has_name(frame, &BEGINNINGS)
}

/// Returns true for the frame that the standard library puts around the first function of a thread or
/// program, to mark where a short stack begins. Debug information of lines alone has names without paths.
fn is_first_of_thread(frame: &StackFrame) -> bool {
    let name = frame.function.as_deref().unwrap_or_default();
    name.rsplit("::").next() == Some("__rust_begin_short_backtrace")
}

/// Whether a function without a path begins with one of these.
fn has_name(frame: &StackFrame, beginnings: &[&str]) -> bool {
    let name = frame.function.as_deref().filter(|name| !name.contains("::")).unwrap_or_default();
    beginnings.iter().any(|begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests;
