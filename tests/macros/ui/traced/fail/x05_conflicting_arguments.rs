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

#[traced(err(Display, Debug), ret(Debug = 1))]
fn formatted() -> u64 {
    1
}

fn main() {
    formatted();
    tracked();
    endless();
}
