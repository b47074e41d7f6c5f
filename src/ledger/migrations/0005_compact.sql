-- Objects packed with a dictionary of their kind, links that are only as large as a look-up needs,
-- and what a pull must know to go on where it was. The old tables were renamed before; the program
-- copies what they hold.

CREATE TABLE dictionary (
  id      INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE api_version (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Stripe objects. `hash` is the first half of the SHA-256 of the JSON; `raw` is the JSON, packed.
CREATE TABLE object (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  created     INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  fetched     INTEGER NOT NULL,
  api_version INTEGER NOT NULL REFERENCES api_version (id),
  hash        BLOB NOT NULL,
  raw         BLOB NOT NULL
) STRICT;
CREATE INDEX object_by_kind ON object (kind, created);

-- What an object was before it changed.
CREATE TABLE object_revision (
  seq      INTEGER NOT NULL REFERENCES object (seq),
  revision INTEGER NOT NULL,
  fetched  INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  raw      BLOB NOT NULL,
  PRIMARY KEY (seq, revision)
) STRICT, WITHOUT ROWID;

-- Which objects name an id. `target` is the first
-- eight bytes of the id's SHA-256.
CREATE TABLE link (
  target INTEGER NOT NULL,
  rel    INTEGER NOT NULL,
  seq    INTEGER NOT NULL REFERENCES object (seq),
  PRIMARY KEY (target, rel, seq)
) STRICT, WITHOUT ROWID;

-- The object whose list a line was read from, where the line does not say so itself.
CREATE TABLE parent (
  seq    INTEGER PRIMARY KEY REFERENCES object (seq),
  parent TEXT NOT NULL
) STRICT;

-- The money of each balance transaction, for sums and for SQL.
CREATE TABLE movement (
  seq          INTEGER PRIMARY KEY REFERENCES object (seq),
  currency     TEXT NOT NULL,
  type         TEXT NOT NULL,
  category     TEXT NOT NULL,
  amount       INTEGER NOT NULL,
  fee          INTEGER NOT NULL,
  net          INTEGER NOT NULL,
  available_on INTEGER NOT NULL,
  source       TEXT
) STRICT;

-- How far the list by payout was read; a complete one never changes again.
CREATE TABLE payout_listing (
  payout   TEXT PRIMARY KEY,
  after    TEXT,
  complete INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Objects to which more may happen, and until when.
CREATE TABLE watch (
  seq   INTEGER PRIMARY KEY REFERENCES object (seq),
  until INTEGER NOT NULL
) STRICT;

-- How many facts there are: equal counts mean equal facts, because nothing is ever taken away. The
-- account's balance is not counted.
CREATE TABLE fact_count (
  only      INTEGER PRIMARY KEY CHECK (only = 1),
  objects   INTEGER NOT NULL,
  revisions INTEGER NOT NULL,
  members   INTEGER NOT NULL,
  lists     INTEGER NOT NULL
) STRICT;
INSERT INTO fact_count VALUES (1, 0, 0, 0, 0);

-- What must still be read: objects that others name, and the credit lists of customers.
CREATE TABLE wanted (
  resource TEXT NOT NULL,
  id       TEXT NOT NULL,
  PRIMARY KEY (resource, id)
) STRICT, WITHOUT ROWID;

-- The windows of a pull that are not read yet: what a killed one left for the next.
CREATE TABLE pending (
  resource TEXT NOT NULL,
  since    INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  PRIMARY KEY (resource, since)
) STRICT, WITHOUT ROWID;

-- The window of the pull under way, if any, and the first object that it made.
CREATE TABLE pull (
  only  INTEGER PRIMARY KEY CHECK (only = 1),
  since INTEGER NOT NULL,
  until INTEGER NOT NULL,
  seq   INTEGER NOT NULL
) STRICT;

-- Requests to Stripe by day (days since 1970-01-01 UTC): reads are granted by the month.
CREATE TABLE request (
  day   INTEGER PRIMARY KEY,
  count INTEGER NOT NULL
) STRICT;

-- Objects that changed since their case was last derived.
CREATE TABLE dirty (
  seq INTEGER PRIMARY KEY REFERENCES object (seq)
) STRICT;

-- What a plan must look at, however many records are settled.
CREATE INDEX record_to_plan ON record (kind, external_id)
  WHERE (desired_hash IS NOT settled_hash OR state IN ('sending', 'in_doubt', 'conflict'))
    AND summary IS NULL;

-- Another token whenever what is wanted, sent or posted changes: the same one means that nothing did,
-- in this very file and not in a copy of it that went another way.
CREATE TABLE record_version (
  only  INTEGER PRIMARY KEY CHECK (only = 1),
  token BLOB NOT NULL
) STRICT;
INSERT INTO record_version VALUES (1, randomblob(16));
CREATE TRIGGER record_made AFTER INSERT ON record BEGIN
  UPDATE record_version SET token = randomblob(16);
END;
CREATE TRIGGER record_gone AFTER DELETE ON record BEGIN
  UPDATE record_version SET token = randomblob(16);
END;
CREATE TRIGGER record_changed AFTER UPDATE OF internal_id, posted, desired_hash, state ON record
WHEN OLD.internal_id IS NOT NEW.internal_id OR OLD.posted IS NOT NEW.posted
  OR OLD.desired_hash IS NOT NEW.desired_hash
  OR (OLD.state IN ('sending', 'in_doubt')) <> (NEW.state IN ('sending', 'in_doubt'))
BEGIN
  UPDATE record_version SET token = randomblob(16);
END;

-- For people and programs that read the file as it is. Instants are Unix seconds, amounts integers
-- in the smallest unit of their currency.
CREATE VIEW stripe_object AS
  SELECT id, kind, created, revision, fetched, length(raw) AS packed_bytes FROM object;
CREATE VIEW stripe_balance_transaction AS
  SELECT o.id, o.created, m.available_on, m.currency, m.type, m.category, m.amount, m.fee, m.net,
         m.source, p.payout
  FROM movement m JOIN object o USING (seq) LEFT JOIN payout_member p ON p.balance_transaction = o.id;
CREATE VIEW stripe_coverage AS
  SELECT resource, since, until FROM coverage;
CREATE VIEW netsuite_record AS
  SELECT external_id, kind, state, internal_id, posted IS NOT NULL AS is_posted FROM record;
CREATE VIEW open_exception AS
  SELECT id, case_key, json_extract(content, '$.code') AS code,
         json_extract(content, '$.subject') AS subject,
         json_extract(content, '$.message') AS message,
         json_extract(content, '$.fix') AS fix, first_seen
  FROM exception WHERE resolved IS NULL;
