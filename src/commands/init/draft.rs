//! The file that is written: the template with what was found in the places of its examples.
//!
//! Belongs here: putting lines in the place of lines, pure. Every setting of the template stays where it is
//! with its comment, so that what was not found is seen too.

/// The template, while it is filled in.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    lines: Vec<String>,
}

impl Draft {
    pub(super) fn new(template: &str) -> Self {
        Self { lines: template.lines().map(str::to_owned).collect() }
    }

    /// Sets `section.name`, with the reason above it.
    pub(super) fn set(&mut self, section: &str, name: &str, value: &str, why: &[String]) {
        let line = format!("{name} = {}", toml_text(value));
        self.put(section, name, &line, why);
    }

    /// Leaves `section.name` open, with what a person must know above it.
    pub(super) fn leave_open(&mut self, section: &str, name: &str, why: &[String]) {
        self.put(section, name, &format!("# {name} = \"…\""), why);
    }

    /// Takes every live line of a section away: its examples are of nobody's books.
    pub(super) fn clear(&mut self, section: &str) {
        let (from, until) = self.range(section);
        let mut kept = Vec::new();
        for line in self.lines.drain(from..until) {
            let is_live = !line.starts_with('#') && line.contains(" = ");
            kept.extend((!is_live).then_some(line));
        }
        self.lines.splice(from..from, kept);
    }

    /// Turns the live lines of a section into comments.
    pub(super) fn comment_out(&mut self, section: &str, name: &str) {
        let (from, until) = self.range(section);
        for line in &mut self.lines[from..until] {
            if is_line_of(line, name) && !line.starts_with('#') {
                line.insert_str(0, "# ");
            }
        }
    }

    /// The whole file.
    pub(super) fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }

    fn put(&mut self, section: &str, name: &str, line: &str, why: &[String]) {
        let (from, until) = self.range(section);
        let mut new: Vec<String> = why.iter().map(|why| format!("# {why}")).collect();
        new.push(line.to_owned());
        let own = |line: &String| is_line_of(line, name);
        // A live line wins over an alternative that stands in a comment.
        let place =
            (from..until).find(|at| own(&self.lines[*at]) && !self.lines[*at].starts_with('#'));
        match place.or_else(|| (from..until).find(|at| own(&self.lines[*at]))) {
            Some(at) => {
                self.lines.splice(at..=at, new);
            }
            None => {
                let last = (from..until).rev().find(|at| !self.lines[*at].is_empty());
                let at = last.map_or(until, |at| at + 1);
                self.lines.splice(at..at, new);
            }
        }
    }

    /// The lines between a section's header and the next one; what is above all headers for "".
    fn range(&self, section: &str) -> (usize, usize) {
        let header = format!("[{section}]");
        let from = if section.is_empty() {
            0
        } else {
            let found = self.lines.iter().position(|line| *line == header);
            found.expect("a section of the template") + 1
        };
        let next = self.lines[from..].iter().position(|line| line.starts_with('['));
        let mut until = next.map_or(self.lines.len(), |next| from + next);
        // What stands right above a header is about that section.
        while until > from && self.lines[until - 1].starts_with('#') {
            until -= 1;
        }
        (
            from,
            if until == from { next.map_or(self.lines.len(), |next| from + next) } else { until },
        )
    }
}

fn is_line_of(line: &str, name: &str) -> bool {
    let bare = line.strip_prefix("# ").unwrap_or(line);
    bare.split_once(" = ").is_some_and(|(own, _)| own == name)
}

/// A text as TOML writes it: what JSON escapes, TOML escapes in the same way.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "ledger = \"a.db\"\n\n# About one.\n[one]\n# The key.\nkey_env = \"KEY\"\n# key_file = \"k\"\n\n# About two.\n[two]\nUSD = \"1\"\n# EUR = \"2\"\n";

    /// A reason that lands in another section would explain something else.
    #[test]
    fn lines_take_the_places_of_lines_and_bring_their_reasons() {
        let mut draft = Draft::new(TEMPLATE);
        draft.comment_out("one", "key_env");
        draft.set("one", "key_file", "my \"key\"", &[]);
        draft.clear("two");
        draft.set("two", "GBP", "3", &["Why.".to_owned()]);
        draft.leave_open("two", "EUR", &["Two fit.".to_owned()]);
        assert_eq!(
            draft.text(),
            "ledger = \"a.db\"\n\n# About one.\n[one]\n# The key.\n# key_env = \"KEY\"\nkey_file = \"my \\\"key\\\"\"\n\n# About two.\n[two]\n# Two fit.\n# EUR = \"…\"\n# Why.\nGBP = \"3\"\n"
        );
    }
}
