-- What a user has changed of the configuration and not applied yet, one draft a user, as the YAML it would become;
-- compressed. `based_on` is the version that it was made of, `revision` grows with each change of the draft.
CREATE TABLE configuration_drafts (
  user TEXT PRIMARY KEY,
  based_on INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL,
  text BLOB NOT NULL
) STRICT, WITHOUT ROWID;
