use spanwright::traced;

#[traced(ok(fields(n = names.len())))]
fn joined(names: Vec<String>) -> String {
    names.concat()
}

#[traced(err(fields(n = names.len())))]
fn pushed(names: &mut Vec<String>) -> Result<(), String> {
    names.push(String::new());
    Ok(())
}

#[traced(ok(fields(n = count, len = text.len())))]
fn copied(count: u32, text: &str) -> u32 {
    count
}

fn main() {}
