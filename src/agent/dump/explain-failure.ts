/** What to do about what pg_dump, pg_dumpall and pg_restore say, behind their own words. */
export function explainFailure(words: string): string {
  const advice = advices.find(([pattern]) => pattern.test(words))?.[1];
  return advice === undefined ? words : `${words}. ${advice}`;
}

/** The order counts: the first that fits. */
const advices: readonly (readonly [RegExp, string])[] = [
  [
    /No space left on device/,
    'The place for dumps is full; wanted room: a larger volume, or fewer dumps kept (dump-keep)',
  ],
  [
    /permission denied for (table|sequence|schema|view|materialized view|large object)/,
    'Wanted a login that may read everything: a superuser, or a role of pg_read_all_data',
  ],
  [
    /permission denied for (table )?pg_authid/,
    'Passwords of roles are for superusers only; wanted one, or dumps without them (dump-role-passwords: off, --no-role-passwords)',
  ],
  [
    /would be affected by row-level security policy/,
    'A dump with rows hidden would not be whole; wanted a superuser, or a role with BYPASSRLS',
  ],
  [
    /terminating connection due to administrator command/,
    'Somebody ended the session: the server stopped, or the database was dropped (WITH FORCE)',
  ],
  [
    /lock timeout|lock_timeout/,
    'Something holds a lock on it for longer than ten minutes (ALTER TABLE, VACUUM FULL, LOCK)',
  ],
  [/extension ".*" is not available/, 'Wanted an image of the server that has this extension'],
  [
    /role ".*" does not exist/,
    'Its roles are in the dump: wanted --globals, which makes them first, or --no-owner, which goes without',
  ],
];
