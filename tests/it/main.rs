//! One integration binary: linking each file on its own is what makes a test suite slow.

mod books;
mod contract_netsuite;
mod golden;
mod peers;
mod support;
