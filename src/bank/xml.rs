//! XML as small trees, one after the other, so that a long statement never lies in memory as one.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::Wrong;
use super::wrong::WHOLE_FILE;

/// Statements nest a dozen elements; a hostile file must not nest until the stack ends.
const DEPTH_MAX: usize = 64;

/// One element, without its namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub name: String,
    /// The line on which it begins.
    pub line: usize,
    pub attributes: Vec<(String, String)>,
    /// Its own text, blanks at both ends removed.
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The first element down this path: `Acct/Id/IBAN`.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| {
            element.children.iter().find(|child| child.name == name)
        })
    }

    /// The text down this path, if there is any.
    pub(super) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path).map(|element| element.text.as_str()).filter(|text| !text.is_empty())
    }

    /// Every child of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What [`Xml::next_in`] found.
pub(super) enum Step {
    /// A child, whole.
    Child(Element),
    /// The element that was looked into has ended.
    End,
}

/// Reads a text from its beginning to its end.
pub(super) struct Xml<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Up to which byte lines were counted, and how many there were.
    counted: (usize, usize),
}

impl<'a> Xml<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, reader: Reader::from_str(text), counted: (0, 1) }
    }

    /// The line that is being read.
    pub(super) fn line(&mut self) -> usize {
        let here = usize::try_from(self.reader.buffer_position()).unwrap_or(self.text.len());
        let here = here.min(self.text.len());
        let (from, lines) = self.counted;
        if here > from {
            let more = memchr::memchr_iter(b'\n', &self.text.as_bytes()[from..here]).count();
            self.counted = (here, lines + more);
        }
        self.counted.1
    }

    /// The next event that says something.
    fn event(&mut self) -> Result<Event<'a>, Wrong> {
        loop {
            match self.reader.read_event() {
                Ok(Event::Comment(_) | Event::PI(_) | Event::Decl(_)) => {}
                Ok(Event::DocType(_)) => {
                    let cause = "a bank statement declares no document type";
                    return Err(Wrong::at(self.line(), cause, WHOLE_FILE));
                }
                Ok(event) => return Ok(event),
                Err(error) => {
                    let cause = format!("this is no XML: {error}");
                    return Err(Wrong::at(self.line(), cause, WHOLE_FILE));
                }
            }
        }
    }

    /// Goes on to the beginning of the next element of this name, at whatever depth; its attributes and
    /// the beginnings passed on the way are handed to `passed`.
    pub(super) fn enter(
        &mut self,
        name: &str,
        mut passed: impl FnMut(&Element) -> Result<(), Wrong>,
    ) -> Result<bool, Wrong> {
        loop {
            let event = self.event()?;
            let line = self.line();
            match event {
                Event::Start(start) => {
                    let element = begun(&start, line)?;
                    passed(&element)?;
                    if element.name == name {
                        return Ok(true);
                    }
                }
                Event::Eof => return Ok(false),
                _ => {}
            }
        }
    }

    /// The next child of the element that was entered.
    pub(super) fn next_in(&mut self) -> Result<Step, Wrong> {
        loop {
            let event = self.event()?;
            let line = self.line();
            match event {
                Event::Start(start) => {
                    let element = begun(&start, line)?;
                    return Ok(Step::Child(self.whole(element, 1)?));
                }
                Event::Empty(start) => return Ok(Step::Child(begun(&start, line)?)),
                Event::End(_) => return Ok(Step::End),
                Event::Eof => return Err(self.ends_early()),
                _ => {}
            }
        }
    }

    fn ends_early(&mut self) -> Wrong {
        Wrong::at(self.line(), "the file ends in the middle of a statement", WHOLE_FILE)
    }

    /// The rest of an element that has begun.
    fn whole(&mut self, mut element: Element, depth: usize) -> Result<Element, Wrong> {
        if depth > DEPTH_MAX {
            let cause = format!("elements are nested deeper than {DEPTH_MAX}");
            return Err(Wrong::at(self.line(), cause, WHOLE_FILE));
        }
        loop {
            let event = self.event()?;
            let line = self.line();
            match event {
                Event::Start(start) => {
                    let child = begun(&start, line)?;
                    element.children.push(self.whole(child, depth + 1)?);
                }
                Event::Empty(start) => element.children.push(begun(&start, line)?),
                Event::Text(text) => element.text.push_str(&text.xml10_content()),
                Event::CData(text) => element.text.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character.to_string()),
                        Ok(None) => {
                            let name = reference.xml10_content();
                            quick_xml::escape::resolve_predefined_entity(&name).map(str::to_owned)
                        }
                        Err(_) => None,
                    };
                    let Some(resolved) = resolved else {
                        let cause = format!("&{}; stands for nothing", reference.xml10_content());
                        return Err(Wrong::at(line, cause, WHOLE_FILE));
                    };
                    element.text.push_str(&resolved);
                }
                Event::End(_) => {
                    element.text = element.text.trim().into();
                    return Ok(element);
                }
                Event::Eof => return Err(self.ends_early()),
                _ => {}
            }
        }
    }
}

fn begun(start: &BytesStart, line: usize) -> Result<Element, Wrong> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let broken = |error: &dyn std::fmt::Display| {
            Wrong::at(line, format!("this is no XML: {error}"), WHOLE_FILE)
        };
        let attribute = attribute.map_err(|error| broken(&error))?;
        let value =
            attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| broken(&error))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    let name = start.local_name().as_ref().to_owned();
    Ok(Element { name, line, attributes, ..Element::default() })
}
