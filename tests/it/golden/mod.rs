//! Worked examples, computed by hand: Stripe's objects go in, the books come out as a text table.
//!
//! Each test builds the facts of one example in the shape of Stripe's API and compares every record
//! with the table beside it, one record per line: kind and external id, postings by account, the
//! amounts of its lines where there are several, what it is applied to, what a deposit takes out of
//! undeposited funds. Customers and items are left out. The figures are written from the examples,
//! never from the program. Where the books deliberately differ from Stripe's own connector for
//! NetSuite, the test says so.

mod clearing;
mod connect;
mod credit;
mod disputes;
mod fees;
mod fx;
mod invoices;
mod manual;
mod payments;
mod payouts;
mod story;
mod table;
