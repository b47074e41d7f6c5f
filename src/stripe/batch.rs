//! What both sources of Stripe objects hand on: objects verbatim, in batches.

use std::ops::{Deref, Range};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::links::{Link, Scan, scan};
use super::objects::{Head, ObjectError};
use super::resource::Resource;
use crate::calendar::Window;

/// One object, byte for byte as Stripe sent it.
#[derive(Debug, Clone)]
pub struct RawObject {
    pub scan: Scan,
    pub json: Verbatim,
}

/// The text of an object: by itself, or a piece of the answer that it came with, which all of its objects share.
#[derive(Debug, Clone)]
pub struct Verbatim {
    whole: Arc<str>,
    place: Range<usize>,
}

impl Verbatim {
    /// A piece of an answer, which begins and ends between two characters.
    pub(super) fn piece(whole: &Arc<str>, place: Range<usize>) -> Self {
        Self { whole: Arc::clone(whole), place }
    }
}

impl Deref for Verbatim {
    type Target = str;

    fn deref(&self) -> &str {
        &self.whole[self.place.clone()]
    }
}

impl RawObject {
    /// An object by itself.
    ///
    /// # Errors
    /// When the value is no object with an `object` field.
    pub fn new(json: Box<RawValue>) -> Result<Self, ObjectError> {
        let scan = scan(json.get().as_bytes())?;
        let whole: Arc<str> = Box::<str>::from(json).into();
        Ok(Self { scan, json: Verbatim { place: 0..whole.len(), whole } })
    }

    pub fn id(&self) -> &str {
        &self.scan.head.id
    }

    pub fn head(&self) -> &Head {
        &self.scan.head
    }

    /// The first object that this one names in a way.
    pub fn link(&self, rel: super::links::Rel) -> Option<&str> {
        let named = |link: &&Link| link.rel == rel;
        self.scan.links.iter().find(named).map(|link| link.target.as_str())
    }
}

/// Which part of a resource is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole list, or the singleton.
    Whole,
    /// What was created in a window.
    Window(Window),
    /// What has a status: a list that completes nothing, because what it leaves out may have changed.
    WithStatus(&'static str),
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
