//! Where a setting stands in the file, so that a message can point at its line.
//!
//! The parser gives typed values and forgets where they stood. The file's shape is known and flat,
//! so a look at its section headers and keys finds them again.

/// The line, counted from one, on which `setting` (`stripe.base_url`, `accounts.bank.USD`) is set,
/// or on which the table of that name begins.
pub(super) fn line_of(text: &str, setting: &str) -> Option<usize> {
    let mut section = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            header.split(']').next().unwrap_or_default().trim().clone_into(&mut section);
            if section == setting {
                return Some(number);
            }
            continue;
        }
        let Some((key, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let key = key.trim().trim_matches(['"', '\'']);
        let name = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        if name == setting {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_where_it_is_set_and_not_where_it_is_mentioned() {
        let text = "ledger = \"a\"\n\n[stripe]\n# api_key_env = \"X\"\napi_key_env = \"Y\"\n\
                    [accounts.bank]\nUSD = \"1000\"\n";
        let line = |setting| line_of(text, setting);
        assert_eq!(line("ledger"), Some(1));
        assert_eq!(line("stripe"), Some(3));
        assert_eq!(line("stripe.api_key_env"), Some(5));
        assert_eq!(line("accounts.bank.USD"), Some(7));
        assert_eq!(line("accounts.bank.EUR"), None);
    }
}
