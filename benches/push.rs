//! How fast a push is, against the limit that NetSuite's latency and its places set: concurrency
//! divided by latency. `cargo bench --bench push` prints the share of it that is reached, one request
//! per record and in batches; `TIEOUT_BENCH_RECORDS=100000` adds a long push without latency and
//! prints how much memory it holds on its way.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../tests/it/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::house::{House, Key, NOW, prepare};
use tieout::calendar::{Clock, FixedClock};
use tieout::net::http::HttpTransport;
use tieout::push::Mode;
use tieout::sandbox::company::{CompanySpec, generate};
use tieout::sandbox::netsuite::{NetSuite, Setup};

const LATENCY: Duration = Duration::from_millis(500);

fn main() {
    // `cargo test --bench push` only proves that it builds and starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    println!("one request per record, {} ms each:", LATENCY.as_millis());
    println!(
        "{:>12} {:>9} {:>9} {:>9} {:>8}",
        "concurrency", "records", "limit/s", "reached/s", "share"
    );
    for (places, charges) in [(5, 200), (10, 400), (20, 800)] {
        measure(places, charges, Mode::Single);
    }
    println!("batches of 100, two jobs at once, {} ms for each record:", LATENCY.as_millis());
    measure(20, 800, Mode::Batch);
    let records = std::env::var("TIEOUT_BENCH_RECORDS").ok().and_then(|text| text.parse().ok());
    if let Some(records) = records {
        long_push(records);
    }
}

/// An embedded NetSuite on a thread of its own, as far away as loopback is.
fn serve(key: &Key, file: &Path) -> (NetSuite, String) {
    let mut setup = Setup::demo().with_client(key.setup.clone());
    setup.concurrency = 1_000;
    let netsuite = NetSuite::open(Some(file), &setup).expect("a new file");
    netsuite.set_clock(Arc::new(FixedClock(NOW)));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let served = netsuite.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            served.serve(listener).await.expect("it serves until the end");
        });
    });
    (netsuite, url)
}

struct Bench {
    house: House,
    netsuite: NetSuite,
    _folder: tempfile::TempDir,
}

async fn bench(places: usize, charges: usize, mode: Mode) -> Bench {
    let key = Key::new();
    let folder = tempfile::tempdir().expect("a folder");
    let (netsuite, url) = serve(&key, &folder.path().join("netsuite.db"));
    let clock: Arc<dyn Clock> = Arc::new(FixedClock(NOW));
    let client = key.client(Arc::new(HttpTransport::new()), &url, &clock, places);
    let company = generate(&CompanySpec::with_charges(charges, 7));
    prepare(&company, folder.path(), &client, &clock).await;
    drop(company);
    let mut house = House::open(folder.path(), client, clock).await;
    (house.places, house.mode) = (places, mode);
    Bench { house, netsuite, _folder: folder }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn measure(places: u32, charges: usize, mode: Mode) {
    runtime().block_on(async {
        let mut bench = bench(usize::try_from(places).expect("a few"), charges, mode).await;
        let built = bench.house.plan();
        let latency_ms = u64::try_from(LATENCY.as_millis()).expect("half a second");
        bench.netsuite.set_latency_ms(latency_ms);
        let start = Instant::now();
        let pushed = bench.house.send(&built.changes).await;
        let taken = start.elapsed().as_secs_f64();
        assert!(pushed.failed.is_empty(), "{:?}", pushed.failed);
        let records = f64::from(u32::try_from(pushed.created).expect("thousands"));
        let (limit, reached) = (f64::from(places) / LATENCY.as_secs_f64(), records / taken);
        let share = match mode {
            Mode::Single => format!("{:.1} %", 100.0 * reached / limit),
            Mode::Batch => "–".to_owned(),
        };
        println!("{places:>12} {records:>9} {limit:>9.1} {reached:>9.1} {share:>8}");
    });
}

/// Resident memory in MiB.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

fn long_push(records: usize) {
    runtime().block_on(async {
        let mut bench = bench(8, records * 2 / 7, Mode::Single).await;
        println!("memory before planning: {} MiB", resident_mib());
        let built = bench.house.plan();
        let total = built.changes.len();
        println!("{total} changes planned: {} MiB", resident_mib());
        let start = Instant::now();
        for (tenth, part) in built.changes.chunks(total.div_ceil(10)).enumerate() {
            let pushed = bench.house.send(part).await;
            assert!(pushed.failed.is_empty(), "{:?}", pushed.failed);
            println!("{:>3} % pushed: {} MiB", (tenth + 1) * 10, resident_mib());
        }
        println!(
            "{:.0} records/s without latency",
            f64::from(u32::try_from(total).expect("fewer than 4 billion"))
                / start.elapsed().as_secs_f64()
        );
    });
}
