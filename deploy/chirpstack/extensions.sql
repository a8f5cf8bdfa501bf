create extension pg_trgm;
create extension hstore;
