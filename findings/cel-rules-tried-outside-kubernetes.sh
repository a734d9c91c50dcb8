#!/bin/sh
# A rule for a ValidatingAdmissionPolicy that was tried with cel-js or cel-python may say the opposite in the cluster, without an error in either.
#
# Packages:  github.com/google/cel-go v0.29.2 (Go; the version of the apiserver 1.37.2); cel-js 0.8.2 and @marcbachmann/cel-js 8.0.0 (npm),
#            cel-python 0.5.0 (PyPI).
# Guess:     CEL has a written language definition and a suite of conformance tests: what a library does not have is an error, and arithmetic and
#            conversions of what it has are the same. So a rule can be tested in the language of the project.
# Seen:      cel-js divides integers as fractions (7 / 2 is 3.5, so no majority of an odd number is right), has no integers above 2^53, counts
#            UTF-16 units in size(), and does not read "\u00e9". cel-python's string(true) is "True" and string(1.0) "1.0".
#            @marcbachmann/cel-js agrees with Go in each.
# So:        a rule is tested with cel-go, or on an apiserver; with the two named only where it does neither arithmetic nor conversions.
#
# Runs where:  with Go 1.25 or newer, python3 with venv, node 22 or newer and npm, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

cat >rules <<'RULES'
7 / 2 == 3
3 >= 5 / 2 + 1
9007199254740993 == 9007199254740992
size("𝄞") == 1
"\u00e9" == "é"
string(true) == "true"
string(1.0) == "1"
"a" in {"a": 1} && !("b" in ["a"])
RULES

echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund cel-js@0.8.2 @marcbachmann/cel-js@8.0.0
cat >try.js <<'JS'
import { readFileSync, writeFileSync } from 'node:fs';
import { evaluate as bachmann } from '@marcbachmann/cel-js';
import { evaluate as celJs } from 'cel-js';
for (const [name, evaluate] of Object.entries({ bachmann, celJs })) {
  const answers = readFileSync('rules', 'utf8').trim().split('\n').map((rule) => {
    try {
      return String(evaluate(rule, {}));
    } catch {
      return 'error';
    }
  });
  writeFileSync(name, `${answers.join('\n')}\n`);
}
JS
node try.js

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cel-python==0.5.0
venv/bin/python -c '
import celpy
for rule in open("rules", encoding="utf-8"):
    environment = celpy.Environment()
    print(str(bool(environment.program(environment.compile(rule.strip())).evaluate({}))).lower())' >celPython

cat >go.mod <<'GO'
module finding
go 1.25
GO
cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
)

func main() {
	environment, err := cel.NewEnv()
	if err != nil {
		panic(err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		compiled, issues := environment.Compile(lines.Text())
		if issues.Err() != nil {
			panic(issues.Err())
		}
		program, err := environment.Program(compiled)
		if err != nil {
			panic(err)
		}
		answer, _, err := program.Eval(map[string]any{})
		if err != nil {
			panic(err)
		}
		fmt.Println(answer)
	}
}
GO
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go get github.com/google/cel-go/cel@v0.29.2 >/dev/null 2>&1
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go run . <rules >celGo

echo 'cel-go, @marcbachmann/cel-js, cel-python, cel-js'
paste celGo bachmann celPython celJs rules | tee seen
cat >wanted.spaced <<'WANTED'
true true true false 7 / 2 == 3
true true true false 3 >= 5 / 2 + 1
false false false true 9007199254740993 == 9007199254740992
true true true false size("𝄞") == 1
true true true false "\u00e9" == "é"
true true false error string(true) == "true"
true true false error string(1.0) == "1"
true true true true "a" in {"a": 1} && !("b" in ["a"])
WANTED
tr '\t' ' ' <seen >seen.spaced
cmp seen.spaced wanted.spaced
