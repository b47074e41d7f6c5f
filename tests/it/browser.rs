//! The page of a close in a real browser, at desk and at phone width: nothing is wider than the window,
//! every link leads somewhere, every picture is drawn. Pictures are left in `target/screenshots`.
//!
//! Without a Chromium on this machine nothing is shown and the test says so; `TIEOUT_CHROMIUM` names one.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::cli::{Sandbox, Tieout};

/// Names under which it may be found.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Pixels: a desk, and a phone.
const WIDTHS: [u32; 2] = [1280, 390];

/// What the page says of itself, asked from a frame as wide as the window that is meant: a window of its
/// own is never as narrow as a phone.
const FRAME: &str = r##"<!doctype html><meta charset="utf-8">
<iframe id="f" src="close.html" style="width:WIDTHpx;height:2300px;border:0"></iframe>
<pre id="said"></pre>
<script>
const frame = document.getElementById("f");
frame.addEventListener("load", () => {
  const page = frame.contentDocument;
  const all = (what) => [...page.querySelectorAll(what)];
  const links = all('a[href^="#"]').map((a) => decodeURIComponent(a.getAttribute("href").slice(1)));
  const shapes = all("svg rect, svg path, svg polyline");
  const wide = all("body *").filter((own) => {
    const box = own.getBoundingClientRect();
    let around = own.parentElement;
    while (around && getComputedStyle(around).overflowX === "visible") around = around.parentElement;
    return box.right > WIDTH + 1 && (!around || around === page.body || around === page.documentElement);
  });
  document.getElementById("said").textContent = JSON.stringify({
    width: page.documentElement.scrollWidth,
    wide: wide.slice(0, 5).map((own) => own.tagName + "." + own.className),
    broken: links.filter((name) => name && !page.getElementById(name)).slice(0, 5),
    links: links.length,
    headings: all("h1").length,
    tables: all("table").length,
    scoped: all("th").every((own) => own.hasAttribute("scope")),
    shapes: shapes.filter((own) => own.getBoundingClientRect().width > 0).length,
    unnamed: all("svg").filter((own) => !own.hasAttribute("aria-label") && !own.querySelector("title")
      && own.getAttribute("aria-hidden") !== "true").length,
  });
});
</script>"##;

fn browser() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TIEOUT_CHROMIUM") {
        return Some(named.into());
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found.into_iter().find(|program| program.is_file())
}

fn run(browser: &Path, profile: &Path, arguments: &[&str], page: &Path) -> Vec<u8> {
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--allow-file-access-from-files", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What the page says of itself in a window as wide as this.
fn said(browser: &Path, profile: &Path, close: &Path, width: u32) -> Value {
    let frame = close.join(format!("frame-{width}.html"));
    std::fs::write(&frame, FRAME.replace("WIDTH", &width.to_string())).expect("a page");
    let dom = run(browser, profile, &["--window-size=1400,1000", "--dump-dom"], &frame);
    let dom = String::from_utf8(dom).expect("text");
    let said = dom.split(r#"<pre id="said">"#).nth(1).and_then(|rest| rest.split("</pre>").next());
    serde_json::from_str(said.expect("it said something")).unwrap_or_else(|_| panic!("{dom:.2000}"))
}

/// Width and height of a PNG.
fn size(png: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    assert_eq!(&png[1..4], b"PNG");
    (number(16), number(20))
}

/// A figure that hangs out of the window, or a link to nothing, is a figure that nobody finds.
#[test]
fn the_page_of_a_close_can_be_read_at_a_desk_and_on_a_phone() {
    let Some(browser) = browser() else {
        println!("No Chromium is here, so no page was looked at; TIEOUT_CHROMIUM names one.");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let _sandbox = Sandbox::start(folder.path());
    let tieout = Tieout::new(folder.path());
    assert_eq!(tieout.run(&["run", "--since", "2026-06-01"]).code, 0);
    let close = ["report", "close", "--period", "2026-09", "--out", "september"];
    assert_eq!(tieout.run(&close).code, 0);
    let close = folder.path().join("september");
    let profile = folder.path().join("profile");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&kept).expect("a folder");
    for width in WIDTHS {
        let said = said(&browser, &profile, &close, width);
        assert_eq!(said["wide"], serde_json::json!([]), "at {width}: {said}");
        assert!(said["width"].as_u64() <= Some(u64::from(width)), "at {width}: {said}");
        assert_eq!(said["broken"], serde_json::json!([]), "{said}");
        assert!(said["links"].as_u64() > Some(10) && said["tables"].as_u64() > Some(10), "{said}");
        assert!(said["headings"] == 1 && said["scoped"] == true && said["unnamed"] == 0, "{said}");
        assert!(said["shapes"].as_u64() > Some(20), "{said}");
        let png = kept.join(format!("close-{width}.png"));
        let shot = format!("--screenshot={}", png.display());
        // A phone's page is the frame's left part of the picture.
        let page = if width < 500 {
            close.join(format!("frame-{width}.html"))
        } else {
            close.join("close.html")
        };
        let window = format!("--window-size={},2400", width.max(500));
        run(&browser, &profile, &[&window, &shot], &page);
        let bytes = std::fs::read(&png).expect("a picture");
        assert_eq!(size(&bytes), (width.max(500), 2400));
        assert!(bytes.len() > 50_000, "an empty page has {} bytes", bytes.len());
    }
}
