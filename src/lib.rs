//! `tieout` ties Stripe out to NetSuite, to the cent.

pub mod accounting;
pub mod bank;
pub mod calendar;
pub mod cli;
pub mod commands;
pub mod config;
pub mod digest;
pub mod evidence;
pub mod explain;
pub mod ids;
pub mod ledger;
pub mod money;
pub mod net;
pub mod netsuite;
pub mod plan;
pub mod push;
pub mod reconcile;
pub mod report;
pub mod sandbox;
pub mod stripe;
pub mod ui;
pub mod visible;
