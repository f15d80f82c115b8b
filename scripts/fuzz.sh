#!/usr/bin/env bash
# Runs every fuzz target of the tree, each for the given time (default 30s).
# New failing inputs are kept by go test in the package's testdata/fuzz.
set -uo pipefail
cd "$(dirname "$0")/.."
time=${1:-30s}
status=0
while read -r dir target; do
  echo "=== $dir $target ($time)"
  go test "$dir" -run '^$' -fuzz "^$target\$" -fuzztime "$time" || status=1
done < <(grep -rhoE --include='*_test.go' -H '^func Fuzz[A-Za-z0-9_]+' . | sed -E 's|^(.*)/[^/]+:func (Fuzz[A-Za-z0-9_]+)$|\1 \2|' | sort)
exit "$status"
