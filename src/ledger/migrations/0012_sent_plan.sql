-- Plans as they were sent, packed: what was decided before it was done. Which run sent which is in the
-- journal.
CREATE TABLE sent_plan (
  digest  TEXT PRIMARY KEY,
  content BLOB NOT NULL
) STRICT, WITHOUT ROWID;
