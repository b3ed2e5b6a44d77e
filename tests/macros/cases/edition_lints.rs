//! L: parameters whose drop order a later edition changes; the crate denies the lints about it.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;

use spanwright::{ErrorClass, report_errors, traced, xray_subsegment};

use super::{Pending, block_on};
use crate::check;

/// A value whose destructor makes the order of drops matter.
struct Noisy(String);

impl Drop for Noisy {
    fn drop(&mut self) {
        self.0.clear();
    }
}

struct Pair {
    left: Noisy,
    right: Noisy,
    n: u32,
}

fn pair(n: u32) -> Pair {
    Pair { left: Noisy("left".to_owned()), right: Noisy("right".to_owned()), n }
}

#[traced]
async fn moved(pair: Pair) -> usize {
    let left = pair.left;
    Pending(1).await;
    left.0.len()
}

#[traced(fields(pair.n), ok(fields(length = *ok)))]
#[xray_subsegment(annotations(pair.n), class = |_| ErrorClass::Error)]
#[report_errors(custom(pair.n, why = err))]
async fn recorded(pair: Pair) -> Result<usize, String> {
    let right = pair.right;
    Pending(1).await;
    Ok(right.0.len())
}

#[traced(fields(pair.n, length = { let left = &pair.left; left.0.len() }), enabled = pair.n > 0)]
fn plain(pair: Pair) -> Result<usize, Box<dyn Error>> {
    let left = pair.left;
    Ok(left.0.len())
}

#[traced(fields(first.n))]
fn patterns((mut first, _): (Pair, Pair)) -> Noisy {
    first.n += 1;
    first.right
}

impl Pair {
    #[traced(fields(self.n))]
    async fn partly(self) -> usize {
        let left = self.left;
        Pending(1).await;
        left.0.len()
    }

    #[traced(fields(self.n), ok(fields(length = *ok)))]
    fn opaque(self) -> impl Future<Output = usize> {
        let left = self.left;
        async move { left.0.len() }
    }

    #[traced(fields(self.n), ok(fields(length = *ok)))]
    fn boxed(self) -> Pin<Box<dyn Future<Output = usize> + Send>> {
        let right = self.right;
        Box::pin(async move { right.0.len() })
    }

    #[traced(fields(other.n))]
    async fn replaced(&mut self, other: Pair) {
        self.left = other.left;
    }
}

#[test]
fn l01_parameters_that_are_partly_moved_are_quiet() {
    let expected = "moved\nrecorded pair.n=1 length=5\nplain pair.n=2 length=4\npatterns first.n=3\n\
                    partly n=4\nopaque n=5 length=4\nboxed n=6 length=5\nreplaced other.n=7\n";
    check(expected, || {
        assert_eq!(block_on(moved(pair(0))), 4);
        assert_eq!(block_on(recorded(pair(1))), Ok(5));
        assert!(matches!(plain(pair(2)), Ok(4)));
        assert_eq!(patterns((pair(3), pair(3))).0, "right");
        assert_eq!(block_on(pair(4).partly()), 4);
        assert_eq!(block_on(pair(5).opaque()), 4);
        assert_eq!(block_on(pair(6).boxed()), 5);
        let mut whole = pair(0);
        block_on(whole.replaced(pair(7)));
        assert_eq!(whole.left.0, "left");
    });
}
