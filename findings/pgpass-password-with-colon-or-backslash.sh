#!/bin/sh
# A password with a colon or a backslash cannot be written into a .pgpass that libpq and asyncpg both read; pgx has another one again.
#
# Packages:  psycopg 3.3.9 with libpq 18 (psycopg-binary), asyncpg 0.32.0 (PyPI); pgpass 1.0.6 (npm; what pg reads it with);
#            github.com/jackc/pgpassfile v1.0.0 (Go; what pgx reads it with).
# Guess:     one file format, one meaning: `\:` is a colon and `\\` a backslash everywhere, and a bare colon in the last field is either part
#            of the password or an error.
# Seen:      asyncpg takes the backslashes of the last field for part of the password, so what is written by the manual does not log in
#            (https://github.com/MagicStack/asyncpg/issues/1249). A bare colon: libpq ends the password there without a word, pgpass and
#            asyncpg take all of it, pgx finds no password. A lone backslash is dropped by libpq and kept by the others; blanks at the end
#            belong to the password for libpq and pgpass, and not for asyncpg and pgx.
# So:        a password for a .pgpass that several programs read is made of letters and digits; a "wrong password" from one of them may be the
#            right one for another.
#
# Runs where:  with python3 with venv, node and npm, Go 1.22 or newer, in a folder of its own. Opens no connection: nothing listens where it asks.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 asyncpg==0.32.0
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund pgpass@1.0.6
cat >go.mod <<'GO'
module finding
go 1.22
GO
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/jackc/pgpassfile"
)

func main() {
	file, err := pgpassfile.ReadPassfile("pgpass")
	if err != nil {
		panic(err)
	}
	fmt.Printf("pgx:     <%s>\n", file.FindPassword("host", "5432", "shop", "me"))
}
GO
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go get github.com/jackc/pgpassfile@v1.0.0 >/dev/null 2>&1
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go build -o read-go .

cat >read.py <<'PY'
import pathlib

from asyncpg import connect_utils
from psycopg import pq

# The password is looked up when the connection is begun; it goes to no host.
begun = pq.PGconn.connect_start(b"host=host hostaddr=127.0.0.1 port=5432 user=me dbname=shop passfile=pgpass")
print("libpq:   <%s>" % begun.password.decode())
found = connect_utils._read_password_from_pgpass(
    passfile=pathlib.Path("pgpass"), hosts=["host"], ports=[5432], database="shop", user="me"
)
print("asyncpg: <%s>" % found)
PY
cat >read.js <<'JS'
import pgpass from 'pgpass';
pgpass({ host: 'host', port: 5432, database: 'shop', user: 'me' }, (found) => console.log(`pgpass:  <${found}>`));
JS

while IFS= read -r password; do
  printf 'host:5432:shop:me:%s\n' "$password" >pgpass
  chmod 600 pgpass
  printf 'written as <%s>\n' "$password"
  venv/bin/python read.py
  PGPASSFILE=pgpass node read.js
  ./read-go
done >seen <<'PASSWORDS'
one\:two
one\\two
one:two
one\two
one  
PASSWORDS
cat seen

cat >wanted <<'WANTED'
written as <one\:two>
libpq:   <one:two>
asyncpg: <one\:two>
pgpass:  <one:two>
pgx:     <one:two>
written as <one\\two>
libpq:   <one\two>
asyncpg: <one\\two>
pgpass:  <one\two>
pgx:     <one\two>
written as <one:two>
libpq:   <one>
asyncpg: <one:two>
pgpass:  <one:two>
pgx:     <>
written as <one\two>
libpq:   <onetwo>
asyncpg: <one\two>
pgpass:  <one\two>
pgx:     <one\two>
written as <one  >
libpq:   <one  >
asyncpg: <one>
pgpass:  <one  >
pgx:     <one>
WANTED
cmp seen wanted
