-- Who may use the gateway. Roles, and thumbprints of certificates, stand in a list with commas. A hash says by itself
-- how it was made; without one a user has no password. Times are milliseconds of the epoch.
CREATE TABLE users (
  name TEXT PRIMARY KEY,
  roles TEXT NOT NULL,
  password_hash TEXT,
  certificates TEXT NOT NULL DEFAULT '',
  disabled INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
