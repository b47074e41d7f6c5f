//! Texts that are kept as files: a test compares, and rewrites them when it is told to.

use std::path::{Path, PathBuf};

/// Set, tests write what they find instead of comparing.
const REWRITE: &str = "TIEOUT_REWRITE";

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The file at `path` of the repository is `text`.
#[track_caller]
pub fn assert_file(path: &str, text: &str) {
    let file = in_repository(path);
    if std::env::var_os(REWRITE).is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(&file, text).expect("the file is written");
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{path} differs; {REWRITE}=1 rewrites it. Now:\n{text}");
}

/// Between `<!-- NAME: … -->` and `<!-- /NAME -->` the file at `path` holds `text`.
#[track_caller]
pub fn assert_section(path: &str, name: &str, text: &str) {
    let whole = std::fs::read_to_string(in_repository(path)).expect("the page");
    let opening = whole.find(&format!("<!-- {name}:")).expect("the opening marker");
    let from = opening + whole[opening..].find("-->").expect("the end of the marker") + 3;
    let until = whole.find(&format!("<!-- /{name} -->")).expect("the closing marker");
    let wanted = format!("{}\n\n{}\n\n{}", &whole[..from], text.trim(), &whole[until..]);
    assert_file(path, &wanted);
}
