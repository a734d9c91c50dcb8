-- What a cluster holds, a line each thing, so that two clusters that are the same give the same lines: every row of the shared
-- catalogs, then database.sql in each database. By psql, with the variable `list`, a file that it may write.
-- More than pg_dumpall says: object identifiers and the system's own catalogs too.
SELECT name, setting
  FROM pg_catalog.pg_settings
 WHERE name IN ('data_checksums', 'data_directory', 'wal_segment_size')
 ORDER BY name COLLATE "C";
SELECT format(
    $$SELECT %L, (to_jsonb(t) - '{datfrozenxid,datminmxid,rolpassword}'::text[] %s)::text COLLATE "C" AS line FROM pg_catalog.%I AS t ORDER BY line$$,
    relname,
    CASE relname WHEN 'pg_authid' THEN $$|| jsonb_build_object('password', left(t.rolpassword, 14))$$ ELSE '' END,
    relname
  )
  FROM pg_catalog.pg_class
 WHERE relisshared AND relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace
 ORDER BY relname COLLATE "C"
\gexec
\o :list
SELECT format(E'\\connect %I\n\\i /usr/local/bin/database.sql', datname) FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname COLLATE "C";
\o
\i :list
