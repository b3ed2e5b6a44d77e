//! Errors that are not `'static`: they borrow the input, or carry a guard or the value.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::mpsc::{SendError, SyncSender, TrySendError, sync_channel};
use std::sync::{LockResult, Mutex, MutexGuard, TryLockResult};

use spanwright::{report_errors, traced, xray_subsegment};

use super::errors::Failure;
use super::{Pending, block_on};
use crate::{check, check_reports};

/// An error of a parser: it points into the input, and has a source.
#[derive(Debug)]
struct Unexpected<'a>(&'a str, Failure);

impl Display for Unexpected<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unexpected {}", self.0)
    }
}

impl Error for Unexpected<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.1)
    }
}

fn unexpected(input: &str) -> Unexpected<'_> {
    Unexpected(input, Failure("end"))
}

struct Shown<'a>(&'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[derive(Debug)]
#[expect(dead_code, reason = "only formatted")]
struct Dumped<'a>(&'a str);

struct Opaque<'a>(#[expect(dead_code, reason = "only carried")] &'a str);

/// A wrapper that lends what went wrong, and nothing else.
struct Lent<'a>(Unexpected<'a>);

impl<'a> AsRef<dyn Error + 'a> for Lent<'a> {
    fn as_ref(&self) -> &(dyn Error + 'a) {
        &self.0
    }
}

macro_rules! borrowing {
    ($($name:ident($input:ident): $error:ty = $make:expr;)*) => {$(
        #[traced]
        #[xray_subsegment]
        #[report_errors]
        fn $name<'a>($input: &'a str) -> Result<(), $error> {
            Err($make)
        }
    )*};
}

borrowing! {
    plain(input): Unexpected<'a> = unexpected(input);
    shown(input): Shown<'a> = Shown(input);
    dumped(input): Dumped<'a> = Dumped(input);
    opaque(input): Opaque<'a> = Opaque(input);
    text(input): &'a str = input;
    lent(input): Lent<'a> = Lent(unexpected(input));
    boxed(input): Box<Unexpected<'a>> = Box::new(unexpected(input));
    dynamic(input): Box<dyn Error + 'a> = Box::new(unexpected(input));
    sendable(input): Box<dyn Error + Send + 'a> = Box::new(unexpected(input));
    shareable(input): Box<dyn Error + Send + Sync + 'a> = Box::new(unexpected(input));
    counted(input): Rc<dyn Error + 'a> = Rc::new(unexpected(input));
}

#[traced]
#[report_errors]
fn lent_by_reference<'a>(error: &'a (dyn Error + 'a)) -> Result<(), &'a (dyn Error + 'a)> {
    Err(error)
}

#[test]
fn e01_an_error_that_borrows_is_reported_with_its_chain() {
    let expected = "\
        error plain: Unexpected(unexpected x) <- (failed: end)\n\
        error shown: Shown(x)\n\
        error dumped: Dumped(Dumped(\"x\"))\n\
        error opaque: Opaque()\n\
        error text: (x)\n\
        error lent: Lent(unexpected x) <- (failed: end)\n\
        error boxed: Unexpected(unexpected x) <- (failed: end)\n\
        error dynamic: (unexpected x) <- (failed: end)\n\
        error sendable: (unexpected x) <- (failed: end)\n\
        error shareable: (unexpected x) <- (failed: end)\n\
        error counted: (unexpected x) <- (failed: end)\n\
        error lent_by_reference: (unexpected x) <- (failed: end)\n";
    check_reports(expected, || {
        let input = String::from("x");
        assert!(plain(&input).is_err());
        assert!(shown(&input).is_err());
        assert!(dumped(&input).is_err());
        assert!(opaque(&input).is_err());
        assert!(text(&input).is_err());
        assert!(lent(&input).is_err());
        assert!(boxed(&input).is_err());
        assert!(dynamic(&input).is_err());
        assert!(sendable(&input).is_err());
        assert!(shareable(&input).is_err());
        assert!(counted(&input).is_err());
        assert!(lent_by_reference(&unexpected(&input)).is_err());
    });
}

#[traced]
#[report_errors]
async fn later<'a>(input: &'a str) -> Result<(), Unexpected<'a>> {
    Pending(1).await;
    Err(unexpected(input))
}

#[traced]
#[report_errors]
fn future<'a>(input: &'a str) -> impl Future<Output = Result<(), Unexpected<'a>>> {
    async move { Err(unexpected(input)) }
}

type Dynamic<'a> = Result<(), Box<dyn Error + 'a>>;

#[traced]
#[report_errors]
#[xray_subsegment]
fn pinned<'a>(input: &'a str) -> Pin<Box<dyn Future<Output = Dynamic<'a>> + 'a>> {
    Box::pin(async move { Err(unexpected(input).into()) })
}

#[test]
fn e02_a_future_may_fail_with_what_it_borrows() {
    let expected = "later error.type=macros::cases::borrowed::Unexpected @exception -> error !unexpected x: failed: end\n";
    check(expected, || {
        let input = String::from("x");
        assert!(block_on(later(&input)).is_err());
    });
    let expected = "\
        error future: Unexpected(unexpected x) <- (failed: end)\n\
        error pinned: (unexpected x) <- (failed: end)\n";
    check_reports(expected, || {
        let input = String::from("x");
        assert!(block_on(future(&input)).is_err());
        assert!(block_on(pinned(&input)).is_err());
    });
}

#[traced]
#[xray_subsegment]
#[report_errors]
fn generic<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced]
#[report_errors]
async fn generic_later<E: Error>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced(err(Debug))]
#[report_errors]
fn generic_debug<E: Debug>(error: E) -> Result<(), E> {
    Err(error)
}

#[test]
fn e03_a_generic_error_needs_no_static_bound() {
    let expected = "\
        error generic: Unexpected(unexpected x) <- (failed: end)\n\
        error generic_later: Unexpected(unexpected x) <- (failed: end)\n\
        error generic_debug: Unexpected(Unexpected(\"x\", Failure(\"end\")))\n";
    check_reports(expected, || {
        let input = String::from("x");
        assert!(generic(unexpected(&input)).is_err());
        assert!(block_on(generic_later(unexpected(&input))).is_err());
        assert!(generic_debug(unexpected(&input)).is_err());
    });
}

#[traced]
#[xray_subsegment]
#[report_errors]
fn locked(lock: &Mutex<u32>) -> LockResult<MutexGuard<'_, u32>> {
    lock.lock()
}

#[traced]
#[report_errors]
fn try_locked(lock: &Mutex<u32>) -> TryLockResult<MutexGuard<'_, u32>> {
    lock.try_lock()
}

#[traced]
#[xray_subsegment]
#[report_errors]
fn sent<'a>(to: &SyncSender<&'a str>, text: &'a str) -> Result<(), SendError<&'a str>> {
    to.send(text)
}

#[traced]
#[report_errors]
fn tried<'a>(to: &SyncSender<&'a str>, text: &'a str) -> Result<(), TrySendError<&'a str>> {
    to.try_send(text)
}

#[traced]
#[report_errors]
fn handed_back<'a>(guard: MutexGuard<'a, u32>) -> Result<(), MutexGuard<'a, u32>> {
    Err(guard)
}

#[test]
fn e04_locks_and_channels_give_back_what_they_hold() {
    let expected = "\
        error try_locked: TryLockError(try_lock failed because the operation would block)\n\
        error handed_back: MutexGuard(1)\n\
        error sent: SendError(sending on a closed channel)\n\
        error tried: TrySendError(sending on a closed channel)\n";
    check_reports(expected, || {
        let lock = Mutex::new(1);
        let guard = locked(&lock).expect("the lock is free");
        assert!(try_locked(&lock).is_err());
        assert!(handed_back(guard).is_err());
        let text = String::from("x");
        let (to, from) = sync_channel(1);
        drop(from);
        assert!(sent(&to, &text).is_err());
        assert!(tried(&to, &text).is_err());
    });
}

#[test]
fn e05_a_borrowed_error_is_reported_by_hand() {
    let input = String::from("x");
    spanwright::report_error(&unexpected(&input));
    let _ = spanwright::report::Builder::dyn_error(&unexpected(&input)).send();
}
