//! Explanations: everything that is known about one id, put together so that it can be told.
//!
//! Pure: from facts, derived records, what NetSuite is believed to hold and what the next plan would
//! do, one value. Belongs here: choosing what belongs to a story and saying it in an accountant's
//! words. Does not belong here: deciding what the books need (`accounting`), finding the facts
//! (`ledger`), laying out text (`report`). Start at [`fn@build`].

mod build;
mod chapter;
mod events;
mod inputs;
mod lead;
mod makeup;
mod money;
mod open;
mod settings;
mod value;
mod words;

pub use build::build;
pub use inputs::{Given, Holding, Inputs, Names, Subject};
pub use value::{
    Applied, Chapter, Entry, Event, Explanation, Line, Makeup, MakeupRow, Member, Movement, Next,
    OpenInvoice, Rows, Setting, Share, Standing, State, Step, Trouble,
};
