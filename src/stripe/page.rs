//! A page of a list, read in one pass: where each object begins and ends, and what it says of itself.
//!
//! `serde_json` tells where a value ends, or what is in it, not both at once for the items of an array. So the
//! outermost level of a page is walked here, and each item is read as a value of its own. What is not as expected
//! is read again slowly, which says what is wrong.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::batch::{RawObject, Verbatim};
use super::links::scan_first;
use super::objects::{ObjectError, or_default};

/// A list as the API answers it.
#[derive(Debug)]
pub struct Page {
    /// Its items, or why one of them is no Stripe object.
    pub objects: Result<Vec<RawObject>, ObjectError>,
    pub has_more: bool,
}

/// Reads the body of an answer.
///
/// # Errors
/// When it is no list.
pub fn read(body: &[u8]) -> Result<Page, serde_json::Error> {
    let text = std::str::from_utf8(body).ok();
    match text.and_then(|text| Walk { text: text.into(), at: 0 }.page()) {
        Some(page) => Ok(page),
        None => slowly(body),
    }
}

fn slowly(body: &[u8]) -> Result<Page, serde_json::Error> {
    #[derive(Deserialize)]
    struct Listed {
        data: Vec<Box<RawValue>>,
        #[serde(default, deserialize_with = "or_default")]
        has_more: bool,
    }
    let listed: Listed = serde_json::from_slice(body)?;
    let objects = listed.data.into_iter().map(RawObject::new).collect();
    Ok(Page { objects, has_more: listed.has_more })
}

/// The way through a page; nothing comes of it as soon as something is unexpected.
struct Walk {
    text: Arc<str>,
    at: usize,
}

impl Walk {
    fn page(mut self) -> Option<Page> {
        let (mut objects, mut has_more) = (None, None);
        self.take(b'{')?;
        loop {
            let key: String = self.value()?;
            self.take(b':')?;
            match key.as_str() {
                "data" if objects.is_none() => objects = Some(self.items()?),
                "has_more" if has_more.is_none() => has_more = Some(self.value::<Option<bool>>()?),
                "data" | "has_more" => return None,
                _ => drop(self.value::<IgnoredAny>()?),
            }
            if self.take(b',').is_none() {
                break;
            }
        }
        self.take(b'}')?;
        let is_whole = self.next().is_none();
        let has_more = has_more.flatten().unwrap_or_default();
        is_whole.then_some(Page { objects: Ok(objects?), has_more })
    }

    fn items(&mut self) -> Option<Vec<RawObject>> {
        let mut items = Vec::with_capacity(super::crawl::OBJECTS_PER_PAGE);
        self.take(b'[')?;
        if self.take(b']').is_some() {
            return Some(items);
        }
        loop {
            self.next()?;
            let (scan, length) = scan_first(&self.text[self.at..])?;
            let json = Verbatim::piece(&self.text, self.at..self.at + length);
            self.at += length;
            items.push(RawObject { scan, json });
            if self.take(b',').is_none() {
                break;
            }
        }
        self.take(b']')?;
        Some(items)
    }

    fn value<T: for<'a> Deserialize<'a>>(&mut self) -> Option<T> {
        self.next()?;
        let mut values = serde_json::Deserializer::from_str(&self.text[self.at..]).into_iter();
        let value = values.next()?.ok()?;
        self.at += values.byte_offset();
        Some(value)
    }

    /// Goes on behind `expected`, if it is what comes next.
    fn take(&mut self, expected: u8) -> Option<()> {
        (self.next()? == expected).then(|| self.at += 1)
    }

    /// The first byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let space = rest.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
        self.at += space;
        rest.get(space).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGE: &str = r#"{ "id": "ch_1", "object":"charge", "created":5,"customer":"cus_ü" }"#;
    const REFUND: &str = r#"{"id":"re_1","object":"refund","created":6,"charge":"ch_1"}"#;

    fn quickly(text: &str) -> Option<Page> {
        Walk { text: text.into(), at: 0 }.page()
    }

    fn texts(page: &Page) -> Vec<String> {
        let objects = page.objects.as_ref().unwrap();
        objects.iter().map(|object| format!("{} {}", object.id(), &*object.json)).collect()
    }

    /// Were an object cut or shifted by a byte, the ledger would not hold what Stripe said.
    #[test]
    fn both_ways_give_every_object_verbatim() {
        for (text, has_more) in [
            (format!(r#"{{"object":"list","data":[{CHARGE},{REFUND}],"has_more":true}}"#), true),
            (
                format!(
                    " {{\n\"has_more\" : null,\"u\":{{\"data\":[1]}},\"data\" :[ {CHARGE} ,\n{REFUND}\t] }} "
                ),
                false,
            ),
        ] {
            let quick = quickly(&text).unwrap();
            let slow = slowly(text.as_bytes()).unwrap();
            assert_eq!(texts(&quick), [format!("ch_1 {CHARGE}"), format!("re_1 {REFUND}")]);
            assert_eq!(texts(&quick), texts(&slow));
            assert_eq!((quick.has_more, slow.has_more), (has_more, has_more));
            let links = |page: &Page| format!("{:?}", page.objects.as_ref().unwrap()[0].scan);
            assert_eq!(links(&quick), links(&slow));
        }
        for empty in [r#"{"data":[]}"#, r#"{ "data" : [ ] , "has_more":false}"#] {
            assert!(texts(&quickly(empty).unwrap()).is_empty());
        }
    }

    /// A page that breaks off is asked for again; one that is something else is told to somebody.
    #[test]
    fn what_is_no_page_is_told_as_before() {
        let whole = format!(r#"{{"object":"list","data":[{CHARGE},{REFUND}],"has_more":true}}"#);
        for end in 0..whole.len() {
            let body = &whole.as_bytes()[..end];
            let error = read(body).unwrap_err();
            assert!(error.is_eof(), "{end}: {error}");
        }
        for text in [
            r#"{"data":{}}"#,
            r#"{"has_more":true}"#,
            r#"{"data":[],"data":[]}"#,
            r#"{"data":[]} x"#,
            r#"{"data":[],}"#,
            "[]",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        let odd = format!(r#"{{"data":[{CHARGE},{{"id":"x"}}]}}"#);
        assert!(read(odd.as_bytes()).unwrap().objects.is_err());
        let escaped = format!(r#"{{"d\u0061ta":[{CHARGE}]}}"#);
        assert_eq!(texts(&read(escaped.as_bytes()).unwrap()), [format!("ch_1 {CHARGE}")]);
    }
}
