//! The heartbeat: an address that is asked for when a run begins and when it ends, so that somebody
//! notices a night on which nothing ran at all.
//!
//! It never changes what a run does or how it ends: what cannot be reached is a warning.

use std::time::Duration;

use secrecy::ExposeSecret;

use super::run_id;
use crate::config::Heartbeat;
use crate::digest::sha256_hex;
use crate::net::http::HttpTransport;
use crate::net::redact::redact_shapes;
use crate::net::transport::{HttpRequest, Method, Transport};
use crate::ui::Ui;

/// The run waits for this before it begins: one try, and not for long.
const START_TIMEOUT: Duration = Duration::from_secs(5);
/// The end is what counts: each try may take so long, and these are the pauses between them.
const END_TIMEOUT: Duration = Duration::from_secs(10);
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Says that a run begins.
pub(super) async fn start(heartbeat: &Heartbeat, ui: Ui) {
    let Some(ending) = &heartbeat.start else { return };
    if let Err(cause) = ask(heartbeat, ending, "", START_TIMEOUT, &[]).await {
        ui.warn(&format!("The heartbeat was not told that the run begins: {cause}."));
    }
}

/// Says how it ended, in a line for people besides.
pub(super) async fn end(heartbeat: &Heartbeat, code: u8, line: &str, ui: Ui) {
    let Some(ending) = heartbeat.ending(code) else { return };
    if let Err(cause) = ask(heartbeat, &ending, line, END_TIMEOUT, &PAUSES).await {
        ui.warn(&format!("The heartbeat was not told how the run ended: {cause}."));
    }
}

/// What went wrong names the host at most: the path is as good as a key.
async fn ask(
    heartbeat: &Heartbeat,
    ending: &str,
    body: &str,
    timeout: Duration,
    pauses: &[Duration],
) -> Result<(), String> {
    let base = heartbeat.url().map_err(|error| error.to_string())?;
    let mut url = format!("{}{ending}", base.expose_secret());
    if !url.contains('?') {
        // Ties the beginning to its end, where two runs overlap.
        url.push_str(&format!("?rid={}", as_uuid(run_id())));
    }
    let transport = HttpTransport::new();
    let mut pauses = pauses.iter();
    loop {
        let request = HttpRequest::new(Method::Post, url.as_str())
            .header("Content-Type", "text/plain; charset=utf-8")
            .body(redact_shapes(body))
            .timeout(timeout);
        let cause = match transport.send(request).await {
            // Some services answer with 200 whatever they are asked.
            Ok(answer) if answer.is_success() && answer.excerpt().contains("not found") => {
                return Err("the service does not know the address".into());
            }
            Ok(answer) if answer.is_success() => return Ok(()),
            Ok(answer) if is_passing(answer.status) => format!("it answered {}", answer.status),
            Ok(answer) => return Err(format!("it answered {}", answer.status)),
            Err(error) => error.to_string(),
        };
        match pauses.next() {
            Some(pause) => tokio::time::sleep(*pause).await,
            None => return Err(cause),
        }
    }
}

/// Whether another try may fare better.
const fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}

/// A name in the form of a UUID, which is what services take for the name of a run.
fn as_uuid(name: &str) -> String {
    let digest = sha256_hex(name.as_bytes());
    // Version 4 and its variant: random, as far as anybody can tell.
    format!(
        "{}-{}-4{}-8{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[12..15],
        &digest[15..18],
        &digest[18..30]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name that the service refuses would lose both the beginning and the end.
    #[test]
    fn the_name_of_a_run_is_a_uuid() {
        let uuid = as_uuid("20261127T020000Z-3fa9c1");
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_hexdigit()), "{uuid}");
        assert_eq!(uuid, as_uuid("20261127T020000Z-3fa9c1"));
    }
}
