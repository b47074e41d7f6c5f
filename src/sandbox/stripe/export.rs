//! A world as a pull sees it, and as somebody without API access gets it: files of exported JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::Refusal;
use super::expand::expand;
use super::index::Index;
use super::world::World;

/// What a pull asks to see whole in an invoice.
const EXPANDED: [&str; 2] = ["discounts", "lines.data.discounts"];

/// Every object, one per line and kind, and for each payout the list of what it is made of, which no object
/// says: the content of each file by its path.
pub fn files(world: World) -> BTreeMap<String, String> {
    let world = as_pulled(world);
    let mut files = BTreeMap::new();
    files.insert("account.json".to_owned(), world.account().to_owned());
    files.insert("balance.json".to_owned(), world.balance().to_owned());
    for kind in world.kinds() {
        let lines = world.objects(kind).iter().map(|object| &*object.json);
        files.insert(format!("{kind}.jsonl"), lines.collect::<Vec<_>>().join("\n"));
    }
    let mut of_payouts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for object in world.objects("balance_transaction") {
        if let Some(payout) = world.payout_of(&object.id) {
            of_payouts.entry(payout).or_default().push(&object.json);
        }
    }
    for (payout, objects) in of_payouts {
        let url = format!("/v1/balance_transactions?payout={payout}");
        let data = objects.join(",");
        let list = format!(r#"{{"object":"list","url":"{url}","has_more":false,"data":[{data}]}}"#);
        files.insert(format!("balance_transactions/{payout}.json"), list);
    }
    files
}

/// The objects as a pull sees them. What cannot be expanded stays as it is.
pub fn as_pulled(world: World) -> World {
    let index = Index::new(world);
    let whole = |json: &str| -> Result<Value, Refusal> {
        let mut invoice = serde_json::from_str(json).unwrap_or_default();
        EXPANDED.iter().try_for_each(|path| expand(&mut invoice, path, &index))?;
        Ok(invoice)
    };
    let invoices = index.world.objects("invoice").iter();
    let invoices: Vec<Value> = invoices.filter_map(|own| whole(&own.json).ok()).collect();
    let mut world = index.world;
    for invoice in &invoices {
        world.insert(invoice);
    }
    world
}
