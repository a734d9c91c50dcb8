#!/bin/sh
# The same schedule and time zone run on other instants by the library of Kubernetes' CronJob and by croner when clocks change.
#
# Packages:  github.com/robfig/cron/v3 v3.0.1 (Go; the CronJob controller's), croner 11.0.1 (npm).
# Guess:     `30 2 * * *` runs once a night in both; a time that a spring night skips runs an hour later or not at all, in both alike.
# Seen:      Europe/Berlin, 2027. Spring, when 02:30 is not there: cron runs nothing that night; croner runs at 03:00, not at 03:30.
#            Autumn, when 02:30 is there twice: cron runs twice; croner once. But with `30 1-3 * * *` croner takes 02:30 twice too: whether
#            the hour is a number or a range decides.
# So:        a nightly job that must run once a night stands outside 01:00 to 03:00, or its schedule in UTC.
#
# Runs where:  with Go 1.22 or newer, node and npm, and a time zone database, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

cat >go.mod <<'GO'
module finding
go 1.22
GO
cat >main.go <<'GO'
package main

import (
	"fmt"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

func main() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	for _, text := range []string{"30 2 * * *", "30 1-3 * * *"} {
		schedule, err := cron.ParseStandard(text)
		if err != nil {
			panic(err)
		}
		for _, noon := range []time.Time{
			time.Date(2027, 3, 27, 12, 0, 0, 0, berlin),
			time.Date(2027, 10, 30, 12, 0, 0, 0, berlin),
		} {
			fmt.Printf("%s:", text)
			for at := schedule.Next(noon); at.Before(noon.Add(24 * time.Hour)); at = schedule.Next(at) {
				fmt.Print(" ", at.UTC().Format("01-02T15:04Z"))
			}
			fmt.Println()
		}
	}
}
GO
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go get github.com/robfig/cron/v3@v3.0.1 >/dev/null 2>&1
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go run . >cron.out

npm install --silent --no-fund --no-audit croner@11.0.1 >/dev/null
cat >croner.mjs <<'JS'
import { Cron } from 'croner';
for (const text of ['30 2 * * *', '30 1-3 * * *']) {
  for (const noon of ['2027-03-27T11:00:00Z', '2027-10-30T10:00:00Z'].map((at) => new Date(at))) {
    const runs = new Cron(text, { timezone: 'Europe/Berlin' }).nextRuns(6, noon);
    const night = runs.filter((at) => at < new Date(noon.getTime() + 24 * 3600e3));
    console.log(`${text}:`, night.map((at) => `${at.toISOString().slice(5, 16)}Z`).join(' '));
  }
}
JS
node croner.mjs >croner.out

printf 'robfig/cron\n%s\ncroner\n%s\n' "$(cat cron.out)" "$(cat croner.out)"
cat >cron.wanted <<'SEEN'
30 2 * * *:
30 2 * * *: 10-31T00:30Z 10-31T01:30Z
30 1-3 * * *: 03-28T00:30Z 03-28T01:30Z
30 1-3 * * *: 10-30T23:30Z 10-31T00:30Z 10-31T01:30Z 10-31T02:30Z
SEEN
cat >croner.wanted <<'SEEN'
30 2 * * *: 03-28T01:00Z
30 2 * * *: 10-31T00:30Z
30 1-3 * * *: 03-28T00:30Z 03-28T01:30Z
30 1-3 * * *: 10-30T23:30Z 10-31T00:30Z 10-31T01:30Z 10-31T02:30Z
SEEN
cmp cron.out cron.wanted
cmp croner.out croner.wanted
