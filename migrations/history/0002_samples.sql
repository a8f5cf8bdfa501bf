-- A series is a tag with a data type: a tag that gets another type begins a new one, and what the old one holds can
-- still be read as what it was.
CREATE TABLE series_of_type (
  id INTEGER PRIMARY KEY,
  tag TEXT NOT NULL,
  type TEXT NOT NULL,
  UNIQUE (tag, type)
) STRICT;
INSERT INTO series_of_type (id, tag, type) SELECT id, tag, type FROM series;

CREATE TABLE last_values_of_series (
  series INTEGER PRIMARY KEY REFERENCES series_of_type (id) ON DELETE CASCADE,
  value ANY,
  status INTEGER NOT NULL,
  source_time REAL NOT NULL,
  server_time REAL NOT NULL
) STRICT;
INSERT INTO last_values_of_series (series, value, status, source_time, server_time)
  SELECT series, value, status, source_time, server_time FROM last_values;

DROP TABLE last_values;
DROP TABLE series;
ALTER TABLE series_of_type RENAME TO series;
ALTER TABLE last_values_of_series RENAME TO last_values;

-- What devices said, each statement with its own time, newest rows of the history. Times are whole milliseconds of the
-- epoch; values are as in last_values, NULL where the status says why there is none.
-- `series` refers to series (id); it is not declared, since checking it would cost every row.
CREATE TABLE samples (
  series INTEGER NOT NULL,
  source_time INTEGER NOT NULL,
  server_time INTEGER NOT NULL,
  status INTEGER NOT NULL,
  value ANY,
  PRIMARY KEY (series, source_time)
) STRICT, WITHOUT ROWID;

-- What a source must still know of a device after a crash, in the source's own notation; written in the transaction
-- that writes the samples it speaks of.
CREATE TABLE device_memory (
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL UNIQUE,
  memory TEXT NOT NULL
) STRICT;
