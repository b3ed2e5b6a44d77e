//! Attributes by every path, joined, and nested where they have another name.
#![forbid(unused, warnings, unsafe_code)]

mod imported {
    use spanwright::{report_errors, traced, xray_subsegment};

    #[traced(fields(n))]
    #[xray_subsegment(annotations(n))]
    #[report_errors(custom(n))]
    pub(super) fn pay(n: u64) -> Result<u64, u64> {
        Ok(n)
    }
}

mod other_way {
    use spanwright::{report_errors, traced, xray_subsegment};

    #[report_errors]
    #[xray_subsegment]
    #[traced]
    pub(super) async fn pay(n: u64) -> Result<u64, u64> {
        Ok(n)
    }
}

mod renamed {
    use spanwright::{report_errors as reported, traced as spanned};

    #[spanned]
    #[reported(custom(n))]
    pub(super) fn pay(n: u64) -> Result<u64, u64> {
        Ok(n)
    }
}

mod facade {
    use spanwright_tests_ui::telemetry;

    #[telemetry::report_errors(crate = telemetry, custom(n, err))]
    #[telemetry::traced]
    pub(super) fn pay(n: u64) -> Result<u64, u64> {
        Ok(n)
    }

    #[self::telemetry::traced(crate = self::telemetry)]
    #[inline]
    #[::spanwright_tests_ui::telemetry::report_errors(crate = self::telemetry, none)]
    pub(super) fn refund(n: u64) -> Option<u64> {
        Some(n)
    }
}

mod macros {
    macro_rules! reported {
        ($($name:ident: $when:expr, $ignored:pat, $value:expr, $argument:ident;)*) => {$(
            #[spanwright::report_errors(
                custom($argument, late = $value), when = $when, ignore($ignored)
            )]
            #[spanwright::traced(fields($argument))]
            pub(super) fn $name($argument: u64) -> Result<u64, u64> {
                Err($argument)
            }
        )*};
    }

    reported! {
        pay: is_ours, 1 | 2, err, n;
        refund: |error| *error > 1, 3..=4, err.count_ones(), m;
    }

    fn is_ours(error: &u64) -> bool {
        *error > 1
    }
}

#[spanwright::report_errors]
fn main() -> Result<(), String> {
    let _ = (imported::pay(1), renamed::pay(1), facade::pay(1), facade::refund(1));
    drop(other_way::pay(1));
    let _ = (macros::pay(1), macros::refund(1));
    Ok(())
}
