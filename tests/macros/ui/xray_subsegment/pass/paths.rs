//! Attributes by every path, joined, and nested where they have another name.
#![forbid(unused, warnings)]

mod imported {
    use spanwright::{traced, xray_subsegment};

    #[traced(fields(n))]
    #[xray_subsegment(annotations(n))]
    pub(super) fn pay(n: u64) -> u64 {
        n
    }
}

mod other_way {
    use spanwright::{traced, xray_subsegment};

    #[xray_subsegment]
    #[traced]
    pub(super) async fn pay(n: u64) -> u64 {
        n
    }
}

mod renamed {
    use spanwright::{traced as spanned, xray_subsegment as segment};

    #[spanned]
    #[segment(annotations(n))]
    pub(super) fn pay(n: u64) -> u64 {
        n
    }
}

mod facade {
    use spanwright_tests_ui::telemetry;

    #[telemetry::xray_subsegment(crate = telemetry, metadata(n))]
    #[telemetry::traced]
    pub(super) fn pay(n: u64) -> u64 {
        telemetry::record!(crate = telemetry; metadata("late", n), annotations(n));
        n
    }

    #[self::telemetry::traced(crate = self::telemetry)]
    #[inline]
    #[::spanwright_tests_ui::telemetry::xray_subsegment(crate = self::telemetry)]
    pub(super) fn refund(n: u64) -> u64 {
        n
    }
}

mod macros {
    macro_rules! subsegments {
        ($($name:ident: $failure:expr, $argument:ident;)*) => {$(
            #[spanwright::xray_subsegment(annotations($argument), class = $failure)]
            #[spanwright::traced(fields($argument))]
            pub(super) fn $name($argument: u64) -> Result<u64, u64> {
                Err($argument)
            }
        )*};
    }

    subsegments! { pay: "error", n; returned: spanwright::ErrorClass::Throttle, n; refund: |_err| spanwright::ErrorClass::Fault, m; }
}

fn main() {
    imported::pay(1);
    drop(other_way::pay(1));
    renamed::pay(1);
    facade::pay(1);
    facade::refund(1);
    let _ = (macros::pay(1), macros::returned(1), macros::refund(1));
}
