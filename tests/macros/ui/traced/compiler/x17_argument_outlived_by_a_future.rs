use std::future::{Future, ready};
use std::pin::Pin;

use spanwright::{ErrorClass, traced, xray_subsegment};

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[traced(ok(fields(len = name.len())))]
fn pinned(name: &str) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    let _ = name;
    Box::pin(ready(1))
}

#[traced(ok(fields(len = name.len())))]
fn boxed(name: &str) -> Box<dyn Future<Output = u32>> {
    let _ = name;
    Box::new(ready(1))
}

#[traced(ret(fields(len = name.len())))]
fn aliased(name: &str) -> Boxed<'static, u32> {
    let _ = name;
    Box::pin(ready(1))
}

#[traced(err(fields(len = name.len())))]
fn opaque(name: &str) -> impl Future<Output = Result<u32, u32>> + 'static + use<> {
    let _ = name;
    ready(Ok(1))
}

#[xray_subsegment(class = |err| if name.len() == *err { ErrorClass::Fault } else { ErrorClass::Error })]
fn classified(name: &str) -> Pin<Box<dyn Future<Output = Result<u32, usize>> + Send>> {
    let _ = name;
    Box::pin(ready(Ok(1)))
}

struct Order(u32);

impl Order {
    #[traced(ok(fields(len = name.len())))]
    fn borrowed(&self, name: &str) -> Pin<Box<dyn Future<Output = u32> + '_>> {
        let _ = name;
        Box::pin(async move { self.0 })
    }

    #[traced(ok(fields(len = name.len())))]
    fn aliased(&self, name: &str) -> Boxed<'_, u32> {
        let _ = name;
        Box::pin(async move { self.0 })
    }
}

fn main() {
    drop((pinned(""), boxed(""), aliased(""), opaque(""), classified("")));
    drop((Order(1).borrowed(""), Order(1).aliased("")));
}
