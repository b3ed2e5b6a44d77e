//! What the program was asked to do.
//!
//! In: its arguments. Out: a [`Command`], or the first argument that makes no sense.
//! Never: does it.

use actix_web::http::Uri;

/// What the program does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// No arguments: serves until it is told to stop.
    Serve,
    /// `provision [--dry-run]`: makes in AWS what the service needs there, or shows the requests.
    Provision {
        /// Whether requests are shown and none is sent.
        is_dry_run: bool,
    },
    /// `doctor [METHOD URL [-H 'NAME: VALUE']…]`: tries the way to X-Ray, and says which sampling
    /// rule decides about a request.
    Doctor {
        /// The request that somebody wonders about.
        request: Option<Wondering>,
    },
}

/// A request that somebody wonders about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wondering {
    /// In capitals.
    pub method: String,
    /// The host, with a port or without; none where only a path was given.
    pub host: Option<String>,
    /// The path, without the query.
    pub path: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

/// An argument that makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "unknown argument `{argument}`, expected no argument to serve, `provision [--dry-run]`, or \
     `doctor [METHOD URL [-H 'NAME: VALUE']…]`"
)]
pub struct CommandError {
    /// What was found.
    pub argument: String,
}

impl Command {
    /// Reads the arguments, the name of the program left out.
    ///
    /// # Errors
    /// Names the first argument that makes no sense.
    pub fn from_arguments(
        arguments: impl IntoIterator<Item = String>,
    ) -> Result<Self, CommandError> {
        let mut arguments = arguments.into_iter();
        match arguments.next() {
            None => Ok(Self::Serve),
            Some(name) if name == "provision" => provision(arguments),
            Some(name) if name == "doctor" => doctor(arguments),
            Some(argument) => Err(CommandError { argument }),
        }
    }
}

fn provision(options: impl Iterator<Item = String>) -> Result<Command, CommandError> {
    let mut is_dry_run = false;
    for argument in options {
        if argument != "--dry-run" {
            return Err(CommandError { argument });
        }
        is_dry_run = true;
    }
    Ok(Command::Provision { is_dry_run })
}

fn doctor(mut arguments: impl Iterator<Item = String>) -> Result<Command, CommandError> {
    let Some(method) = arguments.next() else { return Ok(Command::Doctor { request: None }) };
    let Some(url) = arguments.next() else { return Err(CommandError { argument: method }) };
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_method {
        return Err(CommandError { argument: method });
    }
    let mut request = wondering(&url).ok_or(CommandError { argument: url })?;
    request.method = method.to_ascii_uppercase();
    while let Some(argument) = arguments.next() {
        let header = arguments.next().filter(|_| argument == "-H");
        let Some(header) = header else { return Err(CommandError { argument }) };
        match header.split_once(':').filter(|(name, _)| !name.trim().is_empty()) {
            Some((name, value)) => {
                request.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
            }
            None => return Err(CommandError { argument: header }),
        }
    }
    Ok(Command::Doctor { request: Some(request) })
}

/// A URL with a host, or a path alone.
fn wondering(url: &str) -> Option<Wondering> {
    let uri: Uri = url.parse().ok()?;
    let is_url = matches!(uri.scheme_str(), Some("http" | "https"));
    if !is_url && !url.starts_with('/') {
        return None;
    }
    let host = uri.authority().map(|authority| authority.as_str().to_owned());
    Some(Wondering { host, path: uri.path().to_owned(), ..Wondering::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &str) -> Result<Command, String> {
        let arguments = arguments.split_whitespace().map(str::to_owned);
        Command::from_arguments(arguments).map_err(|error| error.argument)
    }

    #[test]
    fn arguments_are_a_command_and_its_options() {
        for (arguments, expected) in [
            ("", Ok(Command::Serve)),
            ("provision", Ok(Command::Provision { is_dry_run: false })),
            ("provision --dry-run", Ok(Command::Provision { is_dry_run: true })),
            ("provision --dryrun", Err("--dryrun".to_owned())),
            ("provision now", Err("now".to_owned())),
            ("--dry-run", Err("--dry-run".to_owned())),
            ("provison", Err("provison".to_owned())),
        ] {
            assert_eq!(read(arguments), expected, "{arguments}");
        }
    }

    #[test]
    fn a_request_is_a_method_a_url_and_headers() {
        let request = |host: Option<&str>, headers: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let headers = headers.iter().map(owned).collect();
            let host = host.map(str::to_owned);
            let (method, path) = ("GET".to_owned(), "/api/users".to_owned());
            Ok(Command::Doctor { request: Some(Wondering { method, host, path, headers }) })
        };
        for (arguments, expected) in [
            ("doctor", Ok(Command::Doctor { request: None })),
            ("doctor get /api/users?x=1", request(None, &[])),
            (
                "doctor GET http://cruddur.example:80/api/users",
                request(Some("cruddur.example:80"), &[]),
            ),
            (
                "doctor GET /api/users -H User-Agent:curl/8 -H Host:a",
                request(None, &[("user-agent", "curl/8"), ("host", "a")]),
            ),
            ("doctor GET", Err("GET".to_owned())),
            ("doctor G3T /", Err("G3T".to_owned())),
            ("doctor GET users", Err("users".to_owned())),
            ("doctor GET ftp://a/b", Err("ftp://a/b".to_owned())),
            ("doctor GET / now", Err("now".to_owned())),
            ("doctor GET / -H", Err("-H".to_owned())),
            ("doctor GET / -H curl", Err("curl".to_owned())),
        ] {
            assert_eq!(read(arguments), expected, "{arguments}");
        }
    }
}
