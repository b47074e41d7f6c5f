//! Worked examples, computed by hand: Stripe's objects go in, the books come out as a text table.
//!
//! Each test builds the facts of one example in the shape of Stripe's API and compares every record
//! with the table beside it, one record per line: kind and external id, postings by account, the
//! amounts of its lines where there are several, what it is applied to, what a deposit takes out of
//! undeposited funds. Customers and items are left out. The figures are written from the examples,
//! never from the program. Where the books deliberately differ from Stripe's own connector for
//! NetSuite, the test says so, and another shows the option that gives the connector's figures.

mod balance;
mod clearing;
mod closed_period;
mod connect;
mod credit;
mod cutover;
mod disputes;
mod explained;
mod fees;
mod fx;
mod gathered;
mod given_up;
mod invoices;
mod lines;
mod locked_period;
mod manual;
mod money_back;
mod objects;
mod payments;
mod payouts;
mod policies;
mod story;
mod table;
mod taxes;
