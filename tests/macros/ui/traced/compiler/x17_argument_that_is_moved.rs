use spanwright::{traced, xray_subsegment};

#[traced(ok(fields(n = names.len())))]
fn count(names: Vec<String>) -> Result<usize, u64> {
    Ok(names.into_iter().count())
}

#[traced(err(fields(text = format!("{text}"))))]
async fn later(text: String) -> Result<usize, u64> {
    Err(text.len() as u64)
}

#[xray_subsegment(ret(metadata(first = list.first())))]
fn future(list: &mut Vec<u64>) -> impl Future<Output = u64> {
    std::future::ready(list.len() as u64)
}

#[traced(ok(fields(n, len = text.len(), names = list.iter().map(|names| names + 1).count())))]
fn no_mistake(n: u64, text: &str, list: &[u64], names: String) -> u64 {
    drop(names);
    n
}

fn main() {
    let _ = (count, later, future, no_mistake);
}
