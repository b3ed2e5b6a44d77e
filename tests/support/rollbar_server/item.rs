//! What an item must have, and how long its parts may be.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>. Where the page names a type and not what
//! becomes of another one, the item is refused: a client has no reason to send it.

use serde_json::Value;

const LEVELS: &[&str] = &["critical", "error", "warning", "info", "debug"];

const TELEMETRY_TYPES: &[&str] = &["log", "network", "dom", "navigation", "error", "manual"];

/// Platforms that are reported by tokens of the scope `post_client_item`.
const CLIENT_PLATFORMS: &[&str] = &["browser", "android", "ios", "flash", "client"];

const SUBJECTS: &[&str] = &["trace", "trace_chain", "message", "crash_report"];

type Checked = Result<(), String>;

/// A value with the way to it.
struct Place<'a> {
    path: String,
    value: &'a Value,
}

/// Checks the body of a request.
///
/// # Errors
/// The first field that is missing or not as it must be.
pub fn check(payload: &Value) -> Checked {
    let root = Place { path: String::new(), value: payload };
    let data = root.need("data")?;
    data.object()?;
    data.need("environment")?.text(255)?;
    check_body(&data.need("body")?)?;
    check_words(&data)?;
    data.each(&["timestamp"], Place::whole)?;
    data.each(&["custom", "client", "notifier", "request", "server"], Place::object)?;
    for (key, fields) in [("notifier", &["name", "version"][..]), ("server", SERVER)] {
        if let Some(place) = data.find(key) {
            place.each(fields, |field| field.text(usize::MAX))?;
        }
    }
    if let Some(request) = data.find("request") {
        request.each(&["url", "method", "query_string", "body", "user_ip"], |place| {
            place.text(usize::MAX)
        })?;
        request.each(&["headers", "params", "GET", "POST"], Place::object)?;
    }
    data.find("person").map_or(Ok(()), |person| check_person(&person))
}

const SERVER: &[&str] = &["host", "root", "branch", "code_version", "cpu"];

fn check_words(data: &Place<'_>) -> Checked {
    if let Some(level) = data.find("level") {
        level.one_of(LEVELS)?;
    }
    for (key, max_chars) in [
        ("uuid", 36),
        ("title", 255),
        ("context", 255),
        ("code_version", 40),
        ("platform", 255),
        ("language", 255),
        ("framework", 255),
        // A longer one is hashed.
        ("fingerprint", usize::MAX),
    ] {
        data.each(&[key], |place| place.text(max_chars))?;
    }
    match data.find("platform") {
        Some(platform) if platform.one_of(CLIENT_PLATFORMS).is_ok() => {
            Err(format!("{} is for tokens of clients", platform.path))
        }
        _ => Ok(()),
    }
}

fn check_person(person: &Place<'_>) -> Checked {
    person.object()?;
    let id = person.need("id")?;
    if !id.value.is_u64() {
        id.text(40)?;
    }
    person.each(&["username", "email"], |place| place.text(255))
}

fn check_body(body: &Place<'_>) -> Checked {
    body.object()?;
    let found: Vec<_> = SUBJECTS.iter().filter_map(|key| body.find(key)).collect();
    let [subject] = &found[..] else {
        return Err(format!("{} must have exactly one of {SUBJECTS:?}", body.path));
    };
    match subject.path.rsplit('.').next() {
        Some("trace") => check_trace(subject)?,
        Some("trace_chain") => {
            let traces = subject.list()?;
            if traces.is_empty() {
                return Err(format!("{} must not be empty", subject.path));
            }
            traces.iter().try_for_each(check_trace)?;
        }
        Some("message") => subject.need("body")?.text(usize::MAX)?,
        _ => subject.need("raw")?.text(usize::MAX)?,
    }
    match body.find("telemetry") {
        Some(telemetry) => telemetry.list()?.iter().try_for_each(check_telemetry),
        None => Ok(()),
    }
}

fn check_trace(trace: &Place<'_>) -> Checked {
    trace.object()?;
    trace.need("frames")?.list()?.iter().try_for_each(check_frame)?;
    let exception = trace.need("exception")?;
    exception.need("class")?.text(usize::MAX)?;
    exception.each(&["message", "description"], |place| place.text(usize::MAX))
}

fn check_frame(frame: &Place<'_>) -> Checked {
    frame.object()?;
    frame.need("filename")?.text(usize::MAX)?;
    frame.each(&["lineno", "colno"], Place::whole)?;
    frame.each(&["method", "code", "class_name"], |place| place.text(usize::MAX))?;
    if let Some(context) = frame.find("context") {
        context.object()?;
        for lines in ["pre", "post"].into_iter().filter_map(|key| context.find(key)) {
            lines.list()?.iter().try_for_each(|line| line.text(usize::MAX))?;
        }
    }
    frame.each(&["locals"], Place::object)
}

fn check_telemetry(entry: &Place<'_>) -> Checked {
    entry.object()?;
    entry.need("level")?.one_of(LEVELS)?;
    entry.need("type")?.one_of(TELEMETRY_TYPES)?;
    entry.need("source")?.one_of(&["client", "server"])?;
    entry.need("timestamp_ms")?.whole()?;
    let body = entry.need("body")?;
    body.object()?;
    let required: &[&str] = match entry.value["type"].as_str() {
        Some("log" | "error") => &["message"],
        // A call without an answer has no status.
        Some("network") => &["method", "url"],
        Some("navigation") => &["from", "to"],
        _ => &[],
    };
    required.iter().try_for_each(|key| body.need(key).map(drop))
}

impl Place<'_> {
    fn find(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Self { path: self.path_to(key), value })
    }

    fn need(&self, key: &str) -> Result<Self, String> {
        self.find(key).ok_or_else(|| format!("{} is required", self.path_to(key)))
    }

    /// Checks those of the fields that are there.
    fn each(&self, keys: &[&str], check: impl Fn(&Self) -> Checked) -> Checked {
        keys.iter().filter_map(|key| self.find(key)).try_for_each(|place| check(&place))
    }

    fn object(&self) -> Checked {
        self.must(self.value.is_object(), "must be an object")
    }

    fn whole(&self) -> Checked {
        self.must(self.value.is_i64() || self.value.is_u64(), "must be an integer")
    }

    fn text(&self, max_chars: usize) -> Checked {
        let Some(text) = self.value.as_str() else { return self.must(false, "must be a string") };
        self.must(text.chars().count() <= max_chars, &format!("is beyond {max_chars} characters"))
    }

    fn one_of(&self, words: &[&str]) -> Checked {
        let is_known = self.value.as_str().is_some_and(|word| words.contains(&word));
        self.must(is_known, &format!("must be one of {words:?}"))
    }

    fn list(&self) -> Result<Vec<Self>, String> {
        let Some(list) = self.value.as_array() else {
            return Err(format!("{} must be a list", self.path));
        };
        let entry = |(at, value)| Self { path: format!("{}[{at}]", self.path), value };
        Ok(list.iter().enumerate().map(entry).collect())
    }

    fn must(&self, is_so: bool, problem: &str) -> Checked {
        if is_so { Ok(()) } else { Err(format!("{} {problem}", self.path)) }
    }

    fn path_to(&self, key: &str) -> String {
        let dot = if self.path.is_empty() { "" } else { "." };
        format!("{}{dot}{key}", self.path)
    }
}
