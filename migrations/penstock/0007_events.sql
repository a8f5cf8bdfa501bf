-- What happened to the gateway, its sources and devices: each row lasts from `since` until `until`, which is null while it
-- does. Times are milliseconds of the epoch; severity is 1 to 1000 as in OPC UA. Bounded in rows and age by the program.
CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  severity INTEGER NOT NULL,
  text TEXT NOT NULL,
  since INTEGER NOT NULL,
  until INTEGER
) STRICT;
CREATE INDEX events_since ON events (since, id);
CREATE UNIQUE INDEX events_lasting ON events (kind, subject) WHERE until IS NULL;
