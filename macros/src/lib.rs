//! The attribute macros of spanwright; users reach them through the `spanwright` crate.

mod args;
mod body;
mod callsite;
mod errors;
mod expression;
mod field;
mod function;
mod joined;
mod mode;
mod parameters;
mod paths;
mod record;
mod report_errors;
mod returned;
mod suggest;
mod traced;
mod when;
mod xray_subsegment;

use proc_macro::TokenStream;

use joined::Attribute;
use mode::{MODE, Mode};

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
/// types that implement `spanwright::span::Fallible`. An error leaves its type and message, unless
/// its type implements `spanwright::ClassifyError` and classes it as ignored: then the call is `ok`.
/// Error types need not be `'static`.
///
/// No argument is recorded unless it is named here.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `"name"` or `name = expr` | name of the span: a text, the path of a `&'static str` constant, or another expression that formats with `Display`, evaluated at each recorded call; default: the name of the function |
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
/// | `#[redact(hash)]` | the value becomes a hash: the same in all processes with the same `SPANWRIGHT_REDACTION_KEY`, without one in this process alone |
/// | `#[redact(last = 4)]` | the value becomes `…` and its last 4 characters, or `…` alone if it has less than 16 |
/// | `#[when(expr)]` | recorded if it holds |
/// | `#[cfg(..)]` | compiled if it holds |
/// | `#[annotation]` | an annotation of X-Ray as well, see [`macro@xray_subsegment`] |
/// | `#[allow_sensitive]` | a key that ends in a word such as `password` or `token` is meant |
///
/// Values are evaluated only for spans that are recorded. A panic in a value costs this attribute, not the call.
/// A value that is known later is written in the body, with [`record!`].
///
/// # Shapes
///
/// - `fn`: the span is current until the function returns.
/// - `async fn`: the span begins at the first poll, is current during polls only, and ends when
///   the future is ready. The function is compiled, and documented, as one that returns
///   `impl Future`. The future grows by 112 bytes, and by 48 for each attribute up to eight.
/// - `-> impl Future`, `-> Pin<Box<dyn Future>>`, and so methods of `#[async_trait]`: the span begins
///   at the call, and covers the returned future, which keeps its auto traits. A boxed future is
///   boxed once more.
/// - `-> Box<dyn Future>` and a boxed future behind an alias or an associated type, as
///   `tower::Service::call` returns it: the same. A box of another future, such as
///   `Pin<Box<dyn FusedFuture>>`, and an associated type that is any other future are errors.
/// - Any other result, a stream or a tuple of futures too, is a value: the span covers its making.
///
/// # Limits
///
/// - Not on `const fn`, nor on methods without a body.
/// - In `ok`, `err` and `ret`, arguments that the body took by value or as `&mut` are gone; record
///   them in `fields`.
/// - In `ok`, `err` and `ret`, a future holds what it uses of the arguments until it is ready: they
///   must live as long, and be `Send` where the future is.
/// - A sampler sees a name that is computed at the call as the name of the function.
/// - In the value `config.name`, a panic of the initialiser of `config: &LazyLock<..>` reaches the
///   function; in `self.config.name` it costs the attribute.
/// - A value cannot leave the function: no `?`, `.await` or `return` in it.
/// - Under `#[track_caller]` the result is not looked at, since the caller's place would be lost:
///   the outcome is `ok` or `panic`.
///
/// # Stacking
///
/// Other attributes may stand above and below. With [`macro@xray_subsegment`] and
/// [`macro@report_errors`] in any order there is one span, one look at the result and one layer
/// around a future. Two `#[traced]` on one function are an error. Below the outermost, an attribute
/// is taken for one of these by a bare name, a path that begins with `spanwright` or is that of
/// `crate = path`, or the same `crate = path` in it; one of another path is left to its own crate.
///
/// # Off
///
/// Where no destination is compiled in, or the feature `off` is set, what remains of the attribute
/// is one statement that never runs: the same mistakes are reported, and the function compiles to
/// the code it had without the attribute.
#[proc_macro_attribute]
pub fn traced(args: TokenStream, item: TokenStream) -> TokenStream {
    joined::expand(Attribute::Traced, args.into(), &item.into(), MODE).into()
}

/// A subsegment of AWS X-Ray around every call of a function.
///
/// ```
/// use spanwright::record::Value;
/// use spanwright::{ClassifyError, ErrorClass, record, testing, traced, xray_subsegment};
///
/// #[derive(Debug)]
/// enum Error {
///     NotFound,
///     Broken,
/// }
/// # impl std::fmt::Display for Error {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{self:?}") }
/// # }
///
/// impl ClassifyError for Error {
///     fn error_class(&self) -> ErrorClass {
///         match self {
///             Self::NotFound => ErrorClass::Error,
///             Self::Broken => ErrorClass::Fault,
///         }
///     }
/// }
///
/// #[xray_subsegment(
///     name = "mock-data",
///     annotations(user_handle = handle),
///     metadata("request", limit),
///     ok(metadata(results_size = ok.len())),
/// )]
/// fn activities(handle: &str, limit: usize) -> Result<Vec<String>, Error> {
///     if handle.is_empty() {
///         return Err(Error::NotFound);
///     }
///     let found = vec![format!("crud of {handle}"); limit];
///     record!(metadata("mock", first = found.first()));
///     Ok(found)
/// }
///
/// /// The request that the service answers.
/// #[traced(kind = "server")]
/// fn answer(handle: &str) -> usize {
///     activities(handle, 2).map_or(0, |found| found.len())
/// }
///
/// let spans = testing::capture(|| assert_eq!(answer("andrew") + answer(""), 2));
/// let segments: Vec<_> = spans
///     .iter()
///     .filter_map(|span| span.segment.as_ref())
///     .filter(|segment| segment.name == Some("mock-data"))
///     .collect();
/// assert_eq!(segments[0].annotations[0].key, "user_handle");
/// assert_eq!(segments[0].annotations[0].value, Value::from("andrew"));
/// assert_eq!(segments[0].metadata[0].json, "2");
/// assert_eq!(segments[0].metadata[1].key, "results_size");
/// assert_eq!(segments[0].metadata[2].namespace, "mock");
/// assert_eq!(segments[1].error_class, Some(ErrorClass::Error));
/// ```
///
/// # What it records
///
/// The name, when the call began and ended, and how: an error leaves what it said, and what each
/// error below it said. No argument is recorded unless it is named here. The subsegment lies in the
/// nearest segment or subsegment that is current; a request is a segment. Without one there is
/// nothing to lie in, and nothing is recorded.
///
/// Alone, the attribute makes a subsegment and no span for other destinations.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `"name"` or `name = "DynamoDB"` | what it is called: a text or a constant; the name of the span, which is that of the function, where nothing is said |
/// | `namespace = "aws"` | who did the work: a service of AWS, `aws`, or another service, `remote`; this process where nothing is said |
/// | `annotations(..)` | values to find traces by: texts, numbers and truth values |
/// | `metadata(..)`, `metadata("billing", ..)` | values to read, each in a namespace, `default` where none is named; once for each namespace |
/// | `class = "error"` | class of the errors: `fault`, `error`, `throttle` or `ignored`; default: the class that `spanwright::ClassifyError` gives, else a fault |
/// | <code>class = &#124;err&#124; expr</code>, `class = path` | class of each error: a function from a reference to the error to `spanwright::ErrorClass`, which may use arguments that are `Copy` |
/// | `ok(annotations(..), metadata(..))` | values of a success, `ok` is a reference to its value |
/// | `ret(annotations(..), metadata(..))` | values of any result, `ret` is a reference to it |
/// | `crate = path` | where spanwright is, when it is passed on by another crate |
///
/// # Fields
///
/// `annotations` and `metadata` take fields as [`macro@traced`] does, with the same marks. In
/// `metadata` a value without `%` or `?` is whatever implements `serde::Serialize`, and arrives as
/// the JSON that it makes.
///
/// X-Ray drops what it does not like without a word, so what the source shows is checked by the
/// compiler, and the message has the right spelling:
///
/// - A name has 1 to 200 letters, digits, blanks and `_ . : / % & # = + - @`.
/// - The key of an annotation has at most 500 ASCII letters, digits and `_`. A dot becomes `_`:
///   `user.id` is found as `annotation.user_id`. No two annotations may become the same.
/// - There are at most 50 annotations. Lists, and what `?` makes, are metadata.
/// - Namespaces and keys of metadata that begin with `AWS.` are AWS's own.
///
/// Names and keys that are constants are corrected at run time.
///
/// # Values known late
///
/// In the body, [`record!`] takes `annotations(..)` and `metadata(..)` too. With [`macro@traced`], a
/// value can be marked where it is recorded: `ok(fields(#[annotation] rows = ok.len()))`.
///
/// # Stacking
///
/// With [`macro@traced`], in any order, there is one span for all destinations, one look at the
/// result and one layer around a future; attributes of the span are metadata of the subsegment. The
/// other attribute is known [as there](macro@traced#stacking); imported under another name it makes
/// a span of its own around the subsegment or in it. `enabled` and `parent` of `#[traced]`
/// hold for both.
///
/// Service code reads well this way, since nothing of it stands in the body:
///
/// ```
/// # use spanwright::{traced, xray_subsegment};
/// # struct Activity;
/// # struct Query { handle: String, limit: i64 }
/// #[traced(name = "home-activities", ok(fields(app.result_length = ok.len())))]
/// #[xray_subsegment(name = "activities_home", annotations(handle = query.handle))]
/// async fn run(query: &Query) -> Result<Vec<Activity>, std::io::Error> {
///     Ok(Vec::new())
/// }
/// # drop(run(&Query { handle: String::new(), limit: 1 }));
/// ```
///
/// Shapes and limits are those of [`macro@traced`].
///
/// # Off
///
/// As [there](macro@traced#off).
#[proc_macro_attribute]
pub fn xray_subsegment(args: TokenStream, item: TokenStream) -> TokenStream {
    joined::expand(Attribute::Subsegment, args.into(), &item.into(), MODE).into()
}

/// A report of every failure of a function.
///
/// ```
/// use spanwright::{report_errors, testing};
/// # struct User { id: u64 }
/// # #[derive(Debug)] enum Error { NotFound, Database(u16) }
/// # impl Error { fn code(&self) -> u16 { if let Self::Database(code) = self { *code } else { 0 } } }
/// # impl std::fmt::Display for Error {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{self:?}") }
/// # }
/// # impl std::error::Error for Error {}
///
/// #[report_errors]
/// fn load(limit: usize) -> Result<Vec<String>, Error> {
///     if limit > 9 { Err(Error::Database(57)) } else { Err(Error::NotFound) }
/// }
///
/// #[report_errors(
///     title = "No feed", person(id = user.id), custom(limit, code = err.code()),
///     ignore(Error::NotFound),
/// )]
/// async fn home(user: &User, limit: usize) -> Result<Vec<String>, Error> {
///     load(limit)
/// }
///
/// # fn block_on<F: Future>(f: F) -> F::Output {
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     match std::pin::pin!(f).poll(&mut context) { std::task::Poll::Ready(it) => it, _ => panic!() }
/// # }
/// let errors = testing::capture_errors(|| block_on(home(&User { id: 7 }, 10)).is_ok());
/// assert_eq!(errors.len(), 1);
/// assert_eq!(errors[0].subject.causes()[0].message, "Database(57)");
/// assert_eq!(errors[0].path.iter().map(|it| it.name).collect::<Vec<_>>(), ["home", "load"]);
/// assert_eq!(errors[0].title.as_deref(), Some("No feed"));
/// assert_eq!(errors[0].person.id.as_deref(), Some("7"));
/// assert_eq!(errors[0].custom.len(), 2);
/// ```
///
/// # What it reports
///
/// The error and all that it came from, each with its type; the place and the stack where it was
/// noticed first; the annotated functions that it left, the spans around it and their trace. One
/// failure is one report, however many annotated functions it passes and whatever `?` makes of it:
/// the innermost takes it, those further out add what it does not say. No span is needed.
///
/// A failure is known by its type: `Result`, `ControlFlow`, `Option` with `none`, and your own types
/// that implement `spanwright::span::Fallible`. On a type that cannot fail the attribute is an
/// error, unless `panics` is all that it is there for.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `level = "warning"` | `debug`, `info`, `warning`, `error` (where nobody says), `critical`; or a function from a reference to the error to `spanwright::Severity` |
/// | `title = "Checkout failed"` | what people call the failure; what it says where nothing is said |
/// | `fingerprint = %err.code()` | what makes it the same as others; its type and place where nothing is said |
/// | `context = "checkout"` | the part of the application |
/// | `person(id = .., username = .., email = ..)` | whom it happens to; the user of the request where nothing is said |
/// | `custom(..)` | values of any key |
/// | <code>when = &#124;err&#124; expr</code>, `when = path` | a function from a reference to the error to `bool`: reported if it holds; default: the class of the error decides, see `spanwright::ClassifyError` |
/// | `ignore(pattern, ..)` | errors that are not reported here: patterns, each with `if` and a condition where needed |
/// | `none` | returning `None` is a failure |
/// | `panics` | panics that leave it are its own: they have its values, and are reported where others are not |
/// | `at = "boundary"` | reported only if the outermost annotated function fails too; `"origin"` where nothing is said |
/// | `crate = path` | where spanwright is, when it is passed on by another crate |
///
/// # Values
///
/// Values are fields as [`macro@traced`] has them, with `%`, `?` and marks; for `title`, `fingerprint`
/// and `context` a text or a constant costs nothing at run time. A value is evaluated at the call. One
/// that names `err`, a reference to the error, is evaluated when the call has failed, and then sees no
/// argument, since the body may have taken it. A panic in a value costs this value; a panic in `when`
/// or `ignore` means that the error is reported.
///
/// Shapes, limits and stacking are those of [`macro@traced`], but for `#[track_caller]`: on a function
/// that returns no future it is an error. `main`, which begins before telemetry is installed, is not reported.
///
/// # Off
///
/// As [there](macro@traced#off).
#[proc_macro_attribute]
pub fn report_errors(args: TokenStream, item: TokenStream) -> TokenStream {
    joined::expand(Attribute::Report, args.into(), &item.into(), MODE).into()
}

/// Adds attributes, annotations and metadata to the span that is current.
///
/// Takes fields as [`macro@traced`] does; a key recorded before is recorded anew. Among them may
/// stand `annotations(..)`, `metadata(..)` and `metadata("namespace", ..)` as
/// [`macro@xray_subsegment`] takes them, for a current span that is a segment or a subsegment of AWS
/// X-Ray. Without a current span that is recorded, nothing is worked out. Works anywhere below an
/// annotated function, in functions without an attribute too, and never blocks.
///
/// ```
/// use spanwright::{record, testing, traced};
///
/// #[traced]
/// fn import(files: &[&str]) -> usize {
///     let bytes = files.iter().map(|file| file.len()).sum();
///     record!(import.bytes = bytes, first = ?files.first(), metadata("import", files));
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
