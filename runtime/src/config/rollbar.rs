//! What Rollbar is told of this process, beside what the variables say.

use super::{ConfigError, Environment};
use crate::export::rollbar::Settings;

/// Reads the variables; `None` when they do not turn Rollbar on.
pub(super) fn read(environment: &Environment) -> Result<Option<Settings>, ConfigError> {
    Ok(Settings::from_env(&|name| environment.owned(name))?.map(complete))
}

/// Fills in what the settings do not say of the process.
pub(super) fn complete(mut settings: Settings) -> Settings {
    let server = &mut settings.server;
    server.host.get_or_insert_with(|| gethostname::gethostname().to_string_lossy().into_owned());
    if server.argv.is_empty() {
        // Arguments are left out: some of them may be secrets.
        let program = std::env::args_os().next();
        server.argv.extend(program.map(|program| program.to_string_lossy().into_owned()));
    }
    settings.platform.get_or_insert_with(|| std::env::consts::OS.to_owned());
    if cfg!(feature = "actix") {
        settings.framework.get_or_insert_with(|| "actix-web".to_owned());
    }
    settings
}
