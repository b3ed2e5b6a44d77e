use std::future::{Future, Ready, ready};

use spanwright::{report_errors, traced};

trait Service {
    type Future: Future<Output = Result<u32, String>>;

    fn call(&self) -> Self::Future;
}

struct Now;

impl Service for Now {
    type Future = Ready<Result<u32, String>>;

    #[traced]
    fn call(&self) -> Self::Future {
        ready(Ok(1))
    }
}

struct Logged<S>(S);

impl<S: Service> Service for Logged<S> {
    type Future = S::Future;

    #[report_errors]
    fn call(&self) -> S::Future {
        self.0.call()
    }
}

fn main() {}
