-- Tokens by which programs ask in the name of a user. `hash` is the SHA-256 of the whole token, which is random and long
-- enough that nothing leads back to it; rights stand in a list with commas. Times are milliseconds of the epoch; when a
-- token was last used is kept to the hour.
CREATE TABLE api_tokens (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  user TEXT NOT NULL,
  rights TEXT NOT NULL,
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT, WITHOUT ROWID;
