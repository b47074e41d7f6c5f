-- Records and requests are packed like objects, and a record is found by a number: what is looked up and
-- changed for each one that is sent is a few bytes beside its text, not behind it. Foreign keys are off
-- while steps run, so what names these tables goes on to.
DROP VIEW netsuite_record;

CREATE TABLE new_record (
  seq          INTEGER PRIMARY KEY,
  external_id  TEXT NOT NULL UNIQUE,
  folded       TEXT NOT NULL,
  record_group TEXT NOT NULL,
  kind         TEXT NOT NULL,
  state        TEXT NOT NULL,
  internal_id  TEXT,
  -- Set on a record that was taken over under another external id, or none, and keeps that.
  keeps_id     INTEGER NOT NULL DEFAULT 0,
  -- The summary that stands for a record: it is kept in detail and never posted itself.
  summary      TEXT,
  desired_hash TEXT,
  -- The desired hash that was last posted, or found to ask for nothing new.
  settled_hash TEXT,
  -- Packed JSON.
  desired      BLOB,
  posted       BLOB,
  UNIQUE (record_group, folded)
) STRICT;
INSERT INTO new_record (external_id, folded, record_group, kind, state, internal_id, keeps_id, summary,
                        desired_hash, settled_hash, desired, posted)
  SELECT external_id, folded, record_group, kind, state, internal_id, keeps_id, summary,
         desired_hash, settled_hash, packed(desired), packed(posted)
  FROM record ORDER BY external_id;
DROP TABLE record;
ALTER TABLE new_record RENAME TO record;

CREATE INDEX record_by_summary ON record (summary) WHERE summary IS NOT NULL;
-- What a plan must look at, however many records are settled.
CREATE INDEX record_to_plan ON record (kind, external_id)
  WHERE (desired_hash IS NOT settled_hash OR state IN ('sending', 'in_doubt', 'conflict'))
    AND summary IS NULL;
CREATE TRIGGER record_made AFTER INSERT ON record BEGIN
  UPDATE record_version SET token = randomblob(16);
END;
CREATE TRIGGER record_gone AFTER DELETE ON record BEGIN
  UPDATE record_version SET token = randomblob(16);
END;
CREATE TRIGGER record_changed AFTER UPDATE OF internal_id, posted, desired_hash, state ON record
WHEN OLD.internal_id IS NOT NEW.internal_id OR OLD.posted IS NOT NEW.posted
  OR OLD.desired_hash IS NOT NEW.desired_hash
  OR (OLD.state IN ('sending', 'in_doubt')) <> (NEW.state IN ('sending', 'in_doubt'))
BEGIN
  UPDATE record_version SET token = randomblob(16);
END;
CREATE VIEW netsuite_record AS
  SELECT external_id, kind, state, internal_id, posted IS NOT NULL AS is_posted FROM record;

CREATE TABLE new_attempt (
  id             INTEGER PRIMARY KEY,
  run            INTEGER NOT NULL REFERENCES run (id),
  external_id    TEXT NOT NULL,
  kind           TEXT NOT NULL,
  action         TEXT NOT NULL,
  method         TEXT NOT NULL,
  path           TEXT NOT NULL,
  request_digest TEXT NOT NULL,
  started        INTEGER NOT NULL,
  batch          INTEGER REFERENCES batch (id),
  ended          INTEGER,
  outcome        TEXT,
  message        TEXT,
  -- Packed JSON.
  intended       BLOB NOT NULL
) STRICT;
INSERT INTO new_attempt (id, run, external_id, kind, action, method, path, request_digest, started,
                         batch, ended, outcome, message, intended)
  SELECT id, run, external_id, kind, action, method, path, request_digest, started,
         batch, ended, outcome, message, packed(intended)
  FROM attempt ORDER BY id;
DROP TABLE attempt;
ALTER TABLE new_attempt RENAME TO attempt;
CREATE INDEX attempt_unfinished ON attempt (id) WHERE outcome IS NULL OR outcome = 'in_doubt';
CREATE INDEX attempt_by_record ON attempt (external_id, id);

-- What the objects of a pull name and cannot be understood without, as they came: most of it is in the
-- lists that are still being read, so it is looked for once they are.
CREATE TABLE named (
  seq      INTEGER PRIMARY KEY,
  resource TEXT NOT NULL,
  id       TEXT NOT NULL
) STRICT;
