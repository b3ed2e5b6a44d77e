//! The embedded database by its URL.

use crate::support::{TempFolder, TestApp};

async fn has_activities(url: &str) -> bool {
    let app = TestApp::start(&[("DATABASE_URL", url)], None).await;
    let answers = [app.get("/api/activities/home").await, app.get("/api/activities/home").await];
    app.stop().await;
    answers.iter().all(|answer| answer.status == 200 && answer.body.contains("handle"))
}

#[actix_web::test]
async fn an_sqlite_url_names_a_file_that_is_made() {
    let folder = TempFolder::new();
    let file = folder.0.join("new/cruddur.db");
    assert!(has_activities(&format!("sqlite://{}", file.display())).await);
    assert!(file.exists());
}

#[actix_web::test]
async fn an_sqlite_database_may_be_in_memory() {
    assert!(has_activities("sqlite::memory:").await);
}
