//! A page of a Stripe list: each object on it is read the same by itself.

use tieout::stripe::links::scan;
use tieout::stripe::page;

pub fn run(bytes: &[u8]) {
    let Ok(page) = page::read(bytes) else { return };
    for object in page.objects.into_iter().flatten() {
        let alone = scan(object.json.as_bytes()).expect("it was read as a piece of the page");
        assert_eq!(format!("{alone:?}"), format!("{:?}", object.scan));
    }
}
