//! Requests where nobody takes reports of errors: a binary of its own, since others do.

use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, rt, web};
use spanwright::actix::Tracing;
use spanwright::testing::{Capture, request_details};

#[test]
fn nothing_is_kept_of_a_request_where_nobody_takes_reports() {
    let ((), spans) = Capture::default().without_reports().run(|| {
        rt::System::new().block_on(async {
            let handler = async |body: String| {
                assert!(!spanwright::current().is_none());
                assert_eq!(request_details(spanwright::current()), None);
                body
            };
            let app = App::new().route("/", web::post().to(handler));
            let app = init_service(app.wrap(Tracing::new().capture_body(100))).await;
            let request = TestRequest::post()
                .insert_header(("content-type", "text/plain"))
                .set_payload("hello");
            assert_eq!(call_and_read_body(&app, request.to_request()).await, "hello");
        });
    });
    assert_eq!(spans.len(), 1);
}
