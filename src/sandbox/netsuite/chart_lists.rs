//! Lists of a company to which records refer besides accounts: departments, classes, locations, tax codes.
//! A chart has those that the configuration refers to; of a list that it does not have any id is taken.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::chart::ChartError;

/// A list, under the name of the fields that refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ListName {
    Department,
    Class,
    Location,
    TaxCode,
}

impl ListName {
    /// The list that a field of a record or a line refers to; tax codes are looked up by what they do.
    pub(super) fn of_field(field: &str) -> Option<Self> {
        let known = [Self::Department, Self::Class, Self::Location];
        known.into_iter().find(|list| list.field() == field)
    }

    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Class => "class",
            Self::Location => "location",
            Self::TaxCode => "taxCode",
        }
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::Department => "departments",
            Self::Class => "classes",
            Self::Location => "locations",
            Self::TaxCode => "tax codes",
        }
    }
}

/// A list with everything that is active on it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSetup {
    pub list: ListName,
    pub entries: Vec<EntrySetup>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntrySetup {
    pub id: i64,
    pub name: String,
}

/// Says which of the lists that the mapping refers to are not known.
pub(super) fn assume(lists: &[ListSetup], needed: &BTreeSet<ListName>, assumed: &mut Vec<String>) {
    let is_known = |name: &&ListName| lists.iter().any(|own| own.list == **name);
    let unknown = needed.iter().filter(|name| !is_known(name));
    let names: Vec<&str> = unknown.map(|name| name.plural()).collect();
    if !names.is_empty() {
        assumed.push(format!("The chart has no {}: any id is taken for one.", names.join(", ")));
    }
}

/// What a tax code is called; where the chart has tax codes, it must be one of them.
pub(super) fn tax_code_name(lists: &[ListSetup], id: i64) -> Result<String, ChartError> {
    let Some(codes) = lists.iter().find(|own| own.list == ListName::TaxCode) else {
        return Ok(format!("Tax code {id}"));
    };
    let own = codes.entries.iter().find(|entry| entry.id == id);
    own.map(|entry| entry.name.clone()).ok_or_else(|| {
        ChartError::Missing(format!(
            "the chart has no tax code {id}, which [suitetax] names\nhint: correct the id, or read the chart anew with `tieout rehearse chart`"
        ))
    })
}
