//! Text that wraps between words within a width.

/// The lines of `text`, each indented by `indent` and as long as `columns` allow.
pub(super) fn wrapped(text: &str, indent: usize, columns: u16) -> String {
    let room = usize::from(columns).max(indent + 20);
    let margin = " ".repeat(indent);
    let (mut all, mut line) = (String::new(), margin.clone());
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let longer = line.chars().count() + usize::from(!is_empty) + word.chars().count();
        if !is_empty && longer > room {
            all.push_str(&line);
            all.push('\n');
            line.clone_from(&margin);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    all.push_str(line.trim_end());
    all.push('\n');
    all
}
