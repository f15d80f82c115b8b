#!/usr/bin/env bash
# Follows the tour of README.md with psql and compares what it prints with what
# the README says. usage: readme-tour.sh PSQL [psql's options]
set -euo pipefail
readme="$(dirname "$0")/../README.md"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Each block of SQL, and what stands behind it as its output, in files by number.
awk -v dir="$work" '
  /^```sql$/ { n++; kind = "sql"; print "\\echo @@ " n > (dir "/input"); next }
  /^```$/    { if (kind != "") { last = kind; kind = "" } else if (last == "sql") kind = "out"; else kind = "skip"; next }
  kind == "sql" { print > (dir "/input") }
  kind == "out" { print > (dir "/want." n) }
  kind == "" && NF { last = "" }
' "$readme"
"$@" -X -q <"$work/input" 2>&1 | sed 's/^psql:<stdin>:[0-9]*: //' >"$work/all" || true
awk -v dir="$work" '/^@@ / { n = $2; next } { print > (dir "/got." n) }' "$work/all"
status=0
for n in $(seq "$(grep -c '^\\echo @@' "$work/input")"); do
  touch "$work/got.$n"
  if [ -f "$work/want.$n" ]; then
    diff -uB --label "README, block $n" --label psql "$work/want.$n" "$work/got.$n" || status=1
  elif [ -s "$work/got.$n" ]; then
    echo "block $n of the README prints:"; cat "$work/got.$n"; status=1
  fi
done
exit "$status"
