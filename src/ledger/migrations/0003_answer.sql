-- What NetSuite was asked, and what it had: kept, so that the books can be derived again without
-- asking, and say the same.
CREATE TABLE answer (
  question TEXT PRIMARY KEY,
  hits     TEXT NOT NULL,
  asked    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
