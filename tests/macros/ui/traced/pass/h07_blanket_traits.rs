//! A trait for every type, with a method of each name that generated code could call.
#![allow(dead_code)]

use spanwright::{record, report_errors, traced, xray_subsegment};

macro_rules! everything {
    ($($name:ident)*) => {
        trait Everything {
            $(fn $name(&self, _: Never) -> Never { loop {} })*
        }
        impl<T: ?Sized> Everything for T {}

        trait ByValue: Sized {
            $(fn $name(self) -> Never { loop {} })*
        }
        impl<T> ByValue for T {}
    };
}

struct Never;

everything! {
    split describe check record record_debug record_display record_metadata record_redacted
    is_recording is_segment is_open is_enabled enter enter_under start start_under open begin close
    finish end send none call scoped attach set_outcome set_error_class set_class set_severity error
    text class error_class source into from fail buffer poll as_display as_debug outlives_body
    can_fail has_error has_none asks classify
}

type Outcome<T> = Result<T, std::num::ParseIntError>;

#[traced(fields(n, text = ?text, parity = n % 2), ok(fields(value = *ok)), err(event, fields(of = %err)), ret)]
#[xray_subsegment(annotations(n), metadata(text), class = "error")]
#[report_errors(level = "warning", custom(n, cause = ?err), title = "Parsing failed", panics)]
fn parse(n: u64, text: &str) -> Outcome<u64> {
    record!(late = n, annotations(n), metadata(text));
    Ok(text.parse::<u64>()? + n)
}

#[traced(parent = spanwright::current(), enabled = n > 0, fields(n), err(Debug))]
#[report_errors(when = |_| true, ignore(_), at = "boundary")]
async fn later(n: u64) -> Result<u64, String> {
    Err("late".to_owned())
}

#[report_errors(none)]
#[xray_subsegment(class = |_| unreachable!())]
#[traced]
fn boxed(n: u64) -> std::pin::Pin<Box<dyn Future<Output = Answer> + Send>> {
    Box::pin(async move { Answer(n) })
}

struct Answer(u64);

impl spanwright::span::Fallible for Answer {
    type Ok = u64;
    type Err = u64;

    fn split(&self) -> spanwright::span::Split<'_, u64, u64> {
        if self.0 == 0 { spanwright::span::Split::None } else { spanwright::span::Split::Ok(&self.0) }
    }
}

#[report_errors]
fn carried() -> Result<(), Box<dyn std::error::Error>> {
    Err(Box::new(std::fmt::Error))
}

fn main() {
    let _ = (parse(1, "2"), later(1), boxed(1), carried());
}
