#!/bin/sh
# In the YAML of kubectl and Helm, a merge key (`<<`) that stands behind a key replaces it; elsewhere the key that is written out wins.
#
# Packages:  sigs.k8s.io/yaml v1.6.0 (Go; what kubectl, Helm and controllers read manifests with); PyYAML 6.0.2 and yaml 2.9.1 (npm) beside it.
# Guess:     keys of the mapping itself win over merged ones wherever `<<` stands (https://yaml.org/type/merge.html), in every reader.
# Seen:      `{image: new, <<: *base}` is `old` for sigs.k8s.io/yaml and `new` for the two others; `{<<: *base, image: new}` is `new` for all three.
#            UnmarshalStrict of the same package refuses both orders, "key image already set in map".
# So:        a linter that reads manifests with a library of its own language sees another image than the cluster gets.
#
# Runs where:  with Go 1.22 or newer, python3 with venv, node and npm, in a folder of its own.
# Exit codes:  0 as said; 1 otherwise.
set -eu

folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"

cat >manifest.yaml <<'YAML'
base: &base {image: old}
behind:
  image: new
  <<: *base
before:
  <<: *base
  image: new
YAML

cat >go.mod <<'GO'
module finding
go 1.22
GO
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

func main() {
	text, err := os.ReadFile("manifest.yaml")
	if err != nil {
		panic(err)
	}
	var read map[string]map[string]string
	if err := yaml.Unmarshal(text, &read); err != nil {
		panic(err)
	}
	fmt.Println(read["behind"]["image"], read["before"]["image"])
	fmt.Println(yaml.UnmarshalStrict(text, &read))
}
GO
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go get sigs.k8s.io/yaml@v1.6.0 >/dev/null 2>&1
GOMODCACHE=$folder/modules GOFLAGS=-mod=mod go run . >go.out
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyyaml==6.0.2
venv/bin/python -c '
import yaml
read = yaml.safe_load(open("manifest.yaml"))
print(read["behind"]["image"], read["before"]["image"])' >python.out
npm install --silent --no-fund --no-audit --prefix node yaml@2.9.1 >/dev/null
cp manifest.yaml node/
(cd node && node -e '
const read = require("yaml").parse(require("fs").readFileSync("manifest.yaml", "utf8"), { merge: true });
console.log(read.behind.image, read.before.image)') >node.out

printf 'sigs.k8s.io/yaml: %s\nPyYAML:           %s\nyaml (npm):       %s\nstrict:\n' "$(head -n 1 go.out)" "$(cat python.out)" "$(cat node.out)"
sed 1d go.out
[ "$(head -n 1 go.out)" = 'old new' ]
[ "$(cat python.out)" = 'new new' ]
[ "$(cat node.out)" = 'new new' ]
[ "$(grep -c 'key "image" already set in map' go.out)" -eq 2 ]
