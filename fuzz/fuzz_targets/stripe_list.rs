//! A page of a Stripe list, and each object on it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tieout::stripe::links::links;
use tieout::stripe::objects::{Head, Page};

fuzz_target!(|bytes: &[u8]| {
    let Ok(page) = serde_json::from_slice::<Page>(bytes) else { return };
    for object in &page.data {
        let raw = object.get().as_bytes();
        if let Ok(head) = Head::read(raw) {
            let _ = links(&head, raw);
        }
    }
});
