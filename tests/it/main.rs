//! The integration tests: one binary, because linking each file by itself is what makes tests slow.

mod contract_netsuite;
mod peers;
