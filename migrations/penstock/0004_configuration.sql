-- Every configuration that was in force, as the YAML that a user would write, compressed; the newest is the one that
-- holds. `file_hash` is the SHA-256 of the file that it was read from, absent where it was made otherwise: a file that
-- is as it was when it was read last says nothing new.
CREATE TABLE configuration_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  user TEXT NOT NULL,
  origin TEXT NOT NULL,
  address TEXT,
  client TEXT,
  comment TEXT NOT NULL,
  file_hash TEXT,
  text BLOB NOT NULL
) STRICT;
