//! `cruddur-app doctor`, against a double of the X-Ray daemon.

use std::process::{Command, Output};

fn program(arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cruddur-app"));
    command.env_clear().envs(settings.iter().copied()).arg("doctor").args(arguments);
    let Output { status, stdout, stderr } = command.output().expect("the program was built");
    let text = |bytes| String::from_utf8(bytes).expect("messages are UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[cfg(not(all(feature = "xray", not(feature = "off"))))]
#[test]
fn a_build_without_x_ray_has_no_doctor_for_it() {
    let (code, stdout, stderr) = program(&[], &[]);
    assert_eq!((code, &*stdout), (Some(1), ""));
    assert_eq!(
        stderr,
        "cruddur cannot examine: this build has no X-Ray: \
         it was made without the feature `xray`, or with `off`\n"
    );
}

#[cfg(all(feature = "xray", not(feature = "off")))]
mod with_x_ray {
    use std::net::UdpSocket;

    use actix_web::{rt, web};
    use serde_json::{Value, json};

    use super::*;
    use crate::double::Double;

    /// What the account knows: the rule of the course, for a service of this name.
    fn rules(service: &str) -> Value {
        let rule = |name: &str, priority: u32, service: &str| {
            json!({"SamplingRule": {
                "RuleName": name, "ResourceARN": "*", "Priority": priority, "FixedRate": 0.1,
                "ReservoirSize": 5, "ServiceName": service, "ServiceType": "*", "Host": "*",
                "HTTPMethod": "*", "URLPath": "*", "Version": 1,
            }})
        };
        json!({"SamplingRuleRecords": [rule("Cruddur", 9000, service), rule("Default", 10_000, "*")]})
    }

    /// What the program says about a daemon whose account has these rules.
    fn examine(rules: Value, arguments: &'static [&str]) -> (Option<i32>, String) {
        rt::System::new().block_on(async move {
            let double = Double::start(move |received| match &*received.path {
                "/GetSamplingRules" => Some((200, rules.clone())),
                "/TraceSegments" => Some((200, json!({"UnprocessedTraceSegments": []}))),
                _ => Some((404, Value::Null)),
            });
            // The daemon takes datagrams at the same port.
            let _udp = UdpSocket::bind(double.address).expect("the port is free for datagrams");
            let address = double.address.to_string();
            let running = web::block(move || {
                program(arguments, &[("AWS_XRAY_DAEMON_ADDRESS", address.as_str())])
            });
            let (code, stdout, stderr) = running.await.expect("it runs");
            assert_eq!(stderr, "");
            double.stop().await;
            (code, stdout)
        })
    }

    #[test]
    fn where_all_is_well_the_page_says_which_rule_decides_and_the_status_is_0() {
        let arguments =
            &["GET", "http://localhost:4567/api/activities/home", "-H", "User-Agent: curl/8"];
        let (code, page) = examine(rules("cruddur"), arguments);
        assert_eq!(code, Some(0), "{page}");
        for line in ["Cruddur: decides: 5 a second, then 10 %", "problems: 0, warnings: 0"] {
            assert!(page.lines().any(|found| found.trim() == line), "{line}\n{page}");
        }
        let (_, page) = examine(rules("cruddur"), &["GET", "/api/health-check"]);
        assert!(
            page.ends_with(
                "the middleware leaves /api/health-check out before any rule is asked\n"
            )
        );
    }

    #[test]
    fn the_rule_of_the_course_is_for_another_service_and_that_is_a_warning() {
        let (code, page) = examine(rules("backend-flask"), &[]);
        assert_eq!(code, Some(0), "{page}");
        assert!(page.contains("Cruddur is never for it: ServiceName is \"cruddur\""), "{page}");
        assert!(page.contains("→ No rule of yours can be for this service."), "{page}");
    }

    #[test]
    fn where_nobody_listens_the_status_is_1() {
        let address = UdpSocket::bind("127.0.0.1:0").expect("a free port").local_addr();
        let address = address.expect("it is bound").to_string();
        let settings = [("AWS_XRAY_DAEMON_ADDRESS", &*address)];
        let (code, page, _) = program(&[], &settings);
        assert_eq!(code, Some(1), "{page}");
        assert!(page.contains("problem  tcp"), "{page}");
    }

    #[test]
    fn where_x_ray_is_off_the_program_says_what_turns_it_on() {
        let (code, page, said) = program(&[], &[]);
        assert_eq!((code, &*page), (Some(1), ""));
        assert!(said.starts_with("cruddur cannot examine: X-Ray is off: AWS_XRAY_DAEMON_ADDRESS"));
        let (_, page, _) = program(&[], &[("AWS_XRAY_DAEMON_ADDRESS", "nonsense")]);
        assert!(page.contains("AWS_XRAY_DAEMON_ADDRESS is `nonsense`, expected"), "{page}");
    }
}
