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

/// A bad value for each variable of ours that can hold one, and what is expected.
const BAD: &[(&str, &str, &str)] = &[
    ("SPANWRIGHT_CONSOLE", "yes", "expected true, false, 1 or 0"),
    ("SPANWRIGHT_LEVEL", "loud", "expected one of error, warn, info, debug, trace"),
    ("SPANWRIGHT_LOG_FORMAT", "xml", "expected text or json"),
    ("SPANWRIGHT_PROPAGATION_TARGETS", "https://a.example", crate::propagate::targets::EXPECTED),
    ("SPANWRIGHT_REDACTION_KEY", "too short", "is `…`, expected at least 16 bytes"),
    ("SPANWRIGHT_REPORTS_PER_MINUTE", "many", "expected a number that is not negative"),
    ("SPANWRIGHT_REPORT_PANICS", "some", "expected one of all, annotated, off"),
    ("SPANWRIGHT_REPORT_SOURCE_LINES", "21", "expected a number from 0 to 20"),
    ("SPANWRIGHT_SPAN_EVENTS", "some", "expected one of off, error, warn, info, debug, trace"),
    ("SPANWRIGHT_XRAY_BYTES_PER_SECOND", "0", "expected a number of bytes above 0, or unlimited"),
    ("SPANWRIGHT_XRAY_BYTES_PER_SECOND", "20 MB", "expected a number of bytes above 0, or"),
    ("SPANWRIGHT_XRAY_CONNECTIONS", "0", "expected a number from 1 to 64"),
    ("SPANWRIGHT_XRAY_CONNECTIONS", "65", "expected a number from 1 to 64"),
    ("SPANWRIGHT_XRAY_EXCLUDE", "health", "expected a list like"),
    ("SPANWRIGHT_XRAY_HEARTBEAT", "0", "expected a number of seconds above 0"),
    ("SPANWRIGHT_XRAY_RULES", "no/such/file.json", "cannot be read"),
    ("SPANWRIGHT_XRAY_RULES", "Cargo.toml", "names Cargo.toml: sampling rules are not JSON"),
    ("SPANWRIGHT_XRAY_SAMPLING", "some", "expected central, local or as-spans"),
    ("SPANWRIGHT_XRAY_TRANSPORT", "tcp", "expected udp, tcp-acked or auto"),
    ("ROLLBAR_ACCESS_TOKEN", "se\ncret", "no token has"),
    ("ROLLBAR_ENDPOINT", "http://localhost:1:2", "expected an address like"),
    ("ROLLBAR_ENVIRONMENT", LONG, "expected at most 255 characters"),
    ("ROLLBAR_CODE_VERSION", LONG, "expected at most 40 characters"),
    ("CLOUDWATCH_LOG_GROUP", "with space", "expected 1 to 512"),
    ("CLOUDWATCH_LOG_STREAM", "{host}", "`{host}` is not known"),
    ("CLOUDWATCH_LOG_CREATE", "yes", "expected true, false, 1 or 0"),
    ("CLOUDWATCH_LOG_RETENTION_DAYS", "2", "expected one of the numbers of days"),
    ("CLOUDWATCH_METRICS_NAMESPACE", "AWS/Logs", "expected 1 to 255"),
];
const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789\
                    0123456789012345678901234567890123456789012345678901234567890123456789\
                    0123456789012345678901234567890123456789012345678901234567890123456789\
                    0123456789012345678901234567890123456789012345678901234567890123456789";

#[test]
fn a_bad_value_of_ours_is_an_error_that_names_the_variable() {
    for (variable, value, expected) in BAD {
        let on = [
            ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
            ("ROLLBAR_ACCESS_TOKEN", "0123456789"),
            ("CLOUDWATCH_LOG_GROUP", "cruddur"),
        ];
        let on = on.into_iter().filter(|(name, _)| name != variable);
        let variables: Vec<_> = on.chain([(*variable, *value)]).collect();
        let error = read(&variables).map(|_| ()).expect_err(variable);
        assert!(error.starts_with(variable) && error.contains(expected), "{error}");
    }
}

#[test]
fn every_variable_of_ours_is_in_the_table_of_bad_values() {
    let is_ours = |name: &&str| {
        ["SPANWRIGHT_", "ROLLBAR_", "CLOUDWATCH_"].iter().any(|start| name.starts_with(start))
    };
    let is_missing = |name: &&str| !BAD.iter().any(|(variable, ..)| variable == name);
    let missing = near_miss::READ.into_iter().filter(is_ours).filter(is_missing);
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
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
fn metrics_without_a_log_group_are_a_warning() {
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
fn the_code_changes_single_settings_of_x_ray() {
    let on = [("AWS_XRAY_DAEMON_ADDRESS", "a:1"), ("SPANWRIGHT_XRAY_CONNECTIONS", "4")];
    let config = read(&on).unwrap().change_xray(|xray| xray.pace = None);
    let settings = config.xray.expect("it is on");
    assert_eq!((settings.pace, settings.connections), (None, 4));
    assert!(read(&[]).unwrap().change_xray(|xray| xray.pace = None).xray.is_none());
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

mod standard;
