use spanwright::{report_errors, traced, xray_subsegment};

const NAME: &str = "name";

struct Order;

impl Order {
    const NAME: &'static str = "order";

    #[traced(Self::NAME)]
    fn positional() {}
}

#[traced(NAME)]
fn constant() {}

#[traced(concat!("a", "b"))]
fn built() {}

#[report_errors("Checkout failed")]
fn titled() -> Result<(), u64> {
    Ok(())
}

#[traced(format!("order {n}"))]
fn formatted(n: u64) {}

#[traced(name = lookup(n).await, target = format!("orders of {n}"))]
async fn awaited(n: u64) {}

#[traced(target = n)]
fn argument(n: &'static str) {}

#[xray_subsegment(format!("order {n}"))]
fn subsegment(n: u64) {}

#[xray_subsegment(name = n)]
fn subsegment_of_argument(n: &'static str) {}

#[report_errors(format!("order {n}"))]
fn title(n: u64) -> Result<(), u64> {
    Ok(())
}

#[traced(name: "order", level: "info")]
fn colons() {}

#[traced(properties = { "n": "{n}" }, short_name = true, enter_on_poll = true)]
fn of_fastrace(n: u64) {}

#[xray_subsegment(properties = { "n": "{n}" }, err = "error", level = "info")]
fn of_others(n: u64) {}

#[report_errors(properties = { "n": "{n}" }, ok(n), class = "error", error_if = |_| true)]
fn of_reports(n: u64) -> Result<(), u64> {
    Ok(())
}

#[traced(fields(n = ok.len(), code = err.code(), all = ?ret, text = format!("{ok}")))]
fn too_early() -> Result<String, u64> {
    Ok(String::new())
}

#[traced(ok(fields(code = err.code())), fields(ok))]
fn wrong_section() -> Result<String, u64> {
    Ok(String::new())
}

#[xray_subsegment(annotations(n = ok.len()), metadata(code = err.code()))]
fn too_early_too() -> Result<String, u64> {
    Ok(String::new())
}

#[report_errors(custom(rows = ok.len(), code = err))]
fn never() -> Result<String, u64> {
    Ok(String::new())
}

#[traced(fields(tier = tracing::field::Empty))]
fn declared() {}

#[traced(fields(unused_beside_a_mistake, oops = ?))]
fn noise(unused_beside_a_mistake: u64) {}

fn ok() -> u64 {
    1
}

#[traced(fields(a = ok(), b = Some(1).map(|err: u64| err + 1), c = 1))]
fn no_mistake() {}

fn main() {
    Order::positional();
    let _ = (awaited, argument, subsegment, subsegment_of_argument, title);
    let _ = (constant, built, titled, formatted, colons, of_fastrace, of_others, of_reports);
    let _ = (too_early, wrong_section, too_early_too, never, declared, noise, no_mistake, ok, NAME);
}
