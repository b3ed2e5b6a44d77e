//! Connection strings of databases without their passwords.

use std::borrow::Cow;

/// The names of what is secret in a connection string, in lower case without blanks.
const SECRETS: [&str; 7] =
    ["password", "pwd", "pass", "secret", "token", "accesskey", "sslpassword"];

/// A connection string without its password, whether it is a URL or a list of settings.
pub(crate) fn without_password(connection: &str) -> Cow<'_, str> {
    let is_url = connection.contains("://");
    let bare =
        if is_url { without_password_of_user(connection) } else { Cow::Borrowed(connection) };
    let has_secret = |setting: &str| setting.split_once('=').is_some_and(|(key, _)| is_secret(key));
    let separators = [';', '&', '?', ' '];
    if !bare.split(separators).any(has_secret) {
        return bare;
    }
    let kept = bare.split_inclusive(separators).map(|setting| match setting.split_once('=') {
        Some((key, value)) if is_secret(key) => {
            format!("{key}=…{}", value.rfind(separators).map_or("", |at| &value[at..]))
        }
        _ => setting.to_owned(),
    });
    Cow::Owned(kept.collect())
}

fn is_secret(key: &str) -> bool {
    let key: String = key.chars().filter(|char| char.is_alphanumeric()).collect();
    SECRETS.iter().any(|secret| secret.eq_ignore_ascii_case(&key))
}

/// What is before the authority, the authority, and what is after it.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let start = url.find("://")? + 3;
    let len = url[start..].find(['/', '?', '#']).unwrap_or(url.len() - start);
    Some((&url[..start], &url[start..start + len], &url[start + len..]))
}

fn without_password_of_user(url: &str) -> Cow<'_, str> {
    let Some((before, authority, after)) = parts(url) else { return Cow::Borrowed(url) };
    let Some((user, host)) = authority.rsplit_once('@') else { return Cow::Borrowed(url) };
    match user.split_once(':') {
        Some((name, _)) => Cow::Owned(format!("{before}{name}@{host}{after}")),
        None => Cow::Borrowed(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_is_told_without_its_password() {
        for (connection, expected) in [
            ("postgresql://me:secret@db:5432/app", "postgresql://me@db:5432/app"),
            ("postgresql://me@db/app?password=x&a=b", "postgresql://me@db/app?password=…&a=b"),
            (
                "Server=db;User Id=me;Password=secret;Timeout=1",
                "Server=db;User Id=me;Password=…;Timeout=1",
            ),
            ("host=db password=secret dbname=app", "host=db password=… dbname=app"),
            ("host=db;PWD=secret", "host=db;PWD=…"),
            ("sqlite::memory:", "sqlite::memory:"),
        ] {
            assert_eq!(without_password(connection), expected);
        }
    }
}
