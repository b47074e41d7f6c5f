//! A page of a Stripe list, and each object on it.

use tieout::stripe::links::scan;
use tieout::stripe::objects::Page;

pub fn run(bytes: &[u8]) {
    let Ok(page) = serde_json::from_slice::<Page>(bytes) else { return };
    for object in &page.data {
        let _ = scan(object.get().as_bytes());
    }
}
