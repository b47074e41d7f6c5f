//! Where a secret comes from. Never from the file itself and never from the command line, where
//! every process can read it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use secrecy::SecretString;

/// A place to take a secret from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    Env(String),
    File(PathBuf),
    /// Run by the shell; what it prints is the secret.
    Command(String),
}

/// Why a secret could not be had. Never shows the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("{what} should be in the environment variable {name}, which is not set")]
    NotSet { what: String, name: String },
    #[error("{what} should be in the file {path}: {cause}")]
    File { what: String, path: PathBuf, cause: std::io::Error },
    #[error("{what} should come from the command `{command}`, which failed: {cause}")]
    Command { what: String, command: String, cause: String },
    #[error("{what} is empty (from {from})")]
    Empty { what: String, from: String },
}

impl SecretSource {
    /// Takes the secret; `what` names it in errors ("the Stripe API key").
    pub fn take(&self, what: &str) -> Result<SecretString, SecretError> {
        let what = what.to_owned();
        let text = match self {
            Self::Env(name) => std::env::var(name)
                .map_err(|_| SecretError::NotSet { what: what.clone(), name: name.clone() })?,
            Self::File(path) => std::fs::read_to_string(path).map_err(|cause| {
                SecretError::File { what: what.clone(), path: path.clone(), cause }
            })?,
            Self::Command(command) => run(command).map_err(|cause| SecretError::Command {
                what: what.clone(),
                command: command.clone(),
                cause,
            })?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty { what, from: self.to_string() });
        }
        Ok(SecretString::from(text))
    }
}

fn run(command: &str) -> Result<String, String> {
    let output =
        Command::new("sh").arg("-c").arg(command).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(output.status.to_string());
    }
    String::from_utf8(output.stdout).map_err(|_| "it printed something other than text".into())
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(command) => write!(f, "command `{command}`"),
        }
    }
}

/// The three ways to name a source, as they stand in the file.
#[derive(Debug, Clone, Default)]
pub(super) struct SecretFields {
    /// The secret itself stands in the file.
    pub inline: bool,
    pub env: Option<String>,
    pub file: Option<PathBuf>,
    pub command: Option<String>,
}

impl SecretFields {
    /// The one that is set; `default_env` when none is. More than one is a contradiction, answered
    /// with the names of the settings.
    pub(super) fn resolve(
        self,
        setting: &str,
        default_env: &str,
        folder: &Path,
    ) -> Result<SecretSource, String> {
        if self.inline {
            return Err(format!("{setting} stands in the configuration, where no secret belongs"));
        }
        match (self.env, self.file, self.command) {
            (None, None, None) => Ok(SecretSource::Env(default_env.into())),
            (Some(name), None, None) => Ok(SecretSource::Env(name)),
            (None, Some(path), None) => Ok(SecretSource::File(folder.join(path))),
            (None, None, Some(command)) => Ok(SecretSource::Command(command)),
            _ => Err(format!(
                "only one of {setting}_env, {setting}_file and {setting}_command may be set"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_secret_is_trimmed_and_its_absence_is_explained() {
        let echo = SecretSource::Command("printf ' k3y \\n'".into());
        assert_eq!(echo.take("the key").unwrap().expose_secret(), "k3y");
        let missing = SecretSource::Env("TIEOUT_TEST_SURELY_NOT_SET".into());
        let message = missing.take("the key").unwrap_err().to_string();
        assert!(message.contains("TIEOUT_TEST_SURELY_NOT_SET"), "{message}");
        assert!(SecretSource::Command("exit 3".into()).take("the key").is_err());
        assert!(SecretSource::Command("true".into()).take("the key").is_err());
    }
}
