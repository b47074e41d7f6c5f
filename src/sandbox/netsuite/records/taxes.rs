//! Tax details that override what `SuiteTax` would compute: each is checked against its line and its
//! code, and posts to the code's liability account.

use super::super::error::Refusal;
use super::super::gl::{Header, Line};
use super::super::json::Json;
use super::super::number::Decimal;
use super::super::store::Books;
use super::header;

/// How far a tax may be from basis times rate, in minor units: both were rounded before they came.
const OFF_MAX: i64 = 2;

/// The posting of each tax detail; `sign` is -1 where a positive amount is a credit. Line numbers are
/// the caller's business.
pub(super) fn lines(
    books: &Books<'_>,
    header: &Header,
    body: &Json,
    sign: i64,
) -> Result<Vec<Line>, Refusal> {
    let details = body.get("taxDetails").map_or(&[][..], Json::items);
    let items = body.get("item").map_or(&[][..], Json::items);
    let references: Vec<&str> =
        items.iter().filter_map(|item| item.str_of("taxDetailsReference")).collect();
    let is_override = body.bool_of("taxDetailsOverride") == Some(true);
    if !is_override {
        if details.is_empty() {
            return Ok(Vec::new());
        }
        let text = "Tax details can only be entered when the tax details are overridden.";
        return Err(Refusal::user(text).at("taxDetails"));
    }
    for (place, reference) in references.iter().enumerate() {
        if references[..place].contains(reference) {
            let text = format!("The tax details reference {reference} is on two lines.");
            return Err(Refusal::user(text).at("item"));
        }
    }
    let mut lines = Vec::with_capacity(details.len());
    for (index, detail) in details.iter().enumerate() {
        let path = format!("taxDetails.items[{index}]");
        let reference = reference(detail).ok_or_else(|| missing("Tax Details Reference", &path))?;
        if !references.contains(&reference) {
            let text = format!("No line has the tax details reference {reference}.");
            return Err(Refusal::user(text).at(path));
        }
        lines.push(line(books, header, detail, sign, &path)?);
    }
    Ok(lines)
}

fn line(
    books: &Books<'_>,
    header: &Header,
    detail: &Json,
    sign: i64,
    path: &str,
) -> Result<Line, Refusal> {
    let code = detail.ref_id("taxCode").ok_or_else(|| missing("Tax Code", path))?;
    let (tax_type, account) = books.tax_code(code)?.ok_or_else(|| {
        Refusal::invalid_value(&code.to_string(), "taxCode", format!("{path}.taxCode"))
    })?;
    let own = detail.str_of("taxType").ok_or_else(|| missing("Tax Type", path))?;
    if own != tax_type.to_string() {
        return Err(Refusal::invalid_value(own, "taxType", format!("{path}.taxType")));
    }
    let places = header.currency.places;
    let amount_of = |name: &str, label: &str| {
        header::amount(detail, name, places, path)?.ok_or_else(|| missing(label, path))
    };
    let basis = amount_of("taxBasis", "Tax Basis")?;
    let amount = amount_of("taxAmount", "Tax Amount")?;
    let rate = match detail.get("taxRate") {
        Some(Json::Number(digits)) => Decimal::parse(digits),
        _ => return Err(missing("Tax Rate", path)),
    };
    let hundredth = Decimal::parse("0.01");
    let computed = rate
        .zip(hundredth)
        .and_then(|(rate, hundredth)| rate.times(hundredth))
        .and_then(|rate| Decimal::from_minor(basis, places).times(rate))
        .and_then(|tax| tax.rounded(places))
        .ok_or_else(|| Refusal::bad_content().at(format!("{path}.taxRate")))?;
    if computed.abs_diff(amount) > OFF_MAX.unsigned_abs() {
        let text = format!(
            "The tax amount does not agree with the tax basis and the tax rate, which give {computed}."
        );
        return Err(Refusal::user(text).at(format!("{path}.taxAmount")));
    }
    let base = header.to_base(books, amount)?;
    Ok(Line::new(0, account, sign * amount, sign * base))
}

/// The reference is text on a line, and `{"id": text}` on a detail.
fn reference(detail: &Json) -> Option<&str> {
    let own = detail.get("taxDetailsReference")?;
    own.str_of("id").or(own.as_str())
}

fn missing(label: &str, path: &str) -> Refusal {
    Refusal::missing(label).at(path)
}
