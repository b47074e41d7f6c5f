//! From SuiteQL's Oracle-like dialect to `SQLite`'s, token by token.

/// What a query may select from.
const TABLES: [&str; 18] = [
    "department",
    "classification",
    "location",
    "salestaxitem",
    "transaction",
    "transactionline",
    "transactionaccountingline",
    "account",
    "accountingbook",
    "accountingperiod",
    "currency",
    "subsidiary",
    "customer",
    "item",
    "nexttransactionlinelink",
    "previoustransactionlinelink",
    "deletedrecord",
    "dual",
];

/// Fields of a line that are lists of the company.
const CLASSIFICATIONS: [&str; 3] = ["class", "department", "location"];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    /// Numbers, strings, quoted names and punctuation, kept as written.
    Other(String),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self, Self::Other(own) if own == mark)
    }

    fn text(&self) -> &str {
        match self {
            Self::Word(text) | Self::Other(text) => text,
        }
    }
}

/// The query for `SQLite`.
///
/// # Errors
/// The sentence that NetSuite ends its answer with.
pub(super) fn translate(query: &str) -> Result<String, String> {
    let unsupported = || "Search error occurred: Invalid or unsupported search".to_owned();
    let tokens = tokenize(query).ok_or_else(unsupported)?;
    let starts = tokens.first().is_some_and(|token| token.is("SELECT") || token.is("WITH"));
    if !starts || tokens.iter().any(|token| token.is_mark(";")) {
        return Err(unsupported());
    }
    check_tables(&tokens)?;
    let line_aliases = aliases(&tokens, "transactionline");
    let mut out = String::with_capacity(query.len() + 64);
    let mut limit = None;
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        at += if let Some((sql, used)) = special(rest, &line_aliases, &mut limit) {
            out.push_str(&sql);
            used
        } else {
            out.push_str(&plain(&rest[0]));
            1
        };
        out.push(' ');
    }
    if let Some(limit) = limit {
        out.push_str("LIMIT ");
        out.push_str(&limit);
    }
    Ok(out)
}

fn plain(token: &Token) -> String {
    if token.is("transaction") {
        "\"transaction\"".to_owned()
    } else if token.is("lower") {
        // SQLite's own knows only ASCII.
        "ns_lower".to_owned()
    } else if token.is("nvl") {
        "ifnull".to_owned()
    } else if token.is("sysdate") {
        "date('now')".to_owned()
    } else {
        token.text().to_owned()
    }
}

/// Forms of several tokens: what they become, and how many tokens they took.
fn special(
    rest: &[Token],
    line_aliases: &[String],
    limit: &mut Option<String>,
) -> Option<(String, usize)> {
    let word = |index: usize, name: &str| rest.get(index).is_some_and(|token| token.is(name));
    let mark = |index: usize, name: &str| rest.get(index).is_some_and(|token| token.is_mark(name));
    if word(0, "FETCH") && (word(1, "FIRST") || word(1, "NEXT")) && word(4, "ONLY") {
        return Some((format!("LIMIT {}", rest[2].text()), 5));
    }
    if word(0, "SELECT") && word(1, "TOP") && limit.is_none() {
        *limit = Some(rest.get(2)?.text().to_owned());
        return Some(("SELECT".to_owned(), 3));
    }
    if word(0, "FROM") && word(1, "dual") {
        return Some((String::new(), 2));
    }
    // A custom field: `c.custentity_x` is in the record's own JSON.
    if let (Some(Token::Word(table)), true, Some(Token::Word(column))) =
        (rest.first(), mark(1, "."), rest.get(2))
    {
        let (table, column) = (plain(&Token::Word(table.clone())), column.to_ascii_lowercase());
        let is_custom = super::schema::is_custom(&column);
        if line_aliases.contains(&table) {
            if is_custom || CLASSIFICATIONS.contains(&column.as_str()) {
                return Some((value(&format!("{table}.own"), &column), 3));
            }
        } else if is_custom {
            return Some((custom(&table, &column), 3));
        }
    }
    // TRUNC(date) of a column that is a date already.
    if word(0, "TRUNC") && mark(1, "(") {
        return Some(("date(".to_owned(), 2));
    }
    if word(0, "BUILTIN") && mark(1, ".") && word(2, "DF") && mark(3, "(") {
        let (qualifier, column, used) = match (rest.get(4)?, rest.get(6)) {
            (Token::Word(table), Some(Token::Word(column))) if mark(5, ".") => {
                (format!("{}.", plain(&Token::Word(table.clone()))), column, 8)
            }
            (Token::Word(column), _) => (String::new(), column, 6),
            _ => return None,
        };
        return Some((display(&qualifier, column), used));
    }
    None
}

/// The names under which a query selects from a table.
fn aliases(tokens: &[Token], table: &str) -> Vec<String> {
    let named = tokens.windows(2).filter(|pair| pair[0].is(table));
    named.map(|pair| pair[1].text().to_owned()).collect()
}

/// The value of a record's custom field.
fn custom(table: &str, column: &str) -> String {
    let group = if column.starts_with("custentity") {
        "entity"
    } else if column.starts_with("custitem") {
        "item"
    } else {
        "transaction"
    };
    let own = value("own.body", column);
    format!("(SELECT {own} FROM ns_record own WHERE own.grp = '{group}' AND own.id = {table}.id)")
}

/// A field in JSON as SuiteQL shows it: of one that refers to a record, its id.
fn value(json: &str, column: &str) -> String {
    format!(
        "(CASE json_type({json}, '$.{column}') WHEN 'true' THEN 'T' WHEN 'false' THEN 'F' \
         WHEN 'object' THEN {json} ->> '$.{column}.id' ELSE {json} ->> '$.{column}' END)"
    )
}

/// The text that the user interface shows for a field.
fn display(qualifier: &str, column: &str) -> String {
    let column = column.to_ascii_lowercase();
    match column.as_str() {
        "status" => format!(
            "(CASE {qualifier}type || {qualifier}status WHEN 'CustInvcA' THEN 'Invoice : Open' \
             WHEN 'CustInvcB' THEN 'Invoice : Paid In Full' WHEN 'CustCredA' THEN 'Credit Memo : Open' \
             WHEN 'CustCredB' THEN 'Credit Memo : Fully Applied' \
             WHEN 'CustPymtB' THEN 'Payment : Not Deposited' WHEN 'CustPymtC' THEN 'Payment : Deposited' \
             WHEN 'JournalA' THEN 'Journal : Pending Approval' \
             WHEN 'JournalB' THEN 'Journal : Approved for Posting' END)"
        ),
        _ => format!(
            "(SELECT text FROM ns_display WHERE field = '{column}' AND ns_display.id = {qualifier}\"{column}\")"
        ),
    }
}

/// Every name after FROM or JOIN, or after a comma of a FROM, must be a table or a WITH name.
fn check_tables(tokens: &[Token]) -> Result<(), String> {
    let mut own: Vec<&str> = Vec::new();
    for window in tokens.windows(3) {
        if let Token::Word(name) = &window[0]
            && window[1].is("AS")
            && window[2].is_mark("(")
        {
            own.push(name);
        }
    }
    // The depth of the parentheses at which a FROM list is being read.
    let mut lists: Vec<usize> = Vec::new();
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Other(mark) if mark == "(" => depth += 1,
            Token::Other(mark) if mark == ")" => {
                depth = usize::saturating_sub(depth, 1);
                lists.retain(|list| *list <= depth);
            }
            Token::Word(_) if token.is("FROM") => lists.push(depth),
            Token::Word(_) if ends_from(token) => lists.retain(|list| *list != depth),
            _ => {}
        }
        let names_next = token.is("FROM")
            || token.is("JOIN")
            || (token.is_mark(",") && lists.last() == Some(&depth));
        if names_next && let Some(name) = tokens.get(index + 1).filter(|next| !next.is_mark("(")) {
            let name = name.text().trim_matches('"');
            let known = TABLES.iter().chain(&own).any(|known| known.eq_ignore_ascii_case(name));
            if !known {
                return Err(format!("Invalid search type: {name}."));
            }
        }
    }
    Ok(())
}

fn ends_from(token: &Token) -> bool {
    ["WHERE", "GROUP", "ORDER", "HAVING", "UNION", "FETCH", "ON"].iter().any(|w| token.is(w))
}

/// Splits a query; `None` for text that no query has.
fn tokenize(query: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted_length(rest, first)?,
            '-' if rest.starts_with("--") => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest.split_once("*/")?.1.trim_start();
                continue;
            }
            c if c.is_ascii_alphabetic() || c == '_' => rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || "_$#".contains(c)))
                .unwrap_or(rest.len()),
            c if c.is_ascii_digit() => {
                rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len())
            }
            _ if ["<=", ">=", "<>", "!=", "||"].iter().any(|pair| rest.starts_with(pair)) => 2,
            c if "().,;?=<>+-*/%".contains(c) => 1,
            _ => return None,
        };
        let (text, after) = rest.split_at(length);
        tokens.push(if first.is_ascii_alphabetic() || first == '_' {
            Token::Word(text.to_owned())
        } else {
            Token::Other(text.to_owned())
        });
        rest = after.trim_start();
    }
    Some(tokens)
}

/// The length of a quoted text; a doubled quote is part of it.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += text.get(at..)?.find(quote)? + 1;
        if !text[at..].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oracles_words_become_sqlites() {
        let sql = translate("select nvl(t.memo,'transaction; it''s') from transaction t -- all\n fetch first 5 rows only").unwrap();
        assert_eq!(
            sql.split_whitespace().collect::<Vec<_>>().join(" "),
            "select ifnull ( t . memo , 'transaction; it''s' ) from \"transaction\" t LIMIT 5"
        );
        assert!(translate("SELECT TOP 3 id FROM item").unwrap().ends_with("LIMIT 3"));
    }

    #[test]
    fn only_the_documented_tables_can_be_read_and_nothing_can_be_written() {
        assert_eq!(
            translate("select id from transactiontablethatdoesnotexist").unwrap_err(),
            "Invalid search type: transactiontablethatdoesnotexist."
        );
        assert!(translate("SELECT 1 FROM item, ns_record").is_err());
        assert!(translate("SELECT 1 FROM item i JOIN sqlite_master m ON 1 = 1").is_err());
        assert!(translate("SELECT 1 FROM (SELECT id FROM ns_record)").is_err());
        assert!(translate("DELETE FROM item").is_err());
        assert!(translate("SELECT 1 FROM item; DROP TABLE ns_record").is_err());
        assert!(
            translate("WITH x AS (SELECT id FROM item) SELECT a.id, 1 FROM x a, item b").is_ok()
        );
    }
}
