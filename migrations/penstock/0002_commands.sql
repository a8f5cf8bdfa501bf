-- Commands to devices, and every state each of them was in. Times are milliseconds of the epoch. `subject` is the key of
-- the tag or command of the device; `what` is the order as JSON (src/core/stored-value.ts). A number is never used twice.
CREATE TABLE commands (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  device TEXT NOT NULL,
  subject TEXT NOT NULL,
  what TEXT NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL,
  address TEXT,
  client TEXT,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  status INTEGER,
  priority INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  deadline INTEGER NOT NULL,
  expected_at INTEGER,
  sent_at INTEGER,
  handle TEXT,
  idempotency_key TEXT
) STRICT;
CREATE INDEX commands_device ON commands (device, id);
CREATE INDEX commands_finished ON commands (changed_at)
  WHERE state NOT IN ('queued', 'sending', 'sent') AND (state <> 'transmitted' OR status IS NOT NULL);
CREATE INDEX commands_state ON commands (state, id);
CREATE INDEX commands_key ON commands (user, idempotency_key, id) WHERE idempotency_key IS NOT NULL;

CREATE TABLE command_steps (
  command INTEGER NOT NULL REFERENCES commands (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  reason TEXT NOT NULL,
  status INTEGER,
  PRIMARY KEY (command, step)
) STRICT, WITHOUT ROWID;
