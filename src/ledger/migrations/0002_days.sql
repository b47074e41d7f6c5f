-- Days of a currency whose facts changed and that were not derived since.
CREATE TABLE dirty_day (
  date     TEXT NOT NULL,
  currency TEXT NOT NULL,
  PRIMARY KEY (date, currency)
) STRICT, WITHOUT ROWID;

-- The summary that stands for a record: it is kept in detail and never posted itself.
ALTER TABLE record ADD COLUMN summary TEXT;
CREATE INDEX record_by_summary ON record (summary) WHERE summary IS NOT NULL;

-- Summaries whose records changed and that were not derived since.
CREATE TABLE dirty_summary (
  summary TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- What a record that sums many things was made from: balance transactions, or records in detail.
CREATE TABLE batch_member (
  record TEXT NOT NULL REFERENCES record (external_id) ON DELETE CASCADE,
  member TEXT NOT NULL,
  PRIMARY KEY (record, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_member_by_member ON batch_member (member);
