//! Local names that shadow the crate's, and the crate under another path.

mod shadowed {
    mod spanwright {}
    mod traced {}

    #[::spanwright::traced(fields(n), ok(fields(m = *ok)))]
    pub(super) fn pay(n: u64) -> u64 {
        ::spanwright::record!(late = n);
        n
    }
}

mod facade {
    pub(super) use spanwright_tests_ui::telemetry;

    #[telemetry::traced(crate = telemetry, fields(n))]
    pub(super) async fn pay(n: u64) -> Result<u64, String> {
        telemetry::record!(crate = telemetry; late = n);
        Ok(n)
    }

    #[telemetry::traced(crate = self::telemetry)]
    pub(super) fn refund(n: u64) -> u64 {
        n
    }

    #[spanwright::traced(crate = ::spanwright_tests_ui::telemetry)]
    pub(super) fn list(n: u64) -> u64 {
        n
    }
}

fn main() {
    shadowed::pay(1);
    drop(facade::pay(1));
    facade::refund(1);
    facade::list(1);
}
