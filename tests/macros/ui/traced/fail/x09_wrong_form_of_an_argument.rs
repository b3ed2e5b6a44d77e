use spanwright::traced;

#[traced(target = format!("a{}", 1).as_str())]
fn computed() {}

#[traced(name, fields = 1, level("info"), skip_all = true, crate = "facade")]
fn forms() {}

#[traced(fields(1 = 2), fields(a.0), fields(a + 1))]
fn keys(a: (u64, u64)) {
    let _ = a;
}

#[traced(include(n = 1), ok, err(colour = 1))]
fn sections(n: u64) -> u64 {
    n
}

fn main() {
    computed();
    forms();
    keys((1, 2));
    sections(1);
}
