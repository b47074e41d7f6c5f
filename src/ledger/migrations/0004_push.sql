-- What the last push did not get into NetSuite, and why.
CREATE TABLE unsent (
  external_id TEXT PRIMARY KEY REFERENCES record (external_id) ON DELETE CASCADE,
  run         INTEGER NOT NULL REFERENCES run (id),
  -- The record whose failure held it back; absent when it failed by itself.
  held_by     TEXT,
  reason      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Differences that a person has looked at and accepted, with the reason.
CREATE TABLE noted_drift (
  external_id TEXT NOT NULL,
  -- Recognises the difference: another one on the same record is news.
  difference  TEXT NOT NULL,
  note        TEXT NOT NULL,
  noted       INTEGER NOT NULL,
  PRIMARY KEY (external_id, difference)
) STRICT, WITHOUT ROWID;

-- Many records in one asynchronous request.
CREATE TABLE batch (
  id      INTEGER PRIMARY KEY,
  run     INTEGER NOT NULL REFERENCES run (id),
  -- A second request with this key starts no second job.
  key     TEXT NOT NULL,
  -- Where NetSuite tells how far it is, once it said so.
  job     TEXT,
  started INTEGER NOT NULL
) STRICT;
ALTER TABLE attempt ADD COLUMN batch INTEGER REFERENCES batch (id);
CREATE INDEX attempt_by_record ON attempt (external_id, id);

-- Set on a record that was taken over under another external id, or none, and keeps that.
ALTER TABLE record ADD COLUMN keeps_id INTEGER NOT NULL DEFAULT 0;
