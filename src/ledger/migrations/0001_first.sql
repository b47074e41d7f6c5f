-- What this ledger is of. One row per name.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Stripe objects: what they are found by. Bodies live apart, so that scans stay small.
CREATE TABLE object (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  kind        TEXT NOT NULL,
  created     INTEGER NOT NULL,
  revision    INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  fetched     INTEGER NOT NULL,
  api_version TEXT NOT NULL
) STRICT;
CREATE INDEX object_by_kind ON object (kind, created, id);

CREATE TABLE body (
  seq INTEGER PRIMARY KEY REFERENCES object (seq),
  raw BLOB NOT NULL
) STRICT;

-- What an object was before it changed.
CREATE TABLE object_revision (
  seq      INTEGER NOT NULL REFERENCES object (seq),
  revision INTEGER NOT NULL,
  hash     BLOB NOT NULL,
  fetched  INTEGER NOT NULL,
  raw      BLOB NOT NULL,
  PRIMARY KEY (seq, revision)
) STRICT, WITHOUT ROWID;

-- Which object names which: the index of everything that belongs together.
CREATE TABLE link (
  seq    INTEGER NOT NULL REFERENCES object (seq),
  rel    TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (seq, rel, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_target ON link (target, rel);

-- Stripe tells membership only in the list by payout.
CREATE TABLE payout_member (
  balance_transaction TEXT PRIMARY KEY,
  payout              TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX payout_member_by_payout ON payout_member (payout);
CREATE TABLE payout_listing (
  payout TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Which windows were read to their end.
CREATE TABLE coverage (
  resource TEXT NOT NULL,
  since    INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  PRIMARY KEY (resource, since, until)
) STRICT, WITHOUT ROWID;

-- Objects that changed since their case was last derived.
CREATE TABLE dirty (
  seq INTEGER PRIMARY KEY REFERENCES object (seq)
) STRICT;

-- NetSuite records: what the books need, and what NetSuite is known to hold.
CREATE TABLE record (
  external_id  TEXT PRIMARY KEY,
  folded       TEXT NOT NULL,
  record_group TEXT NOT NULL,
  kind         TEXT NOT NULL,
  desired      TEXT,
  desired_hash TEXT,
  -- The desired hash that was last posted, or found to ask for nothing new.
  settled_hash TEXT,
  posted       TEXT,
  internal_id  TEXT,
  state        TEXT NOT NULL,
  UNIQUE (record_group, folded)
) STRICT, WITHOUT ROWID;
CREATE TABLE record_case (
  case_key    TEXT NOT NULL,
  external_id TEXT NOT NULL REFERENCES record (external_id),
  PRIMARY KEY (case_key, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_case_by_record ON record_case (external_id);

CREATE TABLE exception (
  id         TEXT NOT NULL,
  case_key   TEXT NOT NULL,
  content    TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  resolved   INTEGER,
  owner      TEXT,
  note       TEXT,
  PRIMARY KEY (id, case_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id         INTEGER PRIMARY KEY,
  command    TEXT NOT NULL,
  parameters TEXT NOT NULL,
  started    INTEGER NOT NULL,
  ended      INTEGER,
  exit_code  INTEGER,
  summary    TEXT
) STRICT;

-- Requests that change NetSuite: written down before they are sent.
CREATE TABLE attempt (
  id             INTEGER PRIMARY KEY,
  run            INTEGER NOT NULL REFERENCES run (id),
  external_id    TEXT NOT NULL,
  kind           TEXT NOT NULL,
  action         TEXT NOT NULL,
  method         TEXT NOT NULL,
  path           TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  intended       TEXT NOT NULL,
  started        INTEGER NOT NULL,
  ended          INTEGER,
  outcome        TEXT,
  message        TEXT
) STRICT;
CREATE INDEX attempt_unfinished ON attempt (id) WHERE outcome IS NULL OR outcome = 'in_doubt';

-- Everything that was decided or sent, each row sealed by the one before it.
CREATE TABLE journal (
  seq      INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  content  TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash     TEXT NOT NULL
) STRICT;

-- What was looked up in NetSuite, as JSON.
CREATE TABLE reference (
  name    TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  fetched INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
