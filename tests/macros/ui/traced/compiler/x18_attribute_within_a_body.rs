use spanwright::traced;

fn main() {
    #[traced]
    let n = 1;
    let f = #[traced]
    |n: u64| n;
    f(n);
}
