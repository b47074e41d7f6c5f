//! What queries can compute: the key that a link goes by, and texts that are packed.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::pack::{Packer, RECORD};
use super::put::key_of;

/// Teaches a connection `key_of(id)`, `packed(text)` for the JSON of a record, and `text_of(packed)`.
pub(super) fn teach(connection: &Connection, packer: &Arc<Packer>) -> rusqlite::Result<()> {
    let always_the_same = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("key_of", 1, always_the_same, |context| {
        Ok(context.get_raw(0).as_str_or_null()?.map(key_of))
    })?;
    let packs = Arc::clone(packer);
    // Another dictionary may pack the same text otherwise.
    connection.create_scalar_function("packed", 1, FunctionFlags::SQLITE_UTF8, move |context| {
        let text = context.get_raw(0).as_str_or_null()?;
        Ok(text.map(|text| packs.pack(RECORD, text.as_bytes())))
    })?;
    let unpacks = Arc::clone(packer);
    connection.create_scalar_function("text_of", 1, always_the_same, move |context| {
        let Some(bytes) = context.get_raw(0).as_blob_or_null()? else { return Ok(None) };
        let raw = unpacks.unpack(bytes).map_err(failed)?;
        Ok(Some(String::from_utf8(raw).map_err(failed)?))
    })
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(Box::new(cause))
}
