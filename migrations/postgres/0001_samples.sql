-- Made in the schema that the setting sinks.postgres.schema names, which is the search_path.

-- A tag of a gateway with a data type; one that gets another type goes on in another row.
CREATE TABLE tags (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  -- As in the NodeId: device/tag.
  tag text NOT NULL,
  type text NOT NULL,
  source text,
  device text NOT NULL,
  name text,
  unit text,
  node_id text NOT NULL,
  UNIQUE (gateway, tag, type)
);

-- What devices said, each statement with its own time. One column has the value, the one of the tag's type; none has it
-- where the status is Bad. The primary key is what keeps a statement from being there twice.
-- tag_id refers to tags (id); it is not declared, since checking it would cost every row.
CREATE TABLE samples (
  source_time timestamptz NOT NULL,
  server_time timestamptz NOT NULL,
  -- The OPC UA StatusCode.
  status bigint NOT NULL,
  tag_id integer NOT NULL,
  -- SByte to UInt32, Float, Double
  number double precision,
  -- Int64, UInt64
  whole numeric(20),
  -- Boolean
  flag boolean,
  -- String
  text text,
  -- ByteString, and a String with a character that PostgreSQL refuses (U+0000), as UTF-8
  bytes bytea,
  -- DateTime
  moment timestamptz,
  -- Arrays: 64-bit integers as decimal texts, bytes in hexadecimal
  items json,
  PRIMARY KEY (tag_id, source_time)
);

-- What was taken of a gateway's outbox and is not yet known to have left it; written in the transaction that takes it.
CREATE TABLE received (
  key uuid PRIMARY KEY,
  gateway text NOT NULL
);
CREATE INDEX received_by_gateway ON received (gateway);

-- For trends and reports.
CREATE VIEW readings AS
  SELECT
    tags.gateway,
    tags.source,
    tags.device,
    tags.tag,
    tags.unit,
    samples.source_time,
    coalesce(samples.number, samples.whole::double precision, samples.flag::integer::double precision) AS value,
    samples.text,
    CASE samples.status >> 30 WHEN 0 THEN 'Good' WHEN 1 THEN 'Uncertain' ELSE 'Bad' END AS quality,
    samples.status,
    samples.server_time
  FROM samples JOIN tags ON tags.id = samples.tag_id;
