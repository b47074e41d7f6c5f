-- NetSuite's ids in Stripe's metadata: written down before each request, then what became of it.
CREATE TABLE write_back (
  record  TEXT PRIMARY KEY REFERENCES record (external_id) ON DELETE CASCADE,
  -- The internal id that is written: another one is another entry.
  value   TEXT NOT NULL,
  -- How often it was sent: each time with an idempotency key of its own.
  sent    INTEGER NOT NULL,
  run     INTEGER NOT NULL REFERENCES run (id),
  started INTEGER NOT NULL,
  ended   INTEGER,
  -- Absent while a request is on its way.
  outcome TEXT,
  message TEXT
) STRICT, WITHOUT ROWID;
