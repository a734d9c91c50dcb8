/** POSTGRES_INITDB_ARGS, and the directory that initdb takes from it; null: none. Ring 3 asks initdb itself the same. */
export const walSpellings: readonly (readonly [text: string, directory: string | null])[] = [
  ['', null],
  ['--data-checksums', null],
  ['--waldir=/tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['--waldir /tmp/pgusher-test-waldir/a --data-checksums', '/tmp/pgusher-test-waldir/a'],
  ['--data-checksums -X /tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['-X/tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['-kX/tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['-kNX /tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['--wald=/tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ["--waldir='/tmp/pgusher-test-waldir/a b'", '/tmp/pgusher-test-waldir/a b'],
  ['--waldir="/tmp/pgusher-test-waldir/a"', '/tmp/pgusher-test-waldir/a'],
  ['-X /tmp/pgusher-test-waldir/b --waldir=/tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  // The values of other switches.
  ['-E UTF8 -X /tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['--encoding UTF8 --wal-segsize 32 -X /tmp/pgusher-test-waldir/a', '/tmp/pgusher-test-waldir/a'],
  ['-T -X', null],
  ['--username --waldir=/tmp/pgusher-test-waldir/a', null],
];
