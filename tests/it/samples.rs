//! The samples in `examples/nights`: they are started unattended, where a typing error is found at night.

use std::collections::BTreeMap;

use clap::Parser;
use tieout::cli::Cli;

const CRONTAB: &str = include_str!("../../examples/nights/crontab");
const SERVICE: &str = include_str!("../../examples/nights/tieout.service");
const TIMER: &str = include_str!("../../examples/nights/tieout.timer");
const KUBERNETES: &str = include_str!("../../examples/nights/kubernetes.yaml");
const ACTIONS: &str = include_str!("../../examples/nights/github-actions.yml");
const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// The words of every `tieout …` in a text, as a shell would split them; none is quoted further.
fn command_lines(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let mut found = Vec::new();
    for line in lines {
        // What a shell puts in for a command is a word.
        let line = line.replace("$(date +\\%d)", "27");
        // A list of YAML is words already.
        let words: Vec<String> = if let Some(list) = line.trim().strip_prefix("command: ") {
            serde_json::from_str(list).expect("a list of words")
        } else {
            line.split_whitespace().map(|word| word.replace('"', "")).collect()
        };
        let is_tieout = |word: &String| {
            let word = word.rsplit(['=', '/']).next().unwrap_or_default();
            word == "tieout" && !line.contains("group:") && !line.contains("name:")
        };
        for (place, _) in words.iter().enumerate().filter(|(_, word)| is_tieout(word)) {
            let rest = words[place + 1..]
                .iter()
                .take_while(|word| ![">", "&&", "|"].contains(&word.as_str()));
            let rest: Vec<String> = rest.cloned().collect();
            // A path that ends so, or a sentence.
            if rest.first().is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase())) {
                found.push([vec!["tieout".to_owned()], rest].concat());
            }
        }
    }
    found
}

/// A flag that does not exist would end every night with 64.
#[test]
fn every_command_line_in_the_samples_is_one() {
    for (name, text, count) in [
        ("crontab", CRONTAB, 3),
        ("tieout.service", SERVICE, 1),
        ("kubernetes.yaml", KUBERNETES, 1),
        ("github-actions.yml", ACTIONS, 2),
    ] {
        let lines = command_lines(text);
        assert_eq!(lines.len(), count, "{name}: {lines:?}");
        for line in lines {
            let parsed = Cli::try_parse_from(&line);
            assert!(parsed.is_ok(), "{name}: {}", parsed.unwrap_err());
        }
    }
    let blocks = OPERATIONS.split("```console\n").skip(1).map(|rest| rest.split("```").next());
    for line in blocks.flatten().flat_map(str::lines) {
        let parsed =
            Cli::try_parse_from(line.split('#').next().unwrap_or_default().split_whitespace());
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

/// cron reads a line as five fields and a command, in which a bare `%` is a line break.
#[test]
fn the_crontab_is_what_cron_reads() {
    for line in CRONTAB.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let is_variable = line
            .split_once('=')
            .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
        if is_variable {
            continue;
        }
        let limits = [59, 23, 31, 12, 7];
        for (field, limit) in line.split_whitespace().zip(limits) {
            let is_number = field.parse::<u32>().is_ok_and(|number| number <= limit);
            assert!(field == "*" || is_number, "{field} in {line}");
        }
        assert!(!line.replace("\\%", "").contains('%'), "{line}");
    }
}

/// A key in no section, or twice where only one counts, is silently something else to systemd.
#[test]
fn the_units_are_what_systemd_reads() {
    let service = unit(SERVICE);
    let timer = unit(TIMER);
    assert_eq!(service["Service"]["Type"], ["oneshot"]);
    assert_eq!(service["Service"]["LoadCredentialEncrypted"].len(), 2);
    assert_eq!(timer["Timer"]["Persistent"], ["true"], "a night without the machine is caught up");
    assert_eq!(timer["Install"]["WantedBy"], ["timers.target"]);
    for (section, keys) in service.iter().chain(&timer) {
        for (key, values) in keys {
            assert!(values.len() == 1 || *key == "LoadCredentialEncrypted", "{section}.{key}");
        }
    }
}

/// Values by section and key.
fn unit(text: &str) -> BTreeMap<&str, BTreeMap<&str, Vec<&str>>> {
    let mut sections: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    let mut section = None;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[') {
            section = Some(name.strip_suffix(']').expect("the end of a section's name"));
            continue;
        }
        let (key, value) = line.split_once('=').expect("a key and its value");
        let keys = sections.entry(section.expect("a section above")).or_default();
        keys.entry(key).or_default().push(value);
    }
    sections
}

/// YAML takes no tabs, and a step of two spaces keeps a list under its key.
#[test]
fn the_manifests_are_indented_as_yaml_wants_it() {
    for text in [KUBERNETES, ACTIONS] {
        let mut is_text = false;
        for line in text.lines() {
            assert!(!line.contains('\t'), "{line}");
            let indent = line.len() - line.trim_start().len();
            assert!(indent % 2 == 0, "{line}");
            let bare = line.split(" #").next().unwrap_or_default().trim();
            let is_key = bare.ends_with(':') || bare.contains(": ");
            let is_other = bare.is_empty() || bare.starts_with(['#', '-']) || bare == "---";
            assert!(is_key || is_other || is_text, "{line}");
            is_text = is_text && !is_key || bare.ends_with('|');
        }
    }
}
