//! The characters of a file: UTF-8, UTF-16 with its mark, or else what Windows calls 1252.

use super::Wrong;

/// What Windows-1252 has between 0x80 and 0x9F, where Latin-1 has controls.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of a file. Banks do not say how it is written; amounts and dates are ASCII in all of these.
pub(super) fn decode(bytes: &[u8]) -> Result<String, Wrong> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8_or_windows(rest),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        all => utf8_or_windows(all),
    };
    if text.contains('\0') {
        return Err(Wrong::file(
            "this is no text file",
            "export the statement as CSV, OFX, CAMT.053, BAI2 or MT940; a PDF or a workbook cannot be read",
        ));
    }
    Ok(text)
}

fn utf8_or_windows(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|byte| windows(*byte)).collect(), str::to_owned)
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9F => WINDOWS[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Wrong> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units)
        .ok()
        .filter(|_| rest.is_empty())
        .ok_or_else(|| Wrong::file("this begins as UTF-16 and is none", "save the file as UTF-8"))
}
