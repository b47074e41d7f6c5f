//! Makes a ledger of any size without a network, to measure what grows with history.
//!
//! `cargo run --release --example big_ledger -- big.db 1000000`: companies of 20,000 charges each,
//! one after the other, as a pull would leave them. Prints what was stored per second; then
//! `tieout plan --ledger big.db` is what is measured.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tieout::calendar::{SystemClock, UnixTime};
use tieout::ledger::{Identity, Incoming, Ledger};
use tieout::sandbox::company::{CompanySpec, Stories, generate};
use tieout::stripe::objects::Head;

const CHARGES_PER_COMPANY: usize = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("name the file to write")?;
    let charges: usize = arguments.next().ok_or("say how many charges")?.parse()?;
    let identity = Identity {
        stripe_account: arguments.next().unwrap_or_else(|| "acct_big".into()),
        livemode: false,
        netsuite_account: arguments.next().unwrap_or_else(|| "TSTDRV_BIG".into()),
    };
    let mut ledger = Ledger::open(Path::new(&path), &identity, Arc::new(SystemClock))?;
    let (mut objects, mut spent) = (0_u128, Duration::ZERO);
    for seed in 0..charges.div_ceil(CHARGES_PER_COMPANY) {
        let mut spec = CompanySpec::with_charges(CHARGES_PER_COMPANY.min(charges), 0);
        spec.seed = u64::try_from(seed)? + 1;
        spec.stories = Stories::Drawn;
        let world = generate(&spec).world;
        let start = Instant::now();
        let kinds: Vec<String> = world.kinds().map(str::to_owned).collect();
        for kind in kinds {
            for page in world.objects(&kind).chunks(100) {
                let heads = page
                    .iter()
                    .map(|stored| Head::read(stored.json.as_bytes()))
                    .collect::<Result<Vec<_>, _>>()?;
                let incoming: Vec<Incoming> = heads
                    .iter()
                    .zip(page)
                    .map(|(head, stored)| Incoming { head, json: &stored.json, parent: None })
                    .collect();
                ledger.store(&incoming, "big", UnixTime(1_800_000_000))?;
                objects += page.len() as u128;
            }
        }
        let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for stored in world.objects("balance_transaction") {
            if let Some(payout) = world.payout_of(&stored.id) {
                members.entry(payout).or_default().push(stored.id.clone());
            }
        }
        for (payout, members) in members {
            ledger.set_payout_members(payout, &members)?;
        }
        spent += start.elapsed();
    }
    let millis = spent.as_millis().max(1);
    println!("{objects} objects stored in {millis} ms: {} a second", objects * 1000 / millis);
    Ok(())
}
