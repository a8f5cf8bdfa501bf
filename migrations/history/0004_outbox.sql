-- What a sink beside the history (PostgreSQL) has not confirmed yet, in the order in which it was recorded; written in
-- the transaction that writes the samples, while a sink is configured. `id` is never given twice in a file; `key` is
-- never given twice at all, also where a file was put back from a backup.
-- kind: 0 samples as devices said them, 1 samples that a user wrote, 2 ranges that a user deleted.
-- count: samples or ranges; bytes: what the row takes; at: when it was written, milliseconds of the epoch.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  kind INTEGER NOT NULL,
  count INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  at INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX outbox_by_key ON outbox (key);
CREATE INDEX outbox_by_size ON outbox (bytes, count);
