-- A record is found by short keys: its external id without case, by a number in the place of two texts, and
-- the cases that want it by the record's number. Both are trees that a first plan writes all over.
DROP VIEW netsuite_record;

CREATE TABLE new_record (
  seq          INTEGER PRIMARY KEY,
  external_id  TEXT NOT NULL UNIQUE,
  -- The first eight bytes of the SHA-256 of its group and its external id without case: NetSuite cannot tell
  -- two with the same one apart.
  folded_key   INTEGER NOT NULL UNIQUE,
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
  posted       BLOB
) STRICT;
INSERT INTO new_record (seq, external_id, folded_key, kind, state, internal_id, keeps_id, summary,
                        desired_hash, settled_hash, desired, posted)
  SELECT seq, external_id, key_of(record_group || ' ' || folded), kind, state, internal_id, keeps_id, summary,
         desired_hash, settled_hash, desired, posted
  FROM record ORDER BY seq;

CREATE TABLE new_record_case (
  case_key TEXT NOT NULL,
  record   INTEGER NOT NULL REFERENCES record (seq),
  PRIMARY KEY (case_key, record)
) STRICT, WITHOUT ROWID;
INSERT INTO new_record_case (case_key, record)
  SELECT c.case_key, r.seq FROM record_case c JOIN record r USING (external_id) ORDER BY 1, 2;
DROP TABLE record_case;
DROP TABLE record;
ALTER TABLE new_record RENAME TO record;
ALTER TABLE new_record_case RENAME TO record_case;
CREATE INDEX record_case_by_record ON record_case (record);

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
