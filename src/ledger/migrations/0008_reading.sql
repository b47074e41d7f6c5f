-- What was gathered for the close of a period, NetSuite's side included: JSON, packed. Never changed:
-- the journal has the digest of the packed bytes.
CREATE TABLE reading (
  id      INTEGER PRIMARY KEY,
  period  TEXT NOT NULL,
  since   INTEGER NOT NULL,
  until   INTEGER NOT NULL,
  read_at INTEGER NOT NULL,
  digest  TEXT NOT NULL,
  content BLOB NOT NULL
) STRICT;
CREATE INDEX reading_by_period ON reading (since, until, id);
