use spanwright::traced;

#[traced(fields(#[redcat] a = 1, #[redact(first = 2)] b = 2, #[redact] #[redact] c = 3))]
fn pay() {}

fn main() {
    pay();
}
