//! Who besides the owner may read or write what this installation keeps.

use std::path::Path;

use super::finding::Finding;
use crate::config::{Auth, READ, SecretSource, Settings, WRITE, may_others};

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
    for path in secrets(settings).into_iter().filter(|path| is(path, READ)) {
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
}
