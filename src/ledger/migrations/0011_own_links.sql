-- An object is found by its own id among the links to it: one index instead of two. A pull fills that
-- index in large pieces, so it may lag behind the objects. The old table was renamed before; tables
-- that named it by key are made anew without, because each check of a key costs a search.

CREATE TABLE object (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  kind        TEXT NOT NULL,
  created     INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  fetched     INTEGER NOT NULL,
  api_version INTEGER NOT NULL REFERENCES api_version (id),
  hash        BLOB NOT NULL,
  raw         BLOB NOT NULL
) STRICT;
INSERT INTO object SELECT seq, id, kind, created, revision, fetched, api_version, hash, raw
  FROM old_object ORDER BY seq;
CREATE INDEX object_by_kind ON object (kind, created);

-- Which objects name an id, and with the way of naming 0 the object that goes by it. `target` is the
-- first eight bytes of the id's SHA-256.
CREATE TABLE link (
  target INTEGER NOT NULL,
  rel    INTEGER NOT NULL,
  seq    INTEGER NOT NULL,
  PRIMARY KEY (target, rel, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO link (target, rel, seq)
  SELECT target, rel, seq FROM old_link UNION SELECT key_of(id), 0, seq FROM old_object
  ORDER BY 1, 2, 3;

-- Objects up to this one have all their links in the table.
CREATE TABLE linked (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  seq  INTEGER NOT NULL
) STRICT;
INSERT INTO linked SELECT 1, ifnull(max(seq), 0) FROM object;

CREATE TABLE object_revision (
  seq      INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  fetched  INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  raw      BLOB NOT NULL,
  PRIMARY KEY (seq, revision)
) STRICT, WITHOUT ROWID;
INSERT INTO object_revision SELECT seq, revision, fetched, hash, raw FROM old_revision;

CREATE TABLE parent (
  seq    INTEGER PRIMARY KEY,
  parent TEXT NOT NULL
) STRICT;
INSERT INTO parent SELECT seq, parent FROM old_parent;

CREATE TABLE movement (
  seq          INTEGER PRIMARY KEY,
  currency     TEXT NOT NULL,
  type         TEXT NOT NULL,
  category     TEXT NOT NULL,
  amount       INTEGER NOT NULL,
  fee          INTEGER NOT NULL,
  net          INTEGER NOT NULL,
  available_on INTEGER NOT NULL,
  source       TEXT
) STRICT;
INSERT INTO movement SELECT seq, currency, type, category, amount, fee, net, available_on, source
  FROM old_movement;

CREATE TABLE watch (
  seq   INTEGER PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT;
INSERT INTO watch SELECT seq, until FROM old_watch;

CREATE TABLE dirty (
  seq INTEGER PRIMARY KEY
) STRICT;
INSERT INTO dirty SELECT seq FROM old_dirty;

CREATE VIEW stripe_object AS
  SELECT id, kind, created, revision, fetched, length(raw) AS packed_bytes FROM object;
CREATE VIEW stripe_balance_transaction AS
  SELECT o.id, o.created, m.available_on, m.currency, m.type, m.category, m.amount, m.fee, m.net,
         m.source, p.payout
  FROM movement m JOIN object o USING (seq) LEFT JOIN payout_member p ON p.balance_transaction = o.id;
