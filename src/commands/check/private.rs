//! Who besides the owner may read or write what this installation keeps.

use std::path::Path;

use super::finding::Finding;
use crate::config::{self, Auth, Heartbeat, READ, SecretSource, Settings, WRITE, may_others};

/// Looks at the modes of the configuration, the ledger and the files with secrets that are there.
pub(super) fn audit_files(settings: &Settings) -> Vec<Finding> {
    let is =
        |path: &Path, bits| std::fs::metadata(path).is_ok_and(|found| may_others(&found, bits));
    let mut findings = Vec::new();
    let config = &settings.path;
    if is(config, WRITE) {
        findings.push(Finding::problem(
            "config.writable",
            format!("Others may write {}, whose commands are run.", config.display()),
            format!("chmod go-w {}", config.display()),
        ));
    }
    // What is wrong with this part of the file is said where all of it is read.
    let heartbeat = config::night(config).unwrap_or_default().heartbeat;
    let heartbeat = heartbeat.as_ref();
    if is(config, READ) && heartbeat.is_some_and(Heartbeat::is_in_the_open) {
        findings.push(Finding::warning(
            "secrets.readable",
            format!(
                "Everybody on this machine may read heartbeat.url in {}, and with it say that all is \
                 well.",
                config.display()
            ),
            format!("chmod o-r {}, or set heartbeat.url_file instead", config.display()),
        ));
    }
    let secrets = secrets(settings).into_iter().chain(heartbeat.and_then(Heartbeat::file));
    for path in secrets.filter(|path| is(path, READ)) {
        findings.push(Finding::warning(
            "secrets.readable",
            format!("Everybody on this machine may read the secret in {}.", path.display()),
            format!("chmod o-r {}", path.display()),
        ));
    }
    let ledger = &settings.ledger;
    if is(ledger, READ) {
        findings.push(Finding::warning(
            "ledger.readable",
            format!("Everybody on this machine may read {}: names and amounts.", ledger.display()),
            format!("chmod o-r {}", ledger.display()),
        ));
    }
    findings
}

fn secrets(settings: &Settings) -> Vec<&Path> {
    let of_netsuite = match &settings.netsuite.auth {
        Auth::OAuth2 { private_key, .. } => vec![private_key],
        Auth::Token { consumer_secret, token_secret, .. } => vec![consumer_secret, token_secret],
    };
    let of_stripe = [&settings.stripe.key].into_iter().chain(&settings.stripe.write_key);
    let files = of_stripe.chain(of_netsuite).filter_map(|source| match source {
        SecretSource::File(path) => Some(path.as_path()),
        SecretSource::Env(_) | SecretSource::Command(_) => None,
    });
    files.collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::testing::ids;
    use super::*;
    use crate::config::{Overrides, parse, template};

    /// A key that everybody reads, or a configuration that everybody writes, is nobody's secret.
    #[test]
    fn modes_that_let_others_in_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["tieout.toml", "netsuite.pem", "tieout.db"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let settings = parse(template::TEXT, &at("tieout.toml"), &Overrides::default()).unwrap();
        let with = |mode: u32| {
            for name in ["tieout.toml", "netsuite.pem", "tieout.db"] {
                std::fs::set_permissions(at(name), std::fs::Permissions::from_mode(mode)).unwrap();
            }
            ids(&audit_files(&settings))
        };
        assert!(with(0o600).is_empty());
        assert!(with(0o640).is_empty(), "a group of the service's own is how many set it up");
        assert_eq!(with(0o644), ["secrets.readable", "ledger.readable"]);
        assert_eq!(with(0o666), ["config.writable", "secrets.readable", "ledger.readable"]);
    }

    /// The one secret that may stand in the file itself: keys of Stripe and NetSuite are refused there
    /// (`config::secret`). Who reads it can say of a night that all is well.
    #[test]
    fn a_heartbeat_that_everybody_may_read_is_found_wherever_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (config, url) = (at("tieout.toml"), at("heartbeat.url"));
        std::fs::write(&url, "https://hc.example/key").unwrap();
        let found = |heartbeat: &str, mode: u32| {
            let own = format!("[heartbeat]\n{heartbeat}\n");
            let text = template::TEXT.replacen("[heartbeat]\n", &own, 1);
            std::fs::write(&config, &text).unwrap();
            for path in [&config, &url] {
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            audit_files(&parse(&text, &config, &Overrides::default()).unwrap())
        };
        let in_the_open = "url = \"https://hc.example/key\"";
        let [finding] = &found(in_the_open, 0o644)[..] else { panic!("one finding") };
        assert!(finding.id == "secrets.readable" && finding.message.contains("heartbeat.url in"));
        let shown = format!("{} {:?}", finding.message, finding.fix);
        assert!(!shown.contains("example"), "{shown}");
        let elsewhere = "url_file = \"heartbeat.url\"";
        let [finding] = &found(elsewhere, 0o644)[..] else { panic!("one finding") };
        assert!(finding.message.contains("/heartbeat.url"), "{}", finding.message);
        for heartbeat in [in_the_open, elsewhere] {
            assert!(found(heartbeat, 0o640).is_empty(), "{heartbeat}");
        }
    }
}
