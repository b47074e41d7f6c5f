//! The loop that every other reader of Stripe has: one list after the other, one page after the
//! other, nothing stored. What `tieout pull` is measured against, on the same embedded Stripe.
//!
//! `cargo run --release --example plain_loop -- http://127.0.0.1:4242`

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::sync::Arc;
use std::time::Instant;

use serde::Deserialize;
use serde_json::value::RawValue;
use tieout::net::base_url::BaseUrl;
use tieout::net::http::HttpTransport;
use tieout::net::redact::SecretString;
use tieout::stripe::client::{Client, Limits, Options};
use tieout::stripe::objects::Head;
use tieout::stripe::resource::Resource;

/// A list with its items as they came.
#[derive(Deserialize)]
struct Listed<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    has_more: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).ok_or("name the address of an embedded Stripe")?;
    let limits = Limits {
        rate_per_s: 100_000,
        in_flight: 1,
        endpoint_rate_per_s: 100_000,
        endpoint_in_flight: 1,
    };
    let options = Options { limits: Some(limits), ..Options::default() };
    let key = SecretString::from("rk_test_sandbox");
    let client = Client::new(Arc::new(HttpTransport::new()), BaseUrl::parse(&url)?, key, options)?;
    let start = Instant::now();
    let (mut objects, mut pages) = (0_u128, 0_u128);
    for resource in Resource::LISTS {
        let mut cursor: Option<String> = None;
        loop {
            let mut query = vec![("limit".to_owned(), "100".to_owned())];
            query.extend(cursor.take().map(|id| ("starting_after".to_owned(), id)));
            let body = client.get(&resource.path(), &query).await?;
            let page: Listed = serde_json::from_str(body.get())?;
            objects += page.data.len() as u128;
            pages += 1;
            match page.data.last() {
                Some(last) if page.has_more => {
                    cursor = Some(Head::read(last.get().as_bytes())?.id);
                }
                _ => break,
            }
        }
    }
    let millis = start.elapsed().as_millis().max(1);
    println!(
        "{objects} objects in {pages} pages and {millis} ms: {} objects a second",
        objects * 1000 / millis
    );
    Ok(())
}
