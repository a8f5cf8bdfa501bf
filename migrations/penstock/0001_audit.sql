-- Who did what, from where, and what came of it. A row is written in the transaction that makes the change it speaks
-- of, and never changed. `at` is milliseconds of the epoch; details are JSON, without secrets.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL,
  address TEXT,
  client TEXT,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  outcome TEXT NOT NULL,
  details TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX audit_at ON audit (at);
