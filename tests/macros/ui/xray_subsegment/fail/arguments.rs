use spanwright::xray_subsegment;

#[xray_subsegment(nmae = "a", annotation(a = 1))]
fn near() {}

#[xray_subsegment(fields(a = 1), ok(fields(a = 1)), throttle_if = |err| true, user = "a")]
fn other_words() {}

#[xray_subsegment(user.id = 1)]
fn outside() {}

#[xray_subsegment(%n)]
fn sigil(n: u64) {
    let _ = n;
}

#[xray_subsegment(name = "a", name = "b", annotations(a = 1), annotations(b = 1))]
fn twice() {}

#[xray_subsegment(annotations(usr), metadata(limit, password = 1, leaving = usr?))]
fn values(user: u64) {
    let _ = user;
}

#[xray_subsegment(
    annotations(a = 1), metadata(b = 1),
    ok(annotations(a = ok.len(), kc), metadata("x", b = 1)), ret(metadata(b = 2, a = oh), level = 1),
)]
fn sections(ok: &str) -> u64 {
    ok.len() as u64
}

#[xray_subsegment(ok, ret = 1, err(metadata(a = 1)))]
fn forms() -> u64 {
    1
}

#[xray_subsegment(ret(metadata(ret)))]
fn never() -> ! {
    loop {}
}

fn main() {
    near();
    other_words();
    outside();
    sigil(1);
    twice();
    values(1);
    sections("");
    forms();
    never();
}
