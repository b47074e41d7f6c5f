-- What reaches across the start of the books.
CREATE TABLE straddler (
  case_key TEXT NOT NULL,
  place    INTEGER NOT NULL,
  -- The balance transaction, where money moved.
  movement TEXT,
  content  TEXT NOT NULL,
  PRIMARY KEY (case_key, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX straddler_by_movement ON straddler (movement) WHERE movement IS NOT NULL;

CREATE INDEX exception_by_case ON exception (case_key) WHERE resolved IS NULL;
