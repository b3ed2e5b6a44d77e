//! What Rollbar is told of this process, beside what the variables say.

use super::{ConfigError, Environment};
use crate::export::rollbar::{Server, Settings};

/// Reads the variables; `None` when they do not turn Rollbar on.
pub(super) fn read(environment: &Environment) -> Result<Option<Settings>, ConfigError> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    let Some(mut settings) = Settings::from_env(&lookup)? else { return Ok(None) };
    settings.server = server();
    settings.platform = Some(std::env::consts::OS.to_owned());
    settings.framework = cfg!(feature = "actix").then(|| "actix-web".to_owned());
    Ok(Some(settings))
}

fn server() -> Server {
    // Arguments are left out: some of them may be secrets.
    let program = std::env::args_os().next();
    Server {
        host: Some(gethostname::gethostname().to_string_lossy().into_owned()),
        argv: program.iter().map(|program| program.to_string_lossy().into_owned()).collect(),
        ..Server::default()
    }
}
