//! Made-up names of businesses, people and streets. Nobody here exists.

use super::rng::Rng;

const FIRST: [&str; 40] = [
    "Amber", "Birch", "Cedar", "Copper", "Coral", "Crane", "Delta", "Drift", "Ember", "Falcon",
    "Fern", "Flint", "Granite", "Harbor", "Hazel", "Heron", "Indigo", "Juniper", "Kestrel",
    "Lantern", "Larch", "Linden", "Maple", "Marble", "Meadow", "Nimbus", "Oak", "Orchard", "Otter",
    "Pebble", "Quarry", "Raven", "Ridge", "Saffron", "Sable", "Thistle", "Tundra", "Velvet",
    "Willow", "Wren",
];
const SECOND: [&str; 30] = [
    "Analytics",
    "Bakery",
    "Books",
    "Brewing",
    "Ceramics",
    "Clinic",
    "Coffee",
    "Dental",
    "Design",
    "Dynamics",
    "Farms",
    "Fitness",
    "Foods",
    "Freight",
    "Furniture",
    "Gardens",
    "Homes",
    "Labs",
    "Legal",
    "Logistics",
    "Media",
    "Mobility",
    "Optics",
    "Outfitters",
    "Robotics",
    "Rowing",
    "Studios",
    "Supply",
    "Textiles",
    "Works",
];
const STREETS: [&str; 8] = [
    "Mill Lane",
    "Station Road",
    "Dock Street",
    "Orchard Way",
    "High Street",
    "Canal Road",
    "Park Row",
    "Foundry Street",
];

/// A business, and the address its invoices go to.
#[derive(Debug, Clone)]
pub struct Business {
    pub name: String,
    pub email: String,
    pub line1: String,
}

/// `serial` tells businesses of the same name apart.
pub fn business(rng: &mut Rng, ending: &str, serial: u64) -> Business {
    let (first, second) = (rng.pick(&FIRST), rng.pick(&SECOND));
    let domain = format!("{}{}{serial}", first.to_lowercase(), second.to_lowercase());
    Business {
        name: format!("{first} {second} {ending}"),
        email: format!("billing@{domain}.example"),
        line1: format!("{} {}", rng.between(1, 240), rng.pick(&STREETS)),
    }
}
