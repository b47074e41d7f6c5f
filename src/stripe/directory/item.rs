//! What one value of an export is: an object, or a list of them, and whose list it is.

use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::stripe::batch::{RawObject, Scope};
use crate::stripe::resource::Resource;

const IS_IT_STRIPE: &str = "export Stripe's objects as its API answers them, with their `object`";
const NAME_THE_PARENT: &str = "export the whole list with its `url`, or the parent with its lines";

/// One object and where it belongs.
pub(super) struct Item {
    /// `None` for kinds that the books do not need.
    pub resource: Option<Resource>,
    pub scope: Scope,
    pub object: RawObject,
}

/// Why a value is no item.
pub(super) struct Refusal {
    pub message: String,
    pub fix: &'static str,
}

/// What a file's path says about its items.
pub(super) struct Source {
    payout: Option<String>,
}

/// What an outermost value may be, as far as it matters here.
#[derive(Deserialize)]
struct Top<'a> {
    object: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    url: Option<String>,
}

/// The fields by which items of lists name their parent.
#[derive(Deserialize)]
struct Parents {
    invoice: Option<String>,
    customer: Option<Customer>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Customer {
    Id(String),
    Object { id: String },
}

impl Source {
    pub(super) fn of_path(path: &Path) -> Self {
        let folder = path.parent().and_then(Path::file_name);
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let named = folder.is_some_and(|folder| folder == "balance_transactions")
            && stem.starts_with("po_");
        Self { payout: named.then(|| stem.to_owned()) }
    }

    /// The items that an outermost value holds.
    pub(super) fn items(&self, value: Box<RawValue>) -> Result<Vec<Item>, Refusal> {
        match value.get().as_bytes().first() {
            Some(b'[') => self.items_of_list(value.get(), None),
            Some(b'{') => {
                let top: Top =
                    serde_json::from_str(value.get()).map_err(|error| not_one(&error))?;
                match (top.object.as_deref(), top.data) {
                    (Some("list"), Some(data)) => {
                        self.items_of_list(data.get(), top.url.as_deref())
                    }
                    (Some("list"), None) => {
                        Err(Refusal { message: "a list without `data`".into(), fix: IS_IT_STRIPE })
                    }
                    _ => Ok(vec![self.item(value, None)?]),
                }
            }
            _ => Err(Refusal {
                message: format!("`{}` is no object", excerpt(value.get())),
                fix: IS_IT_STRIPE,
            }),
        }
    }

    fn items_of_list(&self, json: &str, url: Option<&str>) -> Result<Vec<Item>, Refusal> {
        let items: Vec<Box<RawValue>> =
            serde_json::from_str(json).map_err(|error| not_one(&error))?;
        items.into_iter().map(|item| self.item(item, url)).collect()
    }

    fn item(&self, json: Box<RawValue>, url: Option<&str>) -> Result<Item, Refusal> {
        let object = RawObject::new(json).map_err(|error| not_one(&error))?;
        let Some(resource) = Resource::of_kind(&object.head().object) else {
            return Ok(Item { resource: None, scope: Scope::Export, object });
        };
        if object.head().id.is_empty() && !resource.is_singleton() {
            let message = format!("a {} without `id`", object.head().object);
            return Err(Refusal { message, fix: IS_IT_STRIPE });
        }
        if resource == Resource::BalanceTransactions
            && let Some(payout) = url.and_then(payout_of_url).or_else(|| self.payout.clone())
        {
            let resource = Some(Resource::PayoutMembers);
            return Ok(Item { resource, scope: Scope::Parent(payout), object });
        }
        let scope = if resource.has_parent() {
            Scope::Parent(parent(resource, &object, url)?)
        } else {
            Scope::Export
        };
        Ok(Item { resource: Some(resource), scope, object })
    }
}

fn parent(resource: Resource, object: &RawObject, url: Option<&str>) -> Result<String, Refusal> {
    if let Some(parent) = url.and_then(|url| parent_of_url(resource, url)) {
        return Ok(parent);
    }
    let named: Option<Parents> = serde_json::from_str(&object.json).ok();
    let named = named.and_then(|parents| match resource {
        Resource::InvoiceLines => parents.invoice,
        Resource::CustomerBalanceTransactions => parents.customer.map(|customer| match customer {
            Customer::Id(id) | Customer::Object { id } => id,
        }),
        _ => None,
    });
    named.ok_or_else(|| Refusal {
        message: format!(
            "{} `{}` does not say whose it is",
            object.head().object,
            object.head().id
        ),
        fix: NAME_THE_PARENT,
    })
}

/// `in_1` of `/v1/invoices/in_1/lines`, when the URL is one of this resource.
fn parent_of_url(resource: Resource, url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next()?;
    let parent = path.split('/').nth(3)?;
    (!parent.is_empty() && path == resource.path_below(parent)).then(|| parent.to_owned())
}

fn payout_of_url(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let payout = query.split('&').find_map(|pair| pair.strip_prefix("payout="))?;
    (!payout.is_empty()).then(|| payout.to_owned())
}

fn not_one(error: &dyn std::fmt::Display) -> Refusal {
    Refusal { message: format!("this is no Stripe object: {error}"), fix: IS_IT_STRIPE }
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}
