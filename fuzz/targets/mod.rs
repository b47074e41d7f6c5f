//! What each fuzz target does with bytes. The product's tests run them on the seeds, so that they keep up
//! with the product; `../run` runs them on what it makes of the seeds.

pub mod bank_statement;
pub mod configuration;
pub mod netsuite_answer;
pub mod netsuite_error;
pub mod plan_file;
pub mod report_csv;
pub mod small_texts;
pub mod stripe_list;
pub mod stripe_object;
