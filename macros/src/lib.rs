//! The attribute macros of spanwright; users reach them through the `spanwright` crate.

mod args;
mod body;
mod callsite;
mod errors;
mod expression;
mod field;
mod function;
mod parameters;
mod paths;
mod record;
mod suggest;
mod traced;

use proc_macro::TokenStream;

/// Whether expansions record or only keep what they would record type-checked.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Live,
    Off,
}

/// Decided by the features of this crate, never by those of the crate that uses it.
const MODE: Mode =
    if cfg!(all(feature = "spans", not(feature = "off"))) { Mode::Live } else { Mode::Off };

/// A span around every call of a function.
///
/// ```
/// use spanwright::{testing, traced};
/// # struct User { id: u64 }
/// # #[derive(Debug)] enum Error { NotFound }
/// # impl std::fmt::Display for Error {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "not found") }
/// # }
///
/// #[traced(fields(user.id = user.id, limit), ok(fields(rows = ok.len())))]
/// fn home(user: &User, limit: usize) -> Result<Vec<String>, Error> {
///     if user.id == 0 {
///         return Err(Error::NotFound);
///     }
///     Ok(vec!["hello".to_owned(); limit])
/// }
///
/// let spans = testing::capture(|| (home(&User { id: 7 }, 2), home(&User { id: 0 }, 2)).0.is_ok());
/// let tree = testing::tree(&spans);
/// assert!(tree.starts_with("home user.id=7 limit=2 rows=2\nhome user.id=0 limit=2 error.type="));
/// assert!(tree.ends_with("-> error !not found\n"));
/// ```
///
/// # What it records
///
/// The name of the function, its module, file and line, when it began and ended, and how: `ok`,
/// `error`, `none`, `panic` or `cancelled` (a future dropped before it was ready). The result is
/// judged by its type, whatever that is called: `Result`, `Option`, `ControlFlow` and your own
/// types that implement `spanwright::span::Fallible`. An error leaves its type and message.
///
/// No argument is recorded unless it is named here.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `"name"` or `name = "checkout"` | the span's name: a text or a constant; the function's name where nothing is said |
/// | `target = "billing"` | a text or a constant; the module path where nothing is said |
/// | `level = "debug"` | `error`, `warn`, `info` (where nothing is said), `debug`, `trace`, or `Level::DEBUG`, or 1 (trace) to 5 (error) |
/// | `kind = "server"` | `internal` (where nothing is said), `server`, `client`, `producer`, `consumer` |
/// | `parent = expr` | a `Span`, `SpanRef` or `SpanContext`, or `None` for a new trace; the current span where nothing is said |
/// | `enabled = expr` | asked at each call; when false, the call has no span and its children go to its parent |
/// | `fields(..)` | attributes known at the call |
/// | `include(a, ?b)` | arguments by name; an explicit field of the same key wins |
/// | `ok(fields(..))` | attributes of a success, `ok` is a reference to its value |
/// | `err(fields(..))` | attributes of a failure, `err` is a reference to the error |
/// | `err(Debug)`, `err(Display)` | how the error's message is formatted; without it, the best the type offers |
/// | `err(event)`, `err(level = "warn")` | an `exception` event besides |
/// | `ret(fields(..))` | attributes of any result, `ret` is a reference to it |
/// | `ret`, `ret(Display)` | a success as attribute `return`, formatted with `Debug` or `Display` |
/// | `crate = path` | where spanwright is, when it is passed on by another crate |
/// | `skip_all` | nothing: arguments are never captured by themselves |
///
/// # Fields
///
/// `key = expr` records a typed value: numbers, booleans, texts, lists of these, your own types
/// that implement `spanwright::ToAttribute`. `None` is left out. `key = %expr` records how it
/// formats for users, `key = ?expr` for programmers. Keys are words joined by dots, any text, or a
/// constant: `user.id`, `"user-id"`, `{keys::USER_ID}`. Without `=`, a field is the variable or
/// field of its name: `user_id`, `?filter`, `%path`, `order.id`, `self.tenant` (key `tenant`).
///
/// Marks stand before a field:
///
/// | mark | meaning |
/// |---|---|
/// | `#[redact]` | the value becomes `…` |
/// | `#[redact(hash)]` | equal values look equal, and cannot be read |
/// | `#[redact(last = 4)]` | only the last characters stay |
/// | `#[when(expr)]` | recorded if it holds |
/// | `#[cfg(..)]` | compiled if it holds |
/// | `#[allow_sensitive]` | a key that ends in a word such as `password` or `token` is meant |
///
/// Values are worked out only for spans that are recorded, and with the span current. A panic in
/// one costs the values behind it, not the call. A value known late is written in the body, with
/// [`record!`].
///
/// # Shapes
///
/// - `fn`: the span is current until the function returns.
/// - `async fn`: the span begins at the first poll, is current during polls only, and ends when
///   the future is ready. The future grows by 168 bytes, 48 for each attribute up to eight, and a
///   second copy of the parameters.
/// - `-> impl Future`, `-> Pin<Box<dyn Future>>`, `BoxFuture`, and so methods of `#[async_trait]`:
///   the span begins at the call, and covers the future that is returned. A boxed future is boxed
///   once more.
/// - Any other result, a stream or a tuple of futures too, is a value: the span covers its making.
///
/// # Limits
///
/// - Not on `const fn`, nor on methods without a body.
/// - In `ok`, `err` and `ret`, arguments that the body took by value or as `&mut` are gone; record
///   them in `fields`.
/// - A value cannot leave the function: no `?`, `.await` or `return` in it.
/// - Under `#[track_caller]` the result is not looked at, since the caller's place would be lost:
///   the outcome is `ok` or `panic`.
///
/// # Stacking
///
/// Other attributes may stand above and below. Two `#[traced]` on one function are an error.
///
/// # Off
///
/// Where no destination is compiled in, or the feature `off` is set, what remains of the attribute
/// is one statement that never runs: the same mistakes are reported, and the function compiles to
/// the code it had without the attribute.
#[proc_macro_attribute]
pub fn traced(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::expand(args.into(), &item.into(), MODE).into()
}

/// Adds attributes to the span that is current.
///
/// Takes fields as [`macro@traced`] does; a key recorded before is recorded anew. Without a
/// current span that is recorded, nothing is worked out. Works anywhere below an annotated
/// function, in functions without an attribute too, and never blocks.
///
/// ```
/// use spanwright::{record, testing, traced};
///
/// #[traced]
/// fn import(files: &[&str]) -> usize {
///     let bytes = files.iter().map(|file| file.len()).sum();
///     record!(import.bytes = bytes, first = ?files.first());
///     bytes
/// }
///
/// let spans = testing::capture(|| import(&["a", "bc"]));
/// assert_eq!(testing::tree(&spans), "import import.bytes=3 first=Some(\"a\")\n");
/// ```
///
/// Where spanwright is passed on by another crate, the path comes first:
/// `record!(crate = my_facade::spanwright; key = value)`.
#[proc_macro]
pub fn record(input: TokenStream) -> TokenStream {
    record::expand(input.into(), MODE).into()
}
