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

fn main() {
    near();
    other_words();
    outside();
    sigil(1);
    twice();
    values(1);
}
