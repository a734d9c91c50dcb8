#!/bin/sh
# `test` in a JSON patch to Kubernetes compares how a value is spelt: Python's fails for `é`, JavaScript's for `&`, on equal values.
#
# Packages:  gopkg.in/evanphx/json-patch.v4 v4.13.0 and k8s.io/apimachinery v0.37.2 (Go; what the apiserver applies patches with and writes
#            objects out with); github.com/evanphx/json-patch/v5 v5.9.11 beside it.
# Guess:     RFC 6902 section 4.6: strings are equal if their characters are, numbers if their values are. So `test` guards an edit whatever
#            client wrote the patch, and a `replace` of what is not there fails (section 4.3).
# Seen:      the object is written by Go, which spells `&`, `<` and `>` as \u0026, \u003c and \u003e; the texts are compared as they are. A
#            `test` of "a=1&b=2" fails for whoever sends JSON.stringify's text, of "é" for json.dumps' ("\u00e9"), of 3 for 3.0. `kubectl patch`
#            works, since it spells the patch anew with Go. `replace` of a missing key adds it, and `test` for null passes on one. v5 of the
#            library compares strings as they are meant, and refuses that `replace`; numbers it does not
#            (https://github.com/kubernetes/apiserver/issues/100, closed for age).
# So:        the guard of a patch is a `test` of metadata/resourceVersion or uid, whose spelling is one; and a 422 for a `test` does not mean
#            that the value has changed.
#
# Runs where:  with Go 1.25 or newer, python3 and node, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

cat >go.mod <<'GO'
module finding
go 1.25
GO
cat >main.go <<'GO'
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"

	v5 "github.com/evanphx/json-patch/v5"
	v4 "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func main() {
	var written bytes.Buffer
	err := unstructured.UnstructuredJSONScheme.Encode(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Example", "url": "a=1&b=2", "name": "é", "number": int64(3),
	}}, &written)
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		who, patch, _ := strings.Cut(lines.Text(), " ")
		old, err := v4.DecodePatch([]byte(patch))
		if err != nil {
			panic(err)
		}
		_, oldError := old.Apply(written.Bytes())
		young, err := v5.DecodePatch([]byte(patch))
		if err != nil {
			panic(err)
		}
		_, youngError := young.Apply(written.Bytes())
		fmt.Printf("%s %s v4 %s, v5 %s\n", who, patch, verdict(oldError), verdict(youngError))
	}
}

func verdict(err error) string {
	if err != nil {
		return "fails"
	}
	return "passes"
}
GO
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go get gopkg.in/evanphx/json-patch.v4@v4.13.0 \
  github.com/evanphx/json-patch/v5@v5.9.11 k8s.io/apimachinery@v0.37.2 >/dev/null 2>&1

{
  python3 -c '
import json
for path, value in (("/url", "a=1&b=2"), ("/name", "\u00e9"), ("/number", 3), ("/number", 3.0)):
    print("Python", json.dumps([{"op": "test", "path": path, "value": value}], separators=(",", ":")))'
  node -e '
for (const [path, value] of [["/url", "a=1&b=2"], ["/name", "\u00e9"], ["/number", 3], ["/gone", null]])
  console.log("Node", JSON.stringify([{ op: "test", path, value }]));
console.log("Node", JSON.stringify([{ op: "replace", path: "/gone", value: 1 }]));'
} >patches
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go run . <patches | tee seen

cat >wanted <<'WANTED'
Python [{"op":"test","path":"/url","value":"a=1&b=2"}] v4 fails, v5 passes
Python [{"op":"test","path":"/name","value":"\u00e9"}] v4 fails, v5 passes
Python [{"op":"test","path":"/number","value":3}] v4 passes, v5 passes
Python [{"op":"test","path":"/number","value":3.0}] v4 fails, v5 fails
Node [{"op":"test","path":"/url","value":"a=1&b=2"}] v4 fails, v5 passes
Node [{"op":"test","path":"/name","value":"é"}] v4 passes, v5 passes
Node [{"op":"test","path":"/number","value":3}] v4 passes, v5 passes
Node [{"op":"test","path":"/gone","value":null}] v4 passes, v5 passes
Node [{"op":"replace","path":"/gone","value":1}] v4 passes, v5 fails
WANTED
cmp seen wanted
