#!/usr/bin/env bash
# Runs sqlsmith for SMITHTIME seconds (default 900) against bin/tidemark with
# a small schema: random statements over every table, function and operator
# that the catalog shows. Fails on a crash, on an answer with XX000, when the
# server does not answer, or when its memory grows without end.
# The statements that raised each XX000 are in the log, whose name is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SMITHTIME:-900}
seed=${SMITHSEED:-1}
if ! command -v sqlsmith psql >/dev/null; then
  apt-get update && apt-get install -y --no-install-recommends sqlsmith postgresql-client
fi
dir=$(mktemp -d)
server=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
port=${SMITHPORT:-$((20000 + RANDOM % 20000))}
bin/tidemark start --store memory --port-base "$port" --log-level error >"$dir/out" 2>"$dir/server.log" &
server=$!
for _ in $(seq 100); do grep -q ready "$dir/out" && break; sleep 0.1; done
url="postgres://tidemark@127.0.0.1:$port/tidemark?sslmode=disable"

psql -X -q -v ON_ERROR_STOP=1 "$url" <<'SQL'
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, born date, balance numeric(12,2), tags text[], doc jsonb);
CREATE TABLE orders (id bigint PRIMARY KEY, customer int REFERENCES customers, placed timestamptz, total numeric(12,2), open bool);
CREATE TABLE lines (order_id bigint REFERENCES orders, line int, item varchar(20), price float8, PRIMARY KEY (order_id, line));
CREATE INDEX orders_customer ON orders (customer, placed DESC);
CREATE UNIQUE INDEX customers_name ON customers (name, id);
INSERT INTO customers SELECT i, 'c' || i, date '1950-01-01' + i * 31, i * 1.25, ARRAY['a', 'b' || i], jsonb_build_object('k', i) FROM generate_series(1, 100) AS i;
INSERT INTO orders SELECT i, i % 100 + 1, timestamptz '2024-01-01 00:00+00' + i * interval '1 hour', i, i % 2 = 0 FROM generate_series(1, 300) AS i;
INSERT INTO lines SELECT i, j, 'item ' || j, i / 8.0 FROM generate_series(1, 300) AS i, generate_series(1, 2) AS j;
SQL

memory() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }
before=$(memory)
status=0
timeout "$seconds" sqlsmith --verbose --seed="$seed" --target="host=127.0.0.1 port=$port user=tidemark dbname=tidemark options='-c statement_timeout=2000'" >"$dir/smith.out" 2>"$dir/smith.err" || status=$?
[ "$status" -eq 124 ] || { echo "sqlsmith ended by itself ($status):"; tail -5 "$dir/smith.err"; }
echo "log: $dir"
kill -0 "$server" || { echo "the server died"; tail -50 "$dir/server.log"; exit 1; }
timeout 10 psql -X -q -At "$url" -c 'SELECT 1' >/dev/null || { echo "the server does not answer"; exit 1; }
echo "memory: $before kB before, $(memory) kB after"
[ "$(memory)" -lt $((before + 2000000)) ] || { echo "the server grew by more than 2 GB"; exit 1; }
internal=$(grep -c 'XX000\|panic' "$dir/server.log" || true)
echo "internal errors in the server's log: $internal"
tail -30 "$dir/smith.err"
[ "$internal" -eq 0 ] && [ "$status" -eq 124 ]
