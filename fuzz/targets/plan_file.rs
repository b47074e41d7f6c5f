//! A plan file: refused, or the same plan when it is written again.

use tieout::ids::InternalId;
use tieout::netsuite::wire::fill_internal_ids;
use tieout::plan::Plan;

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = fill_internal_ids(text, &|_| Some(InternalId::new("1")));
    if let Ok(mut plan) = Plan::from_text(text) {
        let again = Plan::from_text(&plan.to_text()).expect("what was written can be read");
        assert_eq!(again.digest, plan.digest);
    }
    // Past the digest: the same content with the digest it would have.
    if let Ok(mut plan) = serde_json::from_str::<Plan>(text) {
        let _ = plan.to_text();
    }
}
