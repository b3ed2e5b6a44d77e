//! The webhook that is told about new messages.

use std::net::TcpListener;

use serde_json::json;

use crate::{
    double::{Double, Reply},
    support::{TempFolder, TestApp, keys},
};

async fn app_that_tells(url: &str) -> TestApp {
    let folder = TempFolder::new();
    let data_dir = folder.0.display().to_string();
    let settings = [("CRUDDUR_DATA_DIR", &*data_dir), ("CRUDDUR_NOTIFICATION_WEBHOOK", url)];
    TestApp::start(&settings, Some(folder)).await
}

/// Posts a message, which must be stored and answered whatever the webhook does.
async fn post_with(
    hook: impl Fn() -> Reply + Send + Sync + 'static,
) -> Vec<crate::double::Received> {
    let double = Double::start(move |_| hook());
    let app = app_that_tells(&format!("{}/hook?token=1", double.url())).await;
    let body = json!({"user_receiver_handle": "worf", "message": "a secret between us"});
    let created = app.post("/api/messages", &body).await.assert_ok();
    let conversation = app.get("/api/messages/@worf").await.assert_ok();
    assert_eq!(conversation[2], created);
    app.stop().await;
    let received = double.received();
    double.stop().await;
    let notification = &received[0].body;
    assert_eq!(notification["message_uuid"], created["uuid"]);
    assert_eq!(notification["created_at"], created["created_at"]);
    received
}

#[actix_web::test]
async fn a_new_message_is_told_once_and_without_its_text() {
    let received = post_with(|| Some((200, json!({})))).await;
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].path, "/hook");
    assert_eq!(received[0].header("content-type"), Some("application/json"));
    let notification = &received[0].body;
    let expected = ["created_at", "event", "message_uuid", "receiver", "sender"];
    assert_eq!(keys(notification), expected);
    assert_eq!(notification["event"], "message_created");
    assert_eq!(notification["sender"], "andrewbrown");
    assert_eq!(notification["receiver"], "worf");
}

#[actix_web::test]
async fn a_webhook_that_says_no_or_nothing_costs_nobody_a_message() {
    assert_eq!(post_with(|| Some((500, json!({})))).await.len(), 1);
    assert_eq!(post_with(|| None).await.len(), 1);
}

#[actix_web::test]
async fn a_webhook_that_is_not_there_costs_nobody_a_message() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let app = app_that_tells(&format!("http://{address}")).await;
    let body = json!({"user_receiver_handle": "worf", "message": "hi"});
    app.post("/api/messages", &body).await.assert_ok();
    app.stop().await;
}

#[actix_web::test]
async fn a_message_that_is_refused_is_not_told() {
    let double = Double::start(|_| Some((200, json!({}))));
    let app = app_that_tells(&double.url()).await;
    let body = json!({"user_receiver_handle": "nobody", "message": "hi"});
    app.post("/api/messages", &body).await.assert_refused(404, "user_not_found");
    app.stop().await;
    assert_eq!(double.received().len(), 0);
    double.stop().await;
}

/// Telemetry is wanted, so this build must have it.
#[cfg(all(feature = "http-client", feature = "actix", feature = "console", not(feature = "off")))]
mod traced {
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::TcpStream,
        process::Stdio,
    };

    use actix_web::web;

    use super::*;
    use crate::process::{program, send};

    /// Posts a message to a service of its own; what it answers, and the traces it prints.
    fn post_to_program(webhook: &str) -> (String, String) {
        let folder = TempFolder::new();
        let data_dir = folder.0.display().to_string();
        let mut command = program(&[
            ("CRUDDUR_DATA_DIR", &data_dir),
            ("CRUDDUR_NOTIFICATION_WEBHOOK", webhook),
            ("OTEL_TRACES_EXPORTER", "console"),
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program was built");
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut started = String::new();
        stderr.read_line(&mut started).expect("it says where it listens");
        let address = started.split("http://").nth(1).and_then(|rest| rest.split(' ').next());
        let mut stream =
            TcpStream::connect(address.expect("it says where it listens")).expect("it listens");
        let body = json!({"user_receiver_handle": "worf", "message": "hi"}).to_string();
        let head = "POST /api/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                    traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\
                    content-type: application/json\r\ncontent-length: ";
        write!(stream, "{head}{}\r\n\r\n{body}", body.len()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        send("-TERM", &child);
        // The pipe has to be read for the program to end.
        stderr.read_to_string(&mut String::new()).expect("messages are UTF-8");
        let output = child.wait_with_output().expect("it is our child");
        (answer, String::from_utf8(output.stdout).expect("traces are text"))
    }

    #[actix_web::test]
    async fn the_webhook_learns_of_the_trace_and_the_trace_of_the_webhook() {
        let double = Double::start(|_| Some((503, json!({}))));
        let url = double.url();
        let (answer, traces) = web::block(move || post_to_program(&url)).await.expect("it runs");
        let received = double.received();
        double.stop().await;

        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let traceparent = received[0].header("traceparent").expect("the trace goes on");
        assert!(traceparent.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{traceparent}");
        assert!(!traceparent.contains("b7ad6b7169203331"), "{traceparent}");
        let below = traces.lines().skip_while(|line| !line.contains("create-message"));
        let call: Vec<_> = below.skip_while(|line| !line.contains("POST")).take(2).collect();
        let is_told = |text| call.iter().any(|line| line.contains(text));
        assert!(is_told("client") && is_told("http.response.status_code=503"), "{traces}");
        assert!(traces.contains("app.notified=false"), "{traces}");
    }
}
