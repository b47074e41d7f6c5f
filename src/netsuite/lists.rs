//! Lists to which records may refer besides accounts: departments, classes, locations, tax codes. Read
//! where somebody asks which ids there are.

use super::client::Client;
use super::error::{Class, NetSuiteError};
use super::references::list;
use crate::ids::InternalId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    Department,
    Class,
    Location,
    TaxCode,
}

impl List {
    /// The list that a field of this name refers to.
    pub fn of_field(field: &str) -> Option<Self> {
        Some(match field {
            "department" => Self::Department,
            "class" => Self::Class,
            "location" => Self::Location,
            _ => return None,
        })
    }

    pub const fn plural(self) -> &'static str {
        match self {
            Self::Department => "departments",
            Self::Class => "classes",
            Self::Location => "locations",
            Self::TaxCode => "tax codes",
        }
    }

    const fn query(self) -> &'static str {
        match self {
            Self::Department => "SELECT id, name, isinactive FROM department ORDER BY id",
            Self::Class => "SELECT id, name, isinactive FROM classification ORDER BY id",
            Self::Location => "SELECT id, name, isinactive FROM location ORDER BY id",
            Self::TaxCode => "SELECT id, itemid AS name, isinactive FROM salestaxitem ORDER BY id",
        }
    }

    /// What is active on it, by internal id and name; `None` where NetSuite does not show it to this
    /// role, or does not have it.
    pub async fn fetch(
        self,
        client: &Client,
    ) -> Result<Option<Vec<(InternalId, String)>>, NetSuiteError> {
        let read = list(client, self.query(), |row| {
            let entry = (row.id("id")?, row.text("name")?.to_owned());
            Ok((!row.flag("isinactive")?).then_some(entry))
        });
        match read.await {
            Err(NetSuiteError { class: Class::Rejected { .. }, .. }) => Ok(None),
            Err(error) => Err(error),
            Ok(entries) => Ok(Some(entries.into_iter().flatten().collect())),
        }
    }
}
