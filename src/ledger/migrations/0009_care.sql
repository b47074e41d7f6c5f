-- What people did about an exception: by its id, because it outlives the exception itself.
CREATE TABLE exception_care (
  id               TEXT PRIMARY KEY,
  owner            TEXT,
  due              TEXT,
  accepted_until   TEXT,
  accepted_reason  TEXT,
  accepted_by      TEXT,
  -- Recognises what was accepted: anything else is news.
  accepted_content TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE exception_note (
  seq  INTEGER PRIMARY KEY,
  id   TEXT NOT NULL,
  at   INTEGER NOT NULL,
  by   TEXT,
  text TEXT NOT NULL
) STRICT;
CREATE INDEX exception_note_by_id ON exception_note (id, seq);

-- These were never written.
ALTER TABLE exception DROP COLUMN owner;
ALTER TABLE exception DROP COLUMN note;
