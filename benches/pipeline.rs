//! The steps between a page of JSON and a plan, without network: objects read, stored and derived
//! per second. `cargo bench`; the figures mean something only beside one another, on one machine.

use std::path::Path;
use std::sync::Arc;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use tieout::calendar::{FixedClock, UnixTime};
use tieout::ledger::{Identity, Incoming, Ledger};
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::stripe::world::World;
use tieout::stripe::links::links;
use tieout::stripe::objects::{Charge, Head, Invoice, read};

/// Charges of the company that is measured.
const CHARGES: usize = 1_000;

fn main() {
    divan::main();
}

fn world() -> World {
    generate(&CompanySpec::with_charges(CHARGES, 7)).world
}

fn ledger(folder: &Path) -> Ledger {
    let identity = Identity {
        stripe_account: "acct_bench".into(),
        livemode: false,
        netsuite_account: "TSTDRV_BENCH".into(),
    };
    let clock = Arc::new(FixedClock(UnixTime(1_800_000_000)));
    Ledger::open(&folder.join("bench.db"), &identity, clock).expect("a new ledger")
}

#[divan::bench]
fn read_charges(bencher: Bencher) {
    let world = world();
    let charges = world.objects("charge");
    bencher.counter(ItemsCount::new(charges.len())).bench(|| {
        for stored in charges {
            black_box(read::<Charge>(stored.json.as_bytes()).expect("a charge"));
        }
    });
}

#[divan::bench]
fn read_invoices(bencher: Bencher) {
    let world = world();
    let invoices = world.objects("invoice");
    bencher.counter(ItemsCount::new(invoices.len())).bench(|| {
        for stored in invoices {
            black_box(read::<Invoice>(stored.json.as_bytes()).expect("an invoice"));
        }
    });
}

#[divan::bench]
fn find_links(bencher: Bencher) {
    let world = world();
    let charges = world.objects("charge");
    bencher.counter(ItemsCount::new(charges.len())).bench(|| {
        for stored in charges {
            let head = Head::read(stored.json.as_bytes()).expect("a head");
            black_box(links(&head, stored.json.as_bytes()).expect("links"));
        }
    });
}

/// Parse, compress, index and commit: a new object each.
#[divan::bench(sample_count = 10)]
fn store_new_objects(bencher: Bencher) {
    let world = world();
    let objects: Vec<(Head, &str)> = world
        .objects("charge")
        .iter()
        .map(|stored| (Head::read(stored.json.as_bytes()).expect("a head"), &*stored.json))
        .collect();
    let incoming: Vec<Incoming> =
        objects.iter().map(|(head, json)| Incoming { head, json, parent: None }).collect();
    bencher
        .counter(ItemsCount::new(incoming.len()))
        .with_inputs(|| {
            let folder = tempfile::tempdir().expect("a folder");
            (ledger(folder.path()), folder)
        })
        .bench_values(|(mut ledger, folder)| {
            for page in incoming.chunks(100) {
                ledger.store(page, "bench", UnixTime(1)).expect("stored");
            }
            (ledger, folder)
        });
}
