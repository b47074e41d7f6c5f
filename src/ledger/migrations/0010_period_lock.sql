-- Months that take no more postings of ours. Who locked and unlocked which, and why, is in the journal.
CREATE TABLE period_lock (
  month  TEXT PRIMARY KEY,
  locked INTEGER NOT NULL,
  by     TEXT
) STRICT, WITHOUT ROWID;
