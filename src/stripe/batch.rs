//! What both sources of Stripe objects hand on: objects verbatim, in batches.

use serde_json::value::RawValue;

use super::objects::Head;
use super::resource::Resource;
use crate::calendar::Window;

/// One object, byte for byte as Stripe sent it.
#[derive(Debug, Clone)]
pub struct RawObject {
    pub head: Head,
    pub json: Box<str>,
}

impl RawObject {
    /// Takes an object over without copying it.
    ///
    /// # Errors
    /// When the value is no object with an `object` field.
    pub fn new(json: Box<RawValue>) -> Result<Self, serde_json::Error> {
        let head = Head::read(json.get().as_bytes())?;
        Ok(Self { head, json: json.into() })
    }
}

/// Which part of a resource is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole list, or the singleton.
    Whole,
    /// What was created in a window.
    Window(Window),
    /// The list that belongs to the object with this id.
    Parent(String),
    /// The object with this id.
    One(String),
    /// What somebody exported: nothing is known about what is missing.
    Export,
}

/// Objects of one resource that were read together.
#[derive(Debug, Clone)]
pub struct Batch {
    pub resource: Resource,
    pub scope: Scope,
    /// May be empty. For [`Scope::One`] that says: Stripe has no such object any more.
    pub objects: Vec<RawObject>,
    /// Nothing more comes for this resource and scope: what was asked for is complete.
    pub last: bool,
}
