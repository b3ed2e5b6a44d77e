//! `cruddur-app provision`, against a double of X-Ray and CloudWatch Logs.

use std::process::{Command, Output};

fn program(arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cruddur-app"));
    command.env_clear().envs(settings.iter().copied()).args(arguments);
    command.output().expect("the program was built")
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("messages are UTF-8")
}

#[test]
fn an_unknown_argument_ends_the_program_and_says_what_there_is() {
    for arguments in [&["provison"][..], &["provision", "provison"]] {
        let Output { status, stdout, stderr } = program(arguments, &[]);
        assert!(!status.success());
        assert_eq!(text(stdout), "");
        assert_eq!(
            text(stderr),
            "cruddur cannot run: unknown argument `provison`, \
             expected no argument to serve, `provision [--dry-run]`, or \
             `doctor [METHOD URL [-H 'NAME: VALUE']…]`\n"
        );
    }
}

#[cfg(not(all(feature = "xray", feature = "cloudwatch")))]
#[test]
fn a_build_without_what_it_makes_says_so() {
    let Output { status, stderr, .. } = program(&["provision"], &[]);
    assert!(!status.success());
    assert_eq!(
        text(stderr),
        "cruddur cannot provision: this build was made without the feature `xray` or `cloudwatch`\n"
    );
}

#[cfg(all(feature = "xray", feature = "cloudwatch"))]
mod with_aws {
    use std::{
        collections::HashMap,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use cruddur_app::provision::{Options, run};
    use serde_json::{Value, json};

    use super::*;
    use crate::double::{Double, Received, Reply};

    /// What the double has, and what it says before it does anything.
    #[derive(Default)]
    struct Account {
        groups: Vec<Value>,
        rules: Vec<Value>,
        log_groups: Vec<Value>,
        refusals: Vec<(u16, Value)>,
    }

    impl Account {
        fn answer(&mut self, received: &Received) -> (u16, Value) {
            if let Some(refusal) = self.refusals.pop() {
                return refusal;
            }
            let body = &received.body;
            match operation(received) {
                "Groups" => return (200, json!({"Groups": self.groups})),
                // On two pages, the first without anything of ours.
                "GetSamplingRules" if body["NextToken"].is_null() => {
                    let default = json!({"SamplingRule": {"RuleName": "Default"}});
                    return (200, json!({"SamplingRuleRecords": [default], "NextToken": "2"}));
                }
                "GetSamplingRules" => return (200, json!({"SamplingRuleRecords": self.rules})),
                "DescribeLogGroups" => return (200, json!({"logGroups": self.log_groups})),
                "CreateGroup" => self.groups.push(body.clone()),
                "UpdateGroup" => self.groups[0].clone_from(body),
                "CreateSamplingRule" => self.rules.push(body.clone()),
                "UpdateSamplingRule" => {
                    self.rules[0]["SamplingRule"] = body["SamplingRuleUpdate"].clone();
                }
                "CreateLogGroup" => self.log_groups.push(body.clone()),
                "PutRetentionPolicy" => {
                    self.log_groups[0]["retentionInDays"] = body["retentionInDays"].clone();
                }
                other => return (400, json!({"__type": "UnknownOperation", "message": other})),
            }
            (200, json!({}))
        }
    }

    fn operation(received: &Received) -> &str {
        let target = received.header("x-amz-target").map(|target| target.rsplit('.').next());
        target.flatten().unwrap_or(&received.path[1..])
    }

    /// Runs once; the lines it wrote or its error, and the operations in their order.
    async fn provision(account: &Arc<Mutex<Account>>) -> (Result<String, String>, Vec<Received>) {
        let theirs = Arc::clone(account);
        let double = Double::start(move |received| -> Reply {
            Some(theirs.lock().expect("nobody panicked").answer(received))
        });
        let result = provision_at(&double.url(), false, &[]).await;
        let received = double.received();
        double.stop().await;
        (result, received)
    }

    /// Runs against this address, with these variables besides those of AWS.
    async fn provision_at(
        url: &str,
        is_dry_run: bool,
        settings: &[(&str, &str)],
    ) -> Result<String, String> {
        let mut variables = vec![("AWS_DEFAULT_REGION", "ca-central-1"), ("AWS_ENDPOINT_URL", url)];
        variables.extend(settings);
        if !is_dry_run {
            variables.extend([
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "hunter2"),
                ("AWS_SESSION_TOKEN", "the-token"),
            ]);
        }
        let variables: HashMap<_, _> = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut out = Vec::new();
        let options = Options { is_dry_run, first_pause: Duration::ZERO };
        let done = run(&|name| variables.get(name).cloned(), options, &mut out).await;
        done.map(|()| text(out)).map_err(|error| error.to_string())
    }

    fn operations(received: &[Received]) -> Vec<&str> {
        received.iter().map(operation).collect()
    }

    const LOOKS: [&str; 4] =
        ["Groups", "GetSamplingRules", "GetSamplingRules", "DescribeLogGroups"];

    const NOTHING_TO_DO: &str = "X-Ray group `Cruddur`: nothing to do\n\
                                 X-Ray sampling rule `Cruddur`: nothing to do\n\
                                 log group `cruddur`: nothing to do\n";

    #[actix_web::test]
    async fn the_first_run_makes_everything_and_the_second_nothing() {
        let account = Arc::default();
        let (said, received) = provision(&account).await;
        assert_eq!(
            said.as_deref(),
            Ok("X-Ray group `Cruddur`: created\n\
                X-Ray sampling rule `Cruddur`: created\n\
                log group `cruddur`: created\n")
        );
        assert_eq!(
            operations(&received),
            [
                "Groups",
                "CreateGroup",
                "GetSamplingRules",
                "GetSamplingRules",
                "CreateSamplingRule",
                "DescribeLogGroups",
                "CreateLogGroup",
                "PutRetentionPolicy"
            ]
        );
        {
            let account = account.lock().unwrap();
            let filter = "service(\"backend-flask\")";
            let group = json!({"GroupName": "Cruddur", "FilterExpression": filter});
            assert_eq!(account.groups, [group]);
            let file: Value =
                serde_json::from_str(include_str!("../../aws/json/xray.json")).unwrap();
            assert_eq!(account.rules, [file]);
            let log_group = json!({"logGroupName": "cruddur", "retentionInDays": 7});
            assert_eq!(account.log_groups, [log_group]);
        }
        let (said, received) = provision(&account).await;
        assert_eq!(said.as_deref(), Ok(NOTHING_TO_DO));
        assert_eq!(operations(&received), LOOKS);
    }

    #[actix_web::test]
    async fn every_request_is_signed_for_its_service_and_region() {
        let (_, received) = provision(&Arc::default()).await;
        for request in &received {
            let service = if request.path == "/" { "logs" } else { "xray" };
            let authorization = request.header("authorization").unwrap();
            let scope = format!("/ca-central-1/{service}/aws4_request, SignedHeaders=");
            assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
            assert!(authorization.contains(&scope), "{authorization}");
            assert_eq!(request.header("x-amz-security-token"), Some("the-token"));
            assert_eq!(request.header("x-amz-date").map(str::len), Some(16));
            assert!(!format!("{request:?}").contains("hunter2"));
            let content_type = request.header("content-type").unwrap();
            let is_target = request.header("x-amz-target").is_some();
            assert_eq!(content_type == "application/x-amz-json-1.1", is_target);
        }
    }

    #[actix_web::test]
    async fn what_is_different_is_changed_and_told() {
        let account: Arc<Mutex<Account>> = Arc::default();
        provision(&account).await.0.unwrap();
        {
            let mut account = account.lock().unwrap();
            account.groups[0]["FilterExpression"] = json!("service(\"other\")");
            account.rules[0]["SamplingRule"]["FixedRate"] = json!(0.05);
            account.rules[0]["SamplingRule"]["ReservoirSize"] = json!(1);
            account.log_groups[0] = json!({"logGroupName": "cruddur"});
            account.log_groups.insert(0, json!({"logGroupName": "cruddur-other"}));
            account.log_groups.swap(0, 1);
        }
        let (said, received) = provision(&account).await;
        assert_eq!(
            said.as_deref(),
            Ok("X-Ray group `Cruddur`: updated, its filter was `service(\"other\")`\n\
                X-Ray sampling rule `Cruddur`: updated, FixedRate was 0.05, ReservoirSize was 1\n\
                log group `cruddur`: updated, it kept its lines for ever\n")
        );
        let changes: Vec<_> =
            operations(&received).into_iter().filter(|name| !LOOKS.contains(name)).collect();
        assert_eq!(changes, ["UpdateGroup", "UpdateSamplingRule", "PutRetentionPolicy"]);
        let update = &received.iter().find(|it| it.path == "/UpdateSamplingRule").unwrap().body;
        assert!(update["SamplingRuleUpdate"]["Version"].is_null(), "it cannot be changed");
        assert_eq!(provision(&account).await.0.as_deref(), Ok(NOTHING_TO_DO));
    }

    #[actix_web::test]
    async fn a_log_group_that_somebody_else_makes_meanwhile_gets_its_retention() {
        let account: Arc<Mutex<Account>> = Arc::default();
        provision(&account).await.0.unwrap();
        let log_groups = std::mem::take(&mut account.lock().unwrap().log_groups);
        let theirs = Arc::clone(&account);
        let double = Double::start(move |received| -> Reply {
            let mut account = theirs.lock().unwrap();
            if operation(received) == "CreateLogGroup" {
                account.log_groups = vec![json!({"logGroupName": "cruddur"})];
                let code = "com.amazonaws.logs#ResourceAlreadyExistsException";
                return Some((400, json!({"__type": code, "message": "it is there"})));
            }
            Some(account.answer(received))
        });
        provision_at(&double.url(), false, &[]).await.unwrap();
        double.stop().await;
        assert_eq!(account.lock().unwrap().log_groups, log_groups);
    }

    #[actix_web::test]
    async fn the_log_group_is_the_one_that_the_service_writes_to_and_keeps_its_lines_as_long_as_asked()
     {
        let account: Arc<Mutex<Account>> = Arc::default();
        let theirs = Arc::clone(&account);
        let double = Double::start(move |received| -> Reply {
            Some(theirs.lock().expect("nobody panicked").answer(received))
        });
        let settings =
            [("CLOUDWATCH_LOG_GROUP", "/ecs/cruddur"), ("CLOUDWATCH_LOG_RETENTION_DAYS", "1")];
        let said = provision_at(&double.url(), false, &settings).await.unwrap();
        assert!(said.ends_with("log group `/ecs/cruddur`: created\n"), "{said}");
        let shorter = [settings[0], ("CLOUDWATCH_LOG_RETENTION_DAYS", "")];
        let said = provision_at(&double.url(), false, &shorter).await.unwrap();
        let expected = "log group `/ecs/cruddur`: updated, it kept its lines for a day\n";
        assert!(said.ends_with(expected), "{said}");
        let said = provision_at(&double.url(), true, &settings).await.unwrap();
        let expected = "{\"logGroupName\":\"/ecs/cruddur\",\"retentionInDays\":1}";
        assert!(said.contains(expected), "{said}");
        double.stop().await;
        let log_group = json!({"logGroupName": "/ecs/cruddur", "retentionInDays": 7});
        assert_eq!(account.lock().unwrap().log_groups, [log_group]);
    }

    #[actix_web::test]
    async fn a_throttled_call_is_made_again() {
        let account: Arc<Mutex<Account>> = Arc::default();
        provision(&account).await.0.unwrap();
        let throttled = (429, json!({"__type": "ThrottledException", "Message": "slow down"}));
        account.lock().unwrap().refusals = vec![throttled.clone(); 4];
        let (said, received) = provision(&account).await;
        assert_eq!(said.as_deref(), Ok(NOTHING_TO_DO));
        assert_eq!(received.len(), LOOKS.len() + 4);

        account.lock().unwrap().refusals = vec![throttled; 5];
        let (said, received) = provision(&account).await;
        assert_eq!(
            said.unwrap_err(),
            "GetGroups was refused: ThrottledException: slow down (status 429); \
             it was tried 5 times, and what was done so far stays done"
        );
        assert_eq!(received.len(), 5 + LOOKS.len() - 1);
    }

    #[actix_web::test]
    async fn a_denied_call_names_the_permission_and_is_not_made_again() {
        let account: Arc<Mutex<Account>> = Arc::default();
        let denied = json!({"message": "User is not authorized"});
        account.lock().unwrap().refusals = vec![(403, denied)];
        let (said, received) = provision(&account).await;
        assert_eq!(
            said.unwrap_err(),
            "GetGroups was refused: User is not authorized (status 403); \
             whoever signs needs the permission `xray:GetGroups`"
        );
        assert_eq!(operations(&received).iter().filter(|name| **name == "Groups").count(), 1);
    }

    #[actix_web::test]
    async fn wrong_keys_and_clocks_are_not_taken_for_a_missing_permission() {
        for (code, message, hint) in [
            ("UnrecognizedClientException", "no such token", "AWS does not know the access key"),
            (
                "InvalidSignatureException",
                "Signature expired: 2020",
                "the clock of this machine is off",
            ),
            ("ExpiredTokenException", "old", "the credentials have expired: renew them"),
        ] {
            let account: Arc<Mutex<Account>> = Arc::default();
            let refused = json!({"__type": code, "message": message});
            account.lock().unwrap().refusals = vec![(403, refused)];
            let error = provision(&account).await.0.unwrap_err();
            let expected = format!("GetGroups was refused: {code}: {message} (status 403); {hint}");
            assert_eq!(error, expected);
        }
    }

    #[actix_web::test]
    async fn who_may_do_nothing_at_xray_still_gets_the_log_group() {
        let account: Arc<Mutex<Account>> = Arc::default();
        let theirs = Arc::clone(&account);
        let double = Double::start(move |received| -> Reply {
            if received.path != "/" {
                return Some((403, json!({"message": "User is not authorized"})));
            }
            Some(theirs.lock().expect("nobody panicked").answer(received))
        });
        let error = provision_at(&double.url(), false, &[]).await.unwrap_err();
        double.stop().await;
        assert!(error.contains("`xray:GetGroups`"), "{error}");
        let log_group = json!({"logGroupName": "cruddur", "retentionInDays": 7});
        assert_eq!(account.lock().unwrap().log_groups, [log_group]);
    }

    #[actix_web::test]
    async fn a_dry_run_shows_every_request_and_sends_none() {
        let double = Double::start(|_| Some((500, json!({}))));
        let said = provision_at(&double.url(), true, &[]).await.unwrap();
        assert_eq!(double.received().len(), 0);
        double.stop().await;
        for operation in ["Groups", "CreateGroup", "GetSamplingRules", "UpdateSamplingRule"] {
            assert!(said.contains(&format!("/{operation}\n")), "{operation} in {said}");
        }
        for operation in ["DescribeLogGroups", "CreateLogGroup", "PutRetentionPolicy"] {
            let header = format!("x-amz-target: Logs_20140328.{operation}\n");
            assert!(said.contains(&header), "{operation} in {said}");
        }
        assert!(said.contains("\"FilterExpression\":\"service(\\\"backend-flask\\\")\""));
        assert!(!said.contains("authorization"));
    }

    #[test]
    fn a_dry_run_of_the_program_needs_no_credentials() {
        let Output { status, stdout, .. } =
            program(&["provision", "--dry-run"], &[("AWS_REGION", "cn-north-1")]);
        assert!(status.success());
        let said = text(stdout);
        let first = "POST https://xray.cn-north-1.amazonaws.com.cn/Groups\n\
                     content-type: application/json\n\n{}\n";
        assert!(said.contains(first), "{said}");
        assert!(said.contains("POST https://logs.cn-north-1.amazonaws.com.cn/\n"), "{said}");
    }

    #[test]
    fn what_is_missing_or_wrong_in_the_settings_is_named() {
        let at_home = [("HOME", "/nowhere")];
        for (settings, expected) in [
            (
                &[][..],
                "no AWS region: set AWS_REGION or AWS_DEFAULT_REGION, or `region` in the profile of ~/.aws/config",
            ),
            (
                &[("AWS_REGION", "Ireland")],
                "AWS_REGION is `Ireland`, expected a region such as us-east-1",
            ),
            (
                &[("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "AKID")],
                "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: both together are credentials",
            ),
            (
                &[("CLOUDWATCH_LOG_GROUP", "aws/cruddur")],
                "CLOUDWATCH_LOG_GROUP is `aws/cruddur`, \
                 expected 1 to 512 of the characters a-z A-Z 0-9 . - _ / #, not beginning with `aws/`",
            ),
            (
                &[("CLOUDWATCH_LOG_RETENTION_DAYS", "2")],
                "CLOUDWATCH_LOG_RETENTION_DAYS is `2`, expected one of the numbers of days that CloudWatch Logs knows: \
                 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
            ),
        ] {
            let settings: Vec<_> = at_home.iter().chain(settings).copied().collect();
            let Output { status, stderr, .. } = program(&["provision"], &settings);
            assert!(!status.success());
            assert_eq!(text(stderr), format!("cruddur cannot provision: {expected}\n"));
        }
    }
}
