//! Starts the service for one scenario and speaks HTTP to it.

use std::{collections::HashMap, fs, path::PathBuf, pin::Pin};

use actix_web::{dev::ServerHandle, rt};
use cruddur_app::{db::Db, serve, settings::Settings};
use reqwest::{Client, Method, RequestBuilder, header::HeaderMap};
use serde_json::Value;
use uuid::Uuid;

/// A scenario's name and what it does.
pub(crate) type Scenario = (&'static str, fn(&TestApp) -> Running<'_>);
type Running<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Makes a test on SQLite of each scenario, and the list of them for `postgres`.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[actix_web::test]
            async fn $name() {
                let app = $crate::support::TestApp::on_sqlite().await;
                super::$name(&app).await;
                app.stop().await;
            })*
        }

        pub(crate) const SCENARIOS: &[$crate::support::Scenario] =
            &[$((stringify!($name), |app| Box::pin($name(app)))),*];
    };
}
pub(crate) use scenarios;

/// A folder that is gone when the test is.
pub(crate) struct TempFolder(pub(crate) PathBuf);

impl TempFolder {
    pub(crate) fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("cruddur-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).expect("the temporary folder is writable");
        Self(folder)
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        // Nothing a test could do about a folder that stays.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running service with its own database.
pub(crate) struct TestApp {
    pub(crate) db: Db,
    base: String,
    client: Client,
    server: ServerHandle,
    _folder: Option<TempFolder>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are ASCII here"))
    }

    /// Asserts that the answer is a failure with exactly one code.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        assert_eq!(self.json(), serde_json::json!([code]));
    }

    #[track_caller]
    pub(crate) fn assert_ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        self.json()
    }
}

impl TestApp {
    pub(crate) async fn on_sqlite() -> Self {
        let folder = TempFolder::new();
        let data_dir = folder.0.display().to_string();
        Self::start(&[("CRUDDUR_DATA_DIR", &data_dir)], Some(folder)).await
    }

    pub(crate) async fn on_postgres(url: &str) -> Self {
        Self::start(&[("DATABASE_URL", url)], None).await
    }

    pub(crate) async fn start(settings: &[(&str, &str)], folder: Option<TempFolder>) -> Self {
        let local = [("BIND_ADDRESS", "127.0.0.1"), ("PORT", "0")];
        let environment: HashMap<String, String> = local
            .iter()
            .chain(settings)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let settings = Settings::from_map(&environment).expect("the test's settings are good");
        let db = Db::open(&settings.database).await.expect("the test's database opens");
        let running =
            serve(&settings, db.clone(), std::future::pending()).expect("a free port can be bound");
        let server = running.server.handle();
        rt::spawn(running.server);
        let client = Client::builder().no_proxy().build().expect("a plain client can be built");
        Self { db, base: format!("http://{}", running.address), client, server, _folder: folder }
    }

    pub(crate) async fn stop(self) {
        drop(self.client);
        self.server.stop(true).await;
        self.db.close().await;
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) fn address(&self) -> &str {
        &self.base["http://".len()..]
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn get_as(&self, user: &str, path: &str) -> Answer {
        send(self.request(Method::GET, path).header("x-cruddur-user", user)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, body.to_string()).await
    }

    pub(crate) async fn post_as(&self, user: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, path).header("x-cruddur-user", user);
        send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path);
        send(request.header("content-type", "application/json").body(body)).await
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.text().await.expect("the body arrives whole");
    Answer { status, headers, body }
}

/// The names in a JSON object, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> =
        object.as_object().expect("a JSON object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The value of `key` in each object of an array.
pub(crate) fn column<'a>(array: &'a Value, key: &str) -> Vec<&'a str> {
    let objects = array.as_array().expect("a JSON array").iter();
    objects.map(|object| object[key].as_str().expect("a text")).collect()
}
