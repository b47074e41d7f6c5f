//! Where a secret comes from. Never from the file itself and never from the command line, where
//! every process can read it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use secrecy::SecretString;

use crate::net::redact::redact_shapes;

/// Where systemd puts the credentials of a service (`LoadCredential=`).
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

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
    /// Whoever may write the file decides which account is opened.
    #[error(
        "{what} is in the file {path}, which others may write\nhint: chmod go-w {path}, and look at what is in it"
    )]
    Writable { what: String, path: PathBuf },
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
            Self::File(path) => read(path, &what)?,
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

fn read(path: &Path, what: &str) -> Result<String, SecretError> {
    let failed = |cause| SecretError::File { what: what.into(), path: path.into(), cause };
    if std::fs::metadata(path).is_ok_and(|found| may_others(&found, WRITE)) {
        return Err(SecretError::Writable { what: what.into(), path: path.into() });
    }
    std::fs::read_to_string(path).map_err(failed)
}

/// The bits of a file's mode with which its group or everybody may write it.
pub const WRITE: u32 = 0o022;
/// The bit with which everybody may read it.
pub const READ: u32 = 0o004;

/// Whether a file's mode has one of `bits`.
#[cfg(unix)]
pub fn may_others(found: &std::fs::Metadata, bits: u32) -> bool {
    std::os::unix::fs::MetadataExt::mode(found) & bits != 0
}

/// Never so where files have no modes.
#[cfg(not(unix))]
pub fn may_others(_: &std::fs::Metadata, _: u32) -> bool {
    false
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
        let file = self.file.as_ref().map(|path| path.display().to_string());
        let named = [("env", &self.env), ("file", &file), ("command", &self.command)];
        for (way, text) in named {
            // The usual slip: the key itself instead of where it is.
            if text.as_ref().is_some_and(|text| redact_shapes(text) != *text) {
                return Err(format!("{setting}_{way} holds a secret itself, not where it is"));
            }
        }
        match (self.env, self.file, self.command) {
            (None, None, None) => Ok(SecretSource::Env(default_env.into())),
            (Some(name), None, None) => Ok(SecretSource::Env(name)),
            (None, Some(path), None) => {
                let credentials = std::env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from);
                Ok(SecretSource::File(place_of(&path, folder, credentials.as_deref())))
            }
            (None, None, Some(command)) => Ok(SecretSource::Command(command)),
            _ => Err(format!(
                "only one of {setting}_env, {setting}_file and {setting}_command may be set"
            )),
        }
    }
}

/// Where a file with a secret is: a plain name among the credentials that systemd gave, if one of that
/// name is there; else beside the configuration.
fn place_of(path: &Path, folder: &Path, credentials: Option<&Path>) -> PathBuf {
    let is_plain_name = path.file_name().is_some_and(|name| name == path.as_os_str());
    let credential = credentials.filter(|_| is_plain_name).map(|folder| folder.join(path));
    credential.filter(|path| path.exists()).unwrap_or_else(|| folder.join(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    /// A service that runs with systemd's credentials must not need a second copy of its keys.
    #[test]
    fn a_plain_name_is_looked_for_among_systemds_credentials_first() {
        let given = tempfile::tempdir().unwrap();
        std::fs::write(given.path().join("stripe.key"), "k").unwrap();
        let of = |path: &str| place_of(Path::new(path), Path::new("/etc/t"), Some(given.path()));
        assert_eq!(of("stripe.key"), given.path().join("stripe.key"));
        assert_eq!(of("other.key"), Path::new("/etc/t/other.key"));
        assert_eq!(of("../stripe.key"), Path::new("/etc/t/../stripe.key"));
        assert_eq!(of("/srv/stripe.key"), Path::new("/srv/stripe.key"));
        let without = place_of(Path::new("stripe.key"), Path::new("/etc/t"), None);
        assert_eq!(without, Path::new("/etc/t/stripe.key"));
    }

    /// Whoever may write the key's file could point the books at another account.
    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stripe.key");
        std::fs::write(&path, "rk_test_abcdefgh").unwrap();
        for (mode, is_taken) in
            [(0o600, true), (0o440, true), (0o644, true), (0o620, false), (0o666, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let taken = SecretSource::File(path.clone()).take("the key");
            assert_eq!(taken.is_ok(), is_taken, "{mode:o}");
        }
    }

    /// The key itself where its place belongs would be printed by `check --show-config`.
    #[test]
    fn a_key_in_place_of_its_place_is_refused_without_being_shown() {
        let key = "rk_live_51PlantedKey";
        let fields = [
            SecretFields { env: Some(key.into()), ..SecretFields::default() },
            SecretFields { file: Some(key.into()), ..SecretFields::default() },
            SecretFields { command: Some(format!("echo {key}")), ..SecretFields::default() },
        ];
        for fields in fields {
            let wrong = fields.resolve("stripe.api_key", "X", Path::new("/")).unwrap_err();
            assert!(wrong.contains("holds a secret itself") && !wrong.contains(key), "{wrong}");
        }
    }

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
