-- Statements of bank accounts, as they were imported. The journal has the digest of each file.
CREATE TABLE bank_statement (
  id         INTEGER PRIMARY KEY,
  account    TEXT NOT NULL,
  currency   TEXT NOT NULL,
  format     TEXT NOT NULL,
  number     TEXT,
  first_day  TEXT NOT NULL,
  last_day   TEXT NOT NULL,
  opening    INTEGER,
  closing    INTEGER,
  not_booked INTEGER NOT NULL,
  file       TEXT NOT NULL,
  -- Of everything that it says: the same statement is kept once.
  digest     TEXT NOT NULL UNIQUE,
  imported   INTEGER NOT NULL
) STRICT;

-- Lines by the id that their content gives them: overlapping statements share them.
CREATE TABLE bank_line (
  id       TEXT PRIMARY KEY,
  account  TEXT NOT NULL,
  currency TEXT NOT NULL,
  booked   TEXT NOT NULL,
  minor    INTEGER NOT NULL,
  -- The rest, as JSON.
  content  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX bank_line_by_day ON bank_line (booked);

CREATE TABLE bank_statement_line (
  statement INTEGER NOT NULL REFERENCES bank_statement (id) ON DELETE CASCADE,
  line      TEXT NOT NULL REFERENCES bank_line (id),
  PRIMARY KEY (statement, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX bank_statement_line_by_line ON bank_statement_line (line);

-- What a person decided where several payouts or lines fit.
CREATE TABLE bank_pair (
  line   TEXT PRIMARY KEY REFERENCES bank_line (id) ON DELETE CASCADE,
  payout TEXT NOT NULL,
  by     TEXT,
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
