//! The fuzz targets, each on its own seeds and on beginnings of them. What they find beyond that takes
//! hours: `fuzz/run`.

use std::path::Path;

use crate::fuzz_targets as targets;

type Target = fn(&[u8]);

/// Every beginning of a short seed, some of a long one.
const CUTS: usize = 64;

/// A target that the product has left behind finds nothing any more, and a parser that panics at a
/// truncated answer ends a night.
#[test]
fn each_fuzz_target_takes_its_seeds_whole_and_cut_short() {
    let all: [(&str, Target); 9] = [
        ("bank_statement", targets::bank_statement::run),
        ("configuration", targets::configuration::run),
        ("netsuite_answer", targets::netsuite_answer::run),
        ("netsuite_error", targets::netsuite_error::run),
        ("plan_file", targets::plan_file::run),
        ("report_csv", targets::report_csv::run),
        ("small_texts", targets::small_texts::run),
        ("stripe_list", targets::stripe_list::run),
        ("stripe_object", targets::stripe_object::run),
    ];
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    assert_eq!(std::fs::read_dir(&seeds).unwrap().count(), all.len(), "a target for each folder");
    for (name, run) in all {
        let mut count = 0;
        for seed in std::fs::read_dir(seeds.join(name)).unwrap() {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            for length in (0..bytes.len()).step_by(bytes.len() / CUTS + 1) {
                run(&bytes[..length]);
            }
            run(&bytes);
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}
