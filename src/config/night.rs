//! Who is told how a night ended: the heartbeat and the hooks.
//!
//! The address of a heartbeat is as good as a key: who has it can say that all is well. It may stand in
//! the file all the same, because it opens nothing; it is never shown.

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::masters::Wrong;
use super::secret::{SecretError, SecretFields, SecretSource};
use crate::net::base_url::BaseUrl;

/// What is appended to the address, unless something else is set: as healthchecks.io has it.
const START: &str = "/start";
const FAILURE: &str = "/{code}";
/// Stands for the exit code.
const CODE: &str = "{code}";
/// Written instead of an ending, so that nothing is sent.
const NOTHING: &str = "none";
/// The night ran to its end; who must know what it left is told by the hooks.
const SUCCESS_CODES: [u8; 3] = [0, 2, 3];
/// How long a hook may take, unless something else is set.
const TIMEOUT_S: u32 = 60;
/// A night must end before the next one begins.
const TIMEOUT_S_MAX: u32 = 3600;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeartbeatFile {
    #[serde(default, deserialize_with = "hidden")]
    url: Option<SecretString>,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    url_command: Option<String>,
    start: Option<String>,
    success: Option<String>,
    failure: Option<String>,
    success_codes: Option<Vec<u8>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HooksFile {
    accounting: Option<String>,
    technical: Option<String>,
    always: Option<String>,
    timeout_s: Option<u32>,
    #[serde(default)]
    pass_env: Vec<String>,
}

/// Text that is never shown.
fn hidden<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Some(SecretString::from(String::deserialize(from)?)))
}

/// The part of the file that says who is told, of a file of which the rest may be wrong.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NightFile {
    #[serde(default)]
    pub(super) heartbeat: HeartbeatFile,
    #[serde(default)]
    pub(super) hooks: HooksFile,
}

/// Who is told.
#[derive(Debug, Clone, Default)]
pub struct NightSettings {
    pub heartbeat: Option<Heartbeat>,
    pub hooks: Hooks,
}

/// An address that is asked for when a run begins and when it ends.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    url: UrlSource,
    /// `None`: nothing is sent when a run begins.
    pub start: Option<String>,
    pub success: Option<String>,
    failure: Option<String>,
    /// Exit codes that are a success.
    pub success_codes: Vec<u8>,
}

#[derive(Debug, Clone)]
enum UrlSource {
    Here(SecretString),
    From(SecretSource),
}

/// Commands that are started when a run has ended.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    /// When there are findings for accounting, or for operations.
    pub accounting: Option<String>,
    pub technical: Option<String>,
    pub always: Option<String>,
    pub timeout_s: u32,
    /// Variables of the environment that hooks get besides the harmless ones.
    pub pass_env: Vec<String>,
    /// Where hooks are started: the folder of the configuration.
    pub folder: PathBuf,
}

/// Why there is no address.
#[derive(Debug, thiserror::Error)]
pub enum HeartbeatError {
    #[error("{0}")]
    Secret(#[from] SecretError),
    /// Without the address: it is as good as a key.
    #[error(
        "it must be an https address that ends with its path (plain http only to this machine)"
    )]
    Address,
}

impl Heartbeat {
    /// The address itself.
    ///
    /// # Errors
    /// It cannot be had, or nothing may be sent there.
    pub fn url(&self) -> Result<SecretString, HeartbeatError> {
        let url = match &self.url {
            UrlSource::Here(url) => url.clone(),
            UrlSource::From(source) => source.take("the address of the heartbeat")?,
        };
        let base = BaseUrl::parse(url.expose_secret()).map_err(|_| HeartbeatError::Address)?;
        Ok(SecretString::from(base.to_string()))
    }

    /// Whether the address stands in the configuration itself.
    pub const fn is_in_the_open(&self) -> bool {
        matches!(self.url, UrlSource::Here(_))
    }

    /// The file that has the address.
    pub fn file(&self) -> Option<&Path> {
        match &self.url {
            UrlSource::From(SecretSource::File(path)) => Some(path),
            _ => None,
        }
    }

    /// What is appended when a run ended with `code`; `None`: nothing is sent.
    pub fn ending(&self, code: u8) -> Option<String> {
        let ending = if self.success_codes.contains(&code) { &self.success } else { &self.failure };
        ending.as_ref().map(|ending| ending.replace(CODE, &code.to_string()))
    }
}

impl HeartbeatFile {
    fn check(self, folder: &Path) -> Result<Option<Heartbeat>, Wrong> {
        let fields = SecretFields {
            inline: false,
            env: self.url_env,
            file: self.url_file,
            command: self.url_command,
        };
        let is_elsewhere =
            fields.env.is_some() || fields.file.is_some() || fields.command.is_some();
        let url = match self.url {
            Some(_) if is_elsewhere => {
                return Err((
                    "heartbeat.url and another place for it are both set".into(),
                    "Keep one of url, url_env, url_file and url_command.".into(),
                ));
            }
            Some(url) => UrlSource::Here(url),
            None if is_elsewhere => {
                let source = fields.resolve("heartbeat.url", "", folder).map_err(|message| {
                    (message, "Keep one of url_env, url_file and url_command.".into())
                })?;
                UrlSource::From(source)
            }
            None => return Ok(None),
        };
        let heartbeat = Heartbeat {
            url,
            start: ending("start", self.start, START)?,
            success: ending("success", self.success, "")?,
            failure: ending("failure", self.failure, FAILURE)?,
            success_codes: self.success_codes.unwrap_or_else(|| SUCCESS_CODES.to_vec()),
        };
        if let UrlSource::Here(_) = heartbeat.url
            && let Err(error) = heartbeat.url()
        {
            let fix =
                "Copy it from the service; what follows it stands in start, success, failure.";
            return Err((format!("heartbeat.url cannot be used: {error}"), fix.into()));
        }
        Ok(Some(heartbeat))
    }
}

/// What is appended to the address: a path, a query, or nothing.
fn ending(name: &str, set: Option<String>, usual: &str) -> Result<Option<String>, Wrong> {
    let text = set.unwrap_or_else(|| usual.to_owned());
    if text == NOTHING {
        return Ok(None);
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~/?&=%+,:@".contains(c);
    let begins = text.is_empty() || text.starts_with(['/', '?']);
    if begins && text.replace(CODE, "").chars().all(allowed) {
        return Ok(Some(text));
    }
    Err((
        format!("heartbeat.{name} is `{text}`, which cannot follow an address"),
        format!(
            "Begin it with / or ?, write {CODE} for the exit code, or `{NOTHING}` to send nothing."
        ),
    ))
}

impl HooksFile {
    fn check(self, folder: &Path) -> Result<Hooks, Wrong> {
        let timeout_s = self.timeout_s.unwrap_or(TIMEOUT_S);
        if !(1..=TIMEOUT_S_MAX).contains(&timeout_s) {
            return Err((
                format!("hooks.timeout_s is {timeout_s}"),
                format!("Use 1 to {TIMEOUT_S_MAX} seconds."),
            ));
        }
        let commands = [
            ("accounting", &self.accounting),
            ("technical", &self.technical),
            ("always", &self.always),
        ];
        let blank =
            |command: &&Option<String>| command.as_ref().is_some_and(|c| c.trim().is_empty());
        if let Some((name, _)) = commands.iter().find(|(_, command)| blank(command)) {
            let fix = "Name a command, or remove the setting.";
            return Err((format!("hooks.{name} is empty"), fix.into()));
        }
        Ok(Hooks {
            accounting: self.accounting,
            technical: self.technical,
            always: self.always,
            timeout_s,
            pass_env: self.pass_env,
            folder: folder.to_owned(),
        })
    }
}

impl NightFile {
    pub(super) fn check(self, folder: &Path) -> Result<NightSettings, Wrong> {
        let heartbeat = self.heartbeat.check(folder)?;
        Ok(NightSettings { heartbeat, hooks: self.hooks.check(folder)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<NightSettings, String> {
        let file: NightFile = toml::from_str(text).map_err(|error| error.to_string())?;
        file.check(Path::new("/etc/tieout")).map_err(|(message, fix)| format!("{message}: {fix}"))
    }

    fn heartbeat(text: &str) -> Heartbeat {
        read(text).unwrap().heartbeat.expect("a heartbeat")
    }

    /// A failure would be told as a success, or to an address that means something else.
    #[test]
    fn endings_follow_the_usual_service_and_can_be_another_ones() {
        let usual = heartbeat("[heartbeat]\nurl = \"https://hc-ping.com/uuid/\"");
        assert_eq!(usual.url().unwrap().expose_secret(), "https://hc-ping.com/uuid");
        assert_eq!(usual.start.as_deref(), Some("/start"));
        assert_eq!(usual.ending(0).as_deref(), Some(""));
        assert_eq!(usual.ending(3).as_deref(), Some(""), "it ran to its end");
        assert_eq!(usual.ending(5).as_deref(), Some("/5"));
        let other = heartbeat(
            "[heartbeat]\nurl = \"https://c.example/p/key\"\nstart = \"none\"\nsuccess_codes = [0]\n\
             success = \"?state=complete\"\nfailure = \"?state=fail&status_code={code}\"",
        );
        assert_eq!(
            (other.start.as_deref(), other.ending(0)),
            (None, Some("?state=complete".into()))
        );
        assert_eq!(other.ending(3).as_deref(), Some("?state=fail&status_code=3"));
        assert!(read("").unwrap().heartbeat.is_none());
    }

    /// Who reads an error or a log could say that all is well.
    #[test]
    fn a_bad_address_is_refused_and_not_repeated() {
        for url in ["http://hc-ping.com/t0psecret", "t0psecret", "https://x/t0psecret?a=1"] {
            let message = read(&format!("[heartbeat]\nurl = \"{url}\"")).unwrap_err();
            assert!(message.contains("https") && !message.contains("t0psecret"), "{message}");
        }
        let shown = format!("{:?}", read("[heartbeat]\nurl = \"https://x/t0psecret\"").unwrap());
        assert!(!shown.contains("t0psecret"), "{shown}");
        assert!(read("[heartbeat]\nurl = \"http://127.0.0.1:9/a\"").is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused_when_it_is_read() {
        for (text, words) in [
            ("[heartbeat]\nurl = \"https://x/a\"\nurl_env = \"B\"", "both set"),
            ("[heartbeat]\nurl_env = \"A\"\nurl_file = \"b\"", "only one of"),
            ("[heartbeat]\nurl_env = \"A\"\nfailure = \"fail\"", "Begin it with"),
            ("[heartbeat]\nurl_env = \"A\"\nfailure = \"/a b\"", "cannot follow"),
            ("[hooks]\ntimeout_s = 0", "hooks.timeout_s"),
            ("[hooks]\nalways = \" \"", "hooks.always is empty"),
            ("[hooks]\nallways = \"x\"", "allways"),
        ] {
            let message = read(text).unwrap_err();
            assert!(message.contains(words), "{text}: {message}");
        }
    }
}
