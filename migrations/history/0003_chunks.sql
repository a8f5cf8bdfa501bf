-- Closed ranges of samples, compressed: at most a thousand of one series, which lie in no other chunk's range. Rows of
-- `samples` within a range came later, and count where both have the same time. `id` is never given twice.
-- good, uncertain, bad: how many there are of each quality. The other columns say what aggregates need of the Good and
-- the Uncertain values, and are NULL where there are none or where they are no numbers; `total` is the exact sum of the
-- Good ones, as the doubles that it is the sum of.
CREATE TABLE chunks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  series INTEGER NOT NULL,
  first_time INTEGER NOT NULL,
  last_time INTEGER NOT NULL,
  count INTEGER NOT NULL,
  codec INTEGER NOT NULL,
  good INTEGER NOT NULL,
  uncertain INTEGER NOT NULL,
  bad INTEGER NOT NULL,
  low ANY,
  low_time INTEGER,
  low_count INTEGER,
  high ANY,
  high_time INTEGER,
  high_count INTEGER,
  uncertain_low ANY,
  uncertain_high ANY,
  total BLOB,
  data BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunks_by_first_time ON chunks (series, first_time);
CREATE INDEX chunks_by_last_time ON chunks (series, last_time);
CREATE INDEX chunks_by_age ON chunks (last_time);
