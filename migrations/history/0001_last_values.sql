-- A series is a tag as the data folder knows it: a small number for a long name, for as long as the name exists.
CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  tag TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL
) STRICT;

-- What each tag's device last said. Times are milliseconds of the epoch.
-- value: REAL for numbers, INTEGER for Boolean and 64-bit integers (two's complement), TEXT for strings.
CREATE TABLE last_values (
  series INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE,
  value ANY,
  status INTEGER NOT NULL,
  source_time REAL NOT NULL,
  server_time REAL NOT NULL
) STRICT;
