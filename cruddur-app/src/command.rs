//! What the program was asked to do.
//!
//! In: its arguments. Out: a [`Command`], or the first argument that makes no sense.
//! Never: does it.

/// What the program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// No arguments: serves until it is told to stop.
    Serve,
    /// `provision [--dry-run]`: makes in AWS what the service needs there, or shows the requests.
    Provision {
        /// Whether requests are shown and none is sent.
        is_dry_run: bool,
    },
}

/// An argument that makes no sense.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown argument `{argument}`, expected no argument to serve, or `provision [--dry-run]`")]
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
}
