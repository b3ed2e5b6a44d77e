use spanwright::traced;

use std::rc::Rc;

#[traced(fields(n = *n))]
async fn pay(n: Rc<u64>) -> u64 {
    std::future::ready(()).await;
    *n
}

fn spawn<F: Future + Send>(_: F) {}

fn main() {
    spawn(pay(Rc::new(1)));
}
