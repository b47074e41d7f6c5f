-- What the embedded NetSuite keeps. Tables that start with ns_ are its own; the views below are
-- what SuiteQL sees. Amounts are integers in minor units; debits are positive.

CREATE TABLE IF NOT EXISTS ns_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS ns_sequence (grp TEXT PRIMARY KEY, next INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS ns_currency (
  id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, name TEXT NOT NULL, rate TEXT NOT NULL,
  places INTEGER NOT NULL, is_base TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ns_subsidiary (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, currency INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS ns_account (
  id INTEGER PRIMARY KEY, number TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
  special TEXT, currency INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS ns_tax_code (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, tax_type INTEGER NOT NULL, account INTEGER NOT NULL
) STRICT;

-- Departments, classes and locations: the lists that are known, and what is on them.
CREATE TABLE IF NOT EXISTS ns_list (name TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS ns_entry (
  list TEXT NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (list, id)
) STRICT;

CREATE TABLE IF NOT EXISTS ns_period (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, first_day TEXT NOT NULL, last_day TEXT NOT NULL,
  closed TEXT NOT NULL DEFAULT 'F', all_locked TEXT NOT NULL DEFAULT 'F',
  ar_locked TEXT NOT NULL DEFAULT 'F'
) STRICT;

-- Each record's own JSON, as merged from everything that was sent for it.
CREATE TABLE IF NOT EXISTS ns_record (
  grp TEXT NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, external_id TEXT,
  external_folded TEXT, name TEXT NOT NULL, body TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL,
  PRIMARY KEY (grp, id), UNIQUE (grp, external_folded)
) STRICT;
CREATE INDEX IF NOT EXISTS ns_record_name ON ns_record (grp, lower(name));

-- The header of every posting record. `total` and `base_total` are positive as a rule; `applied`
-- counts applications in either direction; `unit` is how many minor units make one of the currency.
CREATE TABLE IF NOT EXISTS ns_tran (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, type TEXT NOT NULL, tran_id TEXT NOT NULL,
  date TEXT NOT NULL, period INTEGER NOT NULL REFERENCES ns_period (id),
  entity INTEGER, subsidiary INTEGER NOT NULL, currency INTEGER NOT NULL, rate TEXT NOT NULL,
  unit INTEGER NOT NULL, base_unit INTEGER NOT NULL,
  account INTEGER, ar_account INTEGER, total INTEGER NOT NULL, base_total INTEGER NOT NULL,
  applied INTEGER NOT NULL DEFAULT 0, applied_base INTEGER NOT NULL DEFAULT 0,
  deposit INTEGER, posting TEXT NOT NULL, external_id TEXT, memo TEXT, due_date TEXT,
  created INTEGER NOT NULL, modified INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS ns_tran_entity ON ns_tran (entity, kind);
CREATE INDEX IF NOT EXISTS ns_tran_external ON ns_tran (external_id);

CREATE TABLE IF NOT EXISTS ns_line (
  unique_key INTEGER PRIMARY KEY AUTOINCREMENT, tran INTEGER NOT NULL, line INTEGER NOT NULL,
  main TEXT NOT NULL, account INTEGER NOT NULL, entity INTEGER, item INTEGER, memo TEXT,
  quantity TEXT, rate TEXT, foreign_amount INTEGER NOT NULL, base_amount INTEGER NOT NULL,
  UNIQUE (tran, line)
) STRICT;
CREATE INDEX IF NOT EXISTS ns_line_item ON ns_line (item);
CREATE INDEX IF NOT EXISTS ns_line_entity ON ns_line (entity);

-- `previous` was there first (an invoice, a deposited payment), `next` settles it.
CREATE TABLE IF NOT EXISTS ns_link (
  id INTEGER PRIMARY KEY AUTOINCREMENT, previous INTEGER NOT NULL, next INTEGER NOT NULL,
  type TEXT NOT NULL, amount INTEGER NOT NULL, previous_base INTEGER NOT NULL,
  next_base INTEGER NOT NULL, revaluation INTEGER, UNIQUE (previous, next, type)
) STRICT;
CREATE INDEX IF NOT EXISTS ns_link_next ON ns_link (next);

CREATE TABLE IF NOT EXISTS ns_deleted (
  record_id INTEGER NOT NULL, type TEXT NOT NULL, external_id TEXT, deleted INTEGER NOT NULL
) STRICT;

-- Records that were voided: they keep their number and post nothing.
CREATE TABLE IF NOT EXISTS ns_void (id INTEGER PRIMARY KEY) STRICT;

DROP VIEW IF EXISTS "transaction";
CREATE VIEW "transaction" AS
SELECT t.id, t.tran_id AS tranid, t.tran_id AS transactionnumber, t.external_id AS externalid,
  t.type, lower(t.kind) AS recordtype,
  CASE t.kind
    WHEN 'invoice' THEN iif(t.applied >= t.total, 'B', 'A')
    WHEN 'creditMemo' THEN iif(t.applied >= t.total, 'B', 'A')
    WHEN 'customerPayment' THEN iif(a.special = 'UndepFunds' AND t.deposit IS NULL, 'B', 'C')
    WHEN 'journalEntry' THEN iif(t.posting = 'T', 'B', 'A')
  END AS status,
  t.date AS trandate, t.period AS postingperiod, t.posting, t.entity, t.subsidiary, t.currency,
  t.rate AS exchangerate, t.due_date AS duedate, t.memo,
  CAST(iif(t.kind IN ('creditMemo', 'customerRefund'), -t.total, t.total) * 1.0 / t.unit
    AS NUMERIC) AS foreigntotal,
  CAST(iif(t.kind = 'invoice', t.applied, NULL) * 1.0 / t.unit AS NUMERIC) AS foreignamountpaid,
  CAST(iif(t.kind = 'invoice', t.total - t.applied, NULL) * 1.0 / t.unit AS NUMERIC)
    AS foreignamountunpaid,
  CAST(iif(t.kind IN ('creditMemo', 'customerPayment'), t.applied, NULL) * 1.0 / t.unit
    AS NUMERIC) AS foreignpaymentamountused,
  CAST(iif(t.kind IN ('creditMemo', 'customerPayment'), t.total - t.applied, NULL) * 1.0 / t.unit
    AS NUMERIC) AS foreignpaymentamountunused,
  datetime(t.created, 'unixepoch') AS createddate,
  datetime(t.modified, 'unixepoch') AS lastmodifieddate,
  iif(t.type = 'FxReval', 'T', 'F') AS systemgenerated, iif(t.id IN (SELECT id FROM ns_void), 'T', 'F') AS voided,
  iif(t.id IN (SELECT id FROM ns_void), 'T', 'F') AS void
FROM ns_tran t LEFT JOIN ns_account a ON a.id = t.account;

-- `own` is the element of the record's JSON that a line was made from.
DROP VIEW IF EXISTS transactionline;
CREATE VIEW transactionline AS
SELECT l.unique_key AS uniquekey, l.line AS id, l.tran AS "transaction",
  l.line AS linesequencenumber, l.main AS mainline, 'F' AS taxline, 'F' AS iscogs, l.item,
  CAST(l.quantity AS NUMERIC) AS quantity, CAST(l.rate AS NUMERIC) AS rate,
  CAST(l.foreign_amount * 1.0 / t.unit AS NUMERIC) AS foreignamount,
  CAST(l.base_amount * 1.0 / t.base_unit AS NUMERIC) AS netamount,
  l.account AS expenseaccount, l.entity, t.subsidiary, l.memo,
  CAST(iif(l.foreign_amount > 0, l.foreign_amount, NULL) * 1.0 / t.unit AS NUMERIC)
    AS debitforeignamount,
  CAST(iif(l.foreign_amount < 0, -l.foreign_amount, NULL) * 1.0 / t.unit AS NUMERIC)
    AS creditforeignamount,
  'F' AS cleared,
  iif(l.main = 'T', (SELECT body FROM ns_record r WHERE r.grp = 'transaction' AND r.id = l.tran),
    (SELECT e.value FROM ns_record r, json_each(r.body,
        iif(t.kind = 'journalEntry', '$.line.items', '$.item.items')) e
      WHERE r.grp = 'transaction' AND r.id = l.tran AND e.value ->> '$.line' = l.line)) AS own
FROM ns_line l JOIN ns_tran t ON t.id = l.tran;

CREATE VIEW IF NOT EXISTS transactionaccountingline AS
SELECT l.tran AS "transaction", l.line AS transactionline, 1 AS accountingbook, l.account,
  t.posting,
  CAST(iif(l.base_amount > 0, l.base_amount, NULL) * 1.0 / t.base_unit AS NUMERIC) AS debit,
  CAST(iif(l.base_amount < 0, -l.base_amount, NULL) * 1.0 / t.base_unit AS NUMERIC) AS credit,
  CAST(l.base_amount * 1.0 / t.base_unit AS NUMERIC) AS amount,
  CAST(l.base_amount * 1.0 / t.base_unit AS NUMERIC) AS netamount,
  CAST(iif(l.main = 'T' AND t.kind = 'invoice', t.applied_base, NULL) * 1.0 / t.base_unit
    AS NUMERIC) AS amountpaid,
  CAST(iif(l.main = 'T' AND t.kind = 'invoice', t.base_total - t.applied_base, NULL) * 1.0
    / t.base_unit AS NUMERIC) AS amountunpaid
FROM ns_line l JOIN ns_tran t ON t.id = l.tran;

CREATE VIEW IF NOT EXISTS account AS
SELECT id, nullif(number, '') AS acctnumber, name AS accountsearchdisplaynamecopy, name AS fullname,
  type AS accttype, special AS sspecacct, currency, 'F' AS isinactive, 'F' AS eliminate
FROM ns_account;

CREATE VIEW IF NOT EXISTS accountingperiod AS
SELECT id, name AS periodname, first_day AS startdate, last_day AS enddate, closed,
  all_locked AS alllocked, ar_locked AS arlocked, 'F' AS aplocked, 'F' AS isquarter,
  'F' AS isyear, 'F' AS isadjust, 'T' AS isposting
FROM ns_period;

CREATE VIEW IF NOT EXISTS accountingbook AS
SELECT 1 AS id, 'Primary Accounting Book' AS name, 'T' AS isprimary;

CREATE VIEW IF NOT EXISTS currency AS
SELECT id, symbol, name, rate AS exchangerate, places AS currencyprecision,
  is_base AS isbasecurrency, 'F' AS isinactive
FROM ns_currency;

CREATE VIEW IF NOT EXISTS subsidiary AS
SELECT id, name, name AS fullname, currency, 'F' AS isinactive, 'F' AS iselimination
FROM ns_subsidiary;

CREATE VIEW IF NOT EXISTS department AS
SELECT id, name, 'F' AS isinactive FROM ns_entry WHERE list = 'department';
CREATE VIEW IF NOT EXISTS classification AS
SELECT id, name, 'F' AS isinactive FROM ns_entry WHERE list = 'class';
CREATE VIEW IF NOT EXISTS location AS
SELECT id, name, 'F' AS isinactive FROM ns_entry WHERE list = 'location';
CREATE VIEW IF NOT EXISTS salestaxitem AS
SELECT id, name AS itemid, 'F' AS isinactive FROM ns_tax_code;

CREATE VIEW IF NOT EXISTS customer AS
SELECT id, external_id AS externalid, name AS entityid,
  body ->> '$.companyName' AS companyname, body ->> '$.firstName' AS firstname,
  body ->> '$.lastName' AS lastname, body ->> '$.email' AS email, body ->> '$.phone' AS phone,
  body ->> '$.comments' AS comments, body ->> '$.accountNumber' AS accountnumber,
  CAST(body ->> '$.currency.id' AS INTEGER) AS currency,
  iif(body ->> '$.isInactive', 'T', 'F') AS isinactive,
  datetime(created, 'unixepoch') AS datecreated,
  datetime(modified, 'unixepoch') AS lastmodifieddate
FROM ns_record WHERE grp = 'entity';

CREATE VIEW IF NOT EXISTS item AS
SELECT id, external_id AS externalid, name AS itemid, body ->> '$.displayName' AS displayname,
  body ->> '$.upcCode' AS upccode,
  iif(kind = 'discountItem', 'Discount', 'Service') AS itemtype,
  iif(kind = 'discountItem', NULL, 'Sale') AS subtype,
  CAST(coalesce(body ->> '$.incomeAccount.id', body ->> '$.account.id') AS INTEGER)
    AS incomeaccount,
  iif(body ->> '$.isInactive', 'T', 'F') AS isinactive,
  datetime(modified, 'unixepoch') AS lastmodifieddate
FROM ns_record WHERE grp = 'item';

CREATE VIEW IF NOT EXISTS nexttransactionlinelink AS
SELECT k.previous AS previousdoc, 0 AS previousline, p.type AS previoustype, k.next AS nextdoc,
  0 AS nextline, n.type AS nexttype, k.type AS linktype,
  CAST(k.amount * 1.0 / n.unit AS NUMERIC) AS foreignamount
FROM ns_link k JOIN ns_tran p ON p.id = k.previous JOIN ns_tran n ON n.id = k.next;

CREATE VIEW IF NOT EXISTS previoustransactionlinelink AS SELECT * FROM nexttransactionlinelink;

CREATE VIEW IF NOT EXISTS deletedrecord AS
SELECT record_id AS recordid, type, external_id AS externalid,
  datetime(deleted, 'unixepoch') AS deleteddate
FROM ns_deleted;

-- What BUILTIN.DF shows for a reference.
CREATE VIEW IF NOT EXISTS ns_display AS
SELECT 'entity' AS field, id, name AS text FROM ns_record WHERE grp = 'entity'
UNION ALL SELECT 'customer', id, name FROM ns_record WHERE grp = 'entity'
UNION ALL SELECT 'item', id, name FROM ns_record WHERE grp = 'item'
UNION ALL SELECT 'account', id, number || ' ' || name FROM ns_account
UNION ALL SELECT 'expenseaccount', id, number || ' ' || name FROM ns_account
UNION ALL SELECT 'currency', id, symbol FROM ns_currency
UNION ALL SELECT 'subsidiary', id, name FROM ns_subsidiary
UNION ALL SELECT 'postingperiod', id, name FROM ns_period
UNION ALL SELECT 'transaction', id, tran_id FROM ns_tran
UNION ALL SELECT 'previousdoc', id, tran_id FROM ns_tran
UNION ALL SELECT 'nextdoc', id, tran_id FROM ns_tran;
