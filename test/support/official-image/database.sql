-- What one database holds: of each of the system's tables the number of rows, and those that came or changed after initdb (which
-- freezes what it made, and template0 keeps the mark of that); of every other table all rows.
\echo database :DBNAME
SELECT string_agg(
    CASE
      WHEN relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      THEN format(
        $$SELECT %1$L, count(*), string_agg(%2$s, E'\n' ORDER BY %2$s) FILTER (WHERE t.xmin::text::bigint >= mark.xid) FROM %1$s AS t, mark GROUP BY mark.xid$$,
        oid::regclass,
        CASE relname
          -- What vacuum and analyze count.
          WHEN 'pg_class' THEN $$(to_jsonb(t) - '{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}'::text[])::text$$
          ELSE 't::text'
        END)
      ELSE format($$SELECT %1$L, count(*), string_agg(t::text, E'\n' ORDER BY t::text) FROM %1$s AS t$$, oid::regclass)
    END,
    ' UNION ALL ' ORDER BY oid::regclass::text COLLATE "C") AS everything
  FROM pg_catalog.pg_class
 WHERE NOT relisshared
   AND relkind IN ('r', 'm', 'S')
   AND relname NOT IN ('pg_statistic', 'pg_statistic_ext_data')
\gset
WITH mark (xid) AS (SELECT datfrozenxid::text::bigint FROM pg_catalog.pg_database WHERE datname = 'template0')
:everything;
