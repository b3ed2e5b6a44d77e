//! A thread as if it were fresh, for captures of tests.

use super::current::{Current, with};
use super::ids::Generator;
use super::scope::Scope;

/// Runs `body` as if this thread were fresh: nothing is current, new traces belong to `tracer`,
/// and ids count up from 1.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "isolation is for tests"))]
pub(crate) fn isolate<R>(tracer: u16, body: impl FnOnce() -> R) -> R {
    struct Restore(u16, Generator);
    impl Drop for Restore {
        fn drop(&mut self) {
            with(|local| {
                local.tracer.set(self.0);
                local.ids.set(self.1);
            });
        }
    }
    let _attached = (Current::NONE.attach(), Scope::NONE.attach());
    let _restore =
        with(|local| Restore(local.tracer.replace(tracer), local.ids.replace(Generator::fixed())));
    body()
}
