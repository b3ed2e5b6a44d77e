use spanwright::traced;

#[traced(ok(fields(n = *ok)))]
#[track_caller]
fn tracked() -> u64 {
    1
}

#[traced(ret)]
fn endless() -> ! {
    loop {}
}

fn main() {
    tracked();
    endless();
}
