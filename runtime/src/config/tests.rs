//! Settings from environments made by hand.

use super::*;
use crate::record::Level;

fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
    let environment = variables.iter().copied().collect();
    Config::from_environment(&environment).map_err(|error| error.to_string())
}

fn attribute(config: &Config, key: &str) -> Option<String> {
    let mut attributes = config.resource.attributes().iter();
    attributes.find(|attribute| attribute.key == key).map(|found| found.value.to_string())
}

#[test]
fn the_service_name_of_the_environment_wins_over_that_of_the_code() {
    let config = read(&[]).unwrap().service_name("cruddur");
    assert_eq!(attribute(&config, "service.name").as_deref(), Some("cruddur"));

    let config =
        read(&[("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,deployment.environment.name=p%20q")])
            .unwrap()
            .service_name("cruddur");
    assert_eq!(attribute(&config, "service.name").as_deref(), Some("a"));
    assert_eq!(attribute(&config, "deployment.environment.name").as_deref(), Some("p q"));

    let both = [("OTEL_RESOURCE_ATTRIBUTES", "service.name=a"), ("OTEL_SERVICE_NAME", "b")];
    assert_eq!(attribute(&read(&both).unwrap(), "service.name").as_deref(), Some("b"));
}

#[test]
fn a_service_without_a_name_is_named_after_its_program() {
    let config = read(&[]).unwrap();
    assert!(attribute(&config, "service.name").unwrap().starts_with("unknown_service:"));
}

#[test]
fn the_limits_of_spans_win_over_the_general_ones() {
    let config = read(&[
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "20"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "64"),
    ])
    .unwrap();
    let expected = Limits { attributes: 20, value_chars: 64, ..Limits::default() };
    assert_eq!(config.limits, expected);
}

#[test]
fn a_bad_value_names_the_variable_the_value_and_what_was_expected() {
    use crate::propagate::targets::EXPECTED;

    for (variable, value, expected) in [
        ("SPANWRIGHT_LEVEL", "loud", "one of error, warn, info, debug, trace"),
        ("SPANWRIGHT_PROPAGATION_TARGETS", "https://a.example", EXPECTED),
        ("OTEL_SDK_DISABLED", "yes", "true, false, 1 or 0"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "-1", "a number that is not negative"),
        ("SPANWRIGHT_REPORTS_PER_MINUTE", "many", "a number that is not negative"),
        ("SPANWRIGHT_REPORT_PANICS", "some", "one of all, annotated, off"),
        ("SPANWRIGHT_REPORT_SOURCE_LINES", "21", "a number from 0 to 20"),
        ("SPANWRIGHT_SPAN_EVENTS", "some", "one of off, error, warn, info, debug, trace"),
    ] {
        let message = format!("{variable} is `{value}`, expected {expected}");
        assert_eq!(read(&[(variable, value)]).map(|_| ()), Err(message));
    }
    let message = "OTEL_RESOURCE_ATTRIBUTES is `=b`, expected a list like `key=value,key=value` \
                   with percent-encoded values";
    assert_eq!(read(&[("OTEL_RESOURCE_ATTRIBUTES", "a=1,=b")]).map(|_| ()), Err(message.into()));
}

#[test]
fn operators_say_how_much_is_reported() {
    use crate::report::{Panics, Settings};

    let found = |variables: &[(&str, &str)]| {
        let settings = read(variables).unwrap().reports;
        (settings.per_minute, settings.panics, settings.stack.source_lines)
    };
    let default = Settings::default();
    assert_eq!(found(&[]), (default.per_minute, Panics::All, Some(3)));
    let all = [
        ("SPANWRIGHT_REPORTS_PER_MINUTE", "5"),
        ("SPANWRIGHT_REPORT_PANICS", "Annotated"),
        ("SPANWRIGHT_REPORT_SOURCE_LINES", "0"),
    ];
    assert_eq!(found(&all), (5, Panics::Annotated, None));
    let config = read(&all).unwrap().change_reports(|reports| reports.panics = Panics::Off);
    assert_eq!((config.reports.per_minute, config.reports.panics), (5, Panics::Off));
    let config = config.reports(Settings::default());
    assert_eq!(config.reports.per_minute, default.per_minute);
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let config = read(&[("OTEL_SDK_DISABLED", ""), ("SPANWRIGHT_LEVEL", " ")]).unwrap();
    assert!(!config.is_disabled);
    assert_eq!(config.level, Level::Info);
}

#[cfg(feature = "cloudwatch")]
#[test]
fn metrics_without_a_log_group_to_go_to_are_worth_a_word() {
    let namespace = ("CLOUDWATCH_METRICS_NAMESPACE", "Cruddur");
    let expected = "CLOUDWATCH_METRICS_NAMESPACE changes nothing without CLOUDWATCH_LOG_GROUP";
    assert_eq!(read(&[namespace]).unwrap().warnings(), [expected]);
    let config = read(&[namespace, ("CLOUDWATCH_LOG_GROUP", "cruddur")]).unwrap();
    assert_eq!(config.warnings(), [""; 0]);
}

#[cfg(feature = "cloudwatch")]
#[test]
fn a_kind_of_address_that_is_not_looked_for_is_worth_a_word_where_it_is_asked_for() {
    let group = ("CLOUDWATCH_LOG_GROUP", "cruddur");
    let asked = [("AWS_USE_FIPS_ENDPOINT", "True"), ("AWS_USE_DUALSTACK_ENDPOINT", "false"), group];
    let expected = "AWS_USE_FIPS_ENDPOINT is not supported: \
                    name the address of CloudWatch Logs by AWS_ENDPOINT_URL_LOGS";
    assert_eq!(read(&asked).unwrap().warnings(), [expected]);
    assert_eq!(read(&asked[..2]).unwrap().warnings(), [""; 0]);
    let named = ("AWS_ENDPOINT_URL_LOGS", "https://logs-fips.us-east-1.amazonaws.com");
    assert_eq!(read(&[&asked[..], &[named]].concat()).unwrap().warnings(), [""; 0]);
}

#[cfg(feature = "console")]
#[test]
fn the_format_of_the_log_is_the_one_that_is_asked_for() {
    use crate::export::console::LogFormat;

    let format = |variables: &[(&str, &str)]| {
        let environment: Environment = variables.iter().copied().collect();
        let config = read(variables)?.console_if_alone(&environment);
        Ok::<_, String>(config.console.expect("nothing else is configured").log_format)
    };
    for on in [&[][..], &[("SPANWRIGHT_CONSOLE", "1")]] {
        for (found, expected) in [("text", LogFormat::Text), ("JSON", LogFormat::Json)] {
            let asked = [on, &[("SPANWRIGHT_LOG_FORMAT", found)]].concat();
            assert_eq!(format(&asked), Ok(expected));
        }
    }
    assert_eq!(
        format(&[("SPANWRIGHT_LOG_FORMAT", "xml")]).unwrap_err(),
        "SPANWRIGHT_LOG_FORMAT is `xml`, expected text or json"
    );
}

#[cfg(all(feature = "otlp", feature = "console"))]
#[test]
fn the_list_of_exporters_decides_where_spans_go() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    for (list, variables, expected) in [
        ("", vec![endpoint], (true, false)),
        ("none", vec![endpoint], (false, false)),
        ("none", vec![endpoint, ("SPANWRIGHT_CONSOLE", "1")], (false, true)),
        ("otlp", vec![endpoint], (true, false)),
        ("otlp", vec![], (true, false)),
        ("console", vec![endpoint], (false, true)),
        ("OTLP, Console", vec![], (true, true)),
    ] {
        let variables = [vec![("OTEL_TRACES_EXPORTER", list)], variables].concat();
        let config = read(&variables).unwrap();
        assert_eq!((config.has_otlp(), config.has_console()), expected, "{variables:?}");
    }
    let config = read(&[("OTEL_TRACES_EXPORTER", "otlp")]).unwrap();
    let address = config.otlp.map(|settings| settings.endpoint.url().to_owned());
    assert_eq!(address.as_deref(), Some("http://localhost:4318/v1/traces"));
}

#[test]
fn a_list_of_exporters_with_a_stranger_is_an_error() {
    for found in ["zipkin", "otlp,none", "otlp,,console"] {
        let message = format!(
            "OTEL_TRACES_EXPORTER is `{found}`, expected `none`, or a list of `otlp` and `console`"
        );
        assert_eq!(read(&[("OTEL_TRACES_EXPORTER", found)]).map(|_| ()), Err(message));
    }
}

#[test]
fn a_misspelt_variable_is_noticed() {
    let config = read(&[("OTEP_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")]).unwrap();
    assert_eq!(config.warnings().len(), 1);
}

#[test]
fn settings_do_not_print_what_the_environment_holds() {
    let environment: Environment = [("ROLLBAR_ACCESS_TOKEN", "hunter2")].into_iter().collect();
    assert_eq!(format!("{environment:?}"), r#"["ROLLBAR_ACCESS_TOKEN"]"#);
}

#[cfg(feature = "xray")]
#[test]
fn sampling_rules_of_the_code_count_where_the_environment_has_none() {
    use crate::xray::Sampling;

    const RULES: &str =
        r#"{"version": 2, "default": {"fixed_target": 1, "rate": 0.5}, "rules": []}"#;
    let on = [("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000")];
    let sampling = |config: Config| config.xray.map(|settings| settings.sampling);
    let with = sampling(read(&on).unwrap().xray_rules(RULES).unwrap());
    assert!(matches!(with, Some(Sampling::Central(Some(_)))), "{with:?}");
    assert!(sampling(read(&[]).unwrap().xray_rules(RULES).unwrap()).is_none());
    let error = read(&on).unwrap().xray_rules("{}").unwrap_err().to_string();
    assert!(error.contains("sampling rules"), "{error}");
}

#[test]
fn what_becomes_of_the_log_is_as_the_variables_say() {
    use crate::logging::Settings;
    assert_eq!(read(&[]).unwrap().logging, Settings::default());
    let config = read(&[("RUST_LOG", "info,sqlx=warn"), ("SPANWRIGHT_SPAN_EVENTS", "OFF")]);
    let expected =
        Settings { filter: "info,sqlx=warn".to_owned(), span_events: None, has_subscriber: true };
    assert_eq!(config.unwrap().logging, expected);
    let config = read(&[("SPANWRIGHT_SPAN_EVENTS", "debug")]).unwrap();
    assert_eq!(config.logging.span_events, Some(Level::Debug));
}

#[cfg(feature = "tracing")]
#[test]
fn a_filter_that_is_none_names_its_variable_and_what_is_wrong() {
    let message = read(&[("RUST_LOG", "info,sqlx=loud")]).err().unwrap();
    let expected = "RUST_LOG is `info,sqlx=loud`, expected directives such as `info,sqlx=warn`: ";
    assert!(message.starts_with(expected), "{message}");
}
