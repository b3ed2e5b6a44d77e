use spanwright::{traced, xray_subsegment};

#[xray_subsegment(annotations(?n, debug = ?n, list = [n, 2], more = &vec![n], pair = (n, 1), shown = %n))]
fn kinds(n: u64) {
    let _ = n;
}

#[traced(fields(#[annotation] ?n, #[annotation] list = [n]))]
fn marked(n: u64) {
    let _ = n;
}

fn main() {
    kinds(1);
    marked(1);
}
