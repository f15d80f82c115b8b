#!/usr/bin/env bash
# Real clients against a server: psql's meta commands, pg_dump, pgjdbc, pgx, and pgbench
# with all of its built-in scripts in all protocol modes, its balance invariant,
# and the same after kill -9. Installs PostgreSQL 15's client programs and pgjdbc
# when they are missing (apt-get). Prints "client ok: NAME" for each step.
#
# With CLUSTER=1 the server is three nodes over a test cluster of three stores, and
# each connection goes to a node by chance.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_PER_RUN:-3}
bin=${BIN:-bin/tidemark}
work=$(mktemp -d)
declare -a servers=() ports=() store=()
nodes=1
spreader="" cluster=""
oracle_dir=""

fail() { echo "client FAILED: $*" >&2; [ -s "$work/server.err" ] && tail -5 "$work/server.err" >&2; exit 1; }
ok() { echo "client ok: $*"; }

cleanup() {
  local pid
  for pid in "${servers[@]}" $spreader; do kill -9 "$pid" 2>/dev/null || true; done
  [ -z "$cluster" ] || "$cluster" down "$work/cluster" || true
  [ -z "$oracle_dir" ] || as_postgres "$pgbin/pg_ctl" -D "$oracle_dir/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work" ${oracle_dir:+"$oracle_dir"}
}
trap cleanup EXIT

pgbin=/usr/lib/postgresql/15/bin
install_clients() {
  local missing=()
  if [ ! -x "$pgbin/psql" ] || [ ! -x "$pgbin/pgbench" ]; then missing+=(postgresql-client-15 postgresql-15); fi
  [ -e /usr/share/java/postgresql.jar ] || missing+=(libpostgresql-jdbc-java)
  command -v javac >/dev/null || missing+=(default-jdk-headless)
  [ "${#missing[@]}" -gt 0 ] || return 0
  echo "installing ${missing[*]}"
  local sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update -qq
  # Without a cluster: nothing listens after the installation.
  $sudo mkdir -p /etc/postgresql-common
  [ -f /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq "${missing[@]}" >"$work/apt.log" 2>&1 || { tail -5 "$work/apt.log"; fail "apt-get install ${missing[*]}"; }
}

# free_port prints a port that nobody listens on, below those that outgoing connections get:
# of these one that is free now may not be when the server starts.
free_port() {
  local p
  for _ in $(seq 50); do
    p=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null; then echo "$p"; return; fi
  done
  fail "no free port"
}

# start_node N: starts the server with this number on its port.
start_node() {
  local i=$1
  "$bin" start "${store[@]}" --port-base "${ports[i]}" --log-level error >"$work/server$i.out" 2>>"$work/server.err" &
  servers[i]=$!
  for _ in $(seq 300); do
    grep -q '^ready' "$work/server$i.out" && return
    kill -0 "${servers[i]}" 2>/dev/null || fail "the server ended at its start"
    sleep 0.1
  done
  fail "the server was not ready in 30 seconds"
}

# start_servers starts all there are to be, and sets port to where clients connect.
start_servers() {
  store=(--data-dir "$work/data")
  if [ -n "${CLUSTER:-}" ]; then
    nodes=3
    go build -o "$work/testcluster" ./internal/testcluster/cmd/testcluster || fail "the test cluster's command"
    cluster=$work/testcluster
    local up
    up=$("$cluster" up "$work/cluster") || fail "the test cluster: $up"
    store=(--store "${up##*--store }")
  fi
  local i
  for i in $(seq 0 $((nodes - 1))); do
    ports[i]=$(free_port)
    start_node "$i"
  done
  port=${ports[0]}
  if [ "$nodes" -gt 1 ]; then
    port=$(free_port)
    "$cluster" spread "127.0.0.1:$port" "${ports[@]/#/127.0.0.1:}" &
    spreader=$!
    disown "$spreader" # nobody is told of its end
    for _ in $(seq 50); do
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
      sleep 0.1
    done
  fi
}

as_postgres() { if [ "$(id -u)" -eq 0 ]; then (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups "$@"); else "$@"; fi; }

# start_oracle starts a PostgreSQL of its own to compare with, if there is one.
start_oracle() {
  [ -x "$pgbin/initdb" ] || return 1
  oracle_dir=$(mktemp -d)
  chmod 755 "$oracle_dir"
  if [ "$(id -u)" -eq 0 ]; then chown postgres "$oracle_dir"; fi
  as_postgres "$pgbin/initdb" -D "$oracle_dir/data" -A trust -U tidemark -E UTF8 --locale=C --no-sync >"$work/initdb.log" 2>&1 || return 1
  oracle_port=$(free_port)
  as_postgres "$pgbin/pg_ctl" -D "$oracle_dir/data" -w -o "-p $oracle_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$oracle_dir -c fsync=off" -l "$oracle_dir/log" start >/dev/null 2>&1 || return 1
  "$pgbin/createdb" -h 127.0.0.1 -p "$oracle_port" -U tidemark tidemark
}

psql_at() { "$pgbin/psql" -X -q -h 127.0.0.1 -p "$1" -U tidemark -d tidemark -v ON_ERROR_STOP=1 "${@:2}"; }

schema='
CREATE TABLE customers (id serial PRIMARY KEY, name varchar(40) NOT NULL, email text UNIQUE, born date, balance numeric(12,2) DEFAULT 0 CHECK (balance >= 0));
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL REFERENCES customers ON DELETE CASCADE, placed timestamptz DEFAULT now(), note text);
CREATE INDEX orders_customer ON orders (customer_id, placed DESC);
CREATE SEQUENCE tickets START 100 INCREMENT 5;
CREATE SCHEMA sales;
CREATE TABLE sales.regions (code char(2) PRIMARY KEY, label text);
CREATE VIEW recent AS SELECT id, note FROM orders;
'

# meta COMMAND NAME... runs a psql command: no error, and every name is printed.
# Names that start with = ask that the output equals PostgreSQL's.
meta() {
  local command=$1 out
  shift
  out=$(psql_at "$port" -c "$command" 2>&1) || fail "psql $command: $out"
  case $out in *ERROR*) fail "psql $command: $out" ;; esac
  local name
  for name in "$@"; do
    if [ "$name" = "=" ]; then
      [ -n "${oracle_port:-}" ] || continue
      printf '%s\n' "$(psql_at "$oracle_port" -c "$command" 2>&1)" >"$work/want"
      printf '%s\n' "$out" >"$work/got"
      diff -u "$work/want" "$work/got" >"$work/diff" || fail "psql $command differs from PostgreSQL:
$(cat "$work/diff")"
    else
      case $out in *"$name"*) ;; *) fail "psql $command does not print $name: $out" ;; esac
    fi
  done
  ok "psql $command"
}

bench() { "$pgbin/pgbench" -h 127.0.0.1 -p "$port" -U tidemark "$@" tidemark; }

# run_bench SCRIPT MODE: some seconds with 4 clients, no failed transaction.
run_bench() {
  local out
  out=$(bench -n -b "$1" -M "$2" -c 4 -j 2 -T "$seconds" 2>&1) || fail "pgbench -b $1 -M $2: $out"
  grep -q 'number of failed transactions: 0 ' <<<"$out" || fail "pgbench -b $1 -M $2: $out"
  case $out in *"aborted"* | *ERROR*) fail "pgbench -b $1 -M $2: $out" ;; esac
  ok "pgbench $1 $2 ($(sed -n 's/^tps = \([0-9]*\).*/\1/p' <<<"$out") tps)"
}

invariant() {
  local got
  got=$(psql_at "$port" -At -c "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(bbalance) FROM pgbench_branches)
    AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(tbalance) FROM pgbench_tellers)
    AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history)" 2>&1) || fail "invariant: $got"
  [ "$got" = t ] || fail "pgbench balances differ ($1): $(psql_at "$port" -At -c "SELECT (SELECT sum(abalance) FROM pgbench_accounts), (SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(tbalance) FROM pgbench_tellers), (SELECT sum(delta) FROM pgbench_history)")"
  ok "pgbench balances $1"
}

# run_jdbc runs what pgjdbc does, if there is Java.
run_jdbc() {
  local jar=/usr/share/java/postgresql.jar out
  out=$(java -cp "$jar" scripts/jdbc/Clients.java "jdbc:postgresql://127.0.0.1:$port/tidemark?user=tidemark" 2>&1) || fail "pgjdbc: $out"
  sed 's/^ok: /client ok: pgjdbc: /' <<<"$out"
}

# run_pgx runs what Go programs do by pgx.
run_pgx() {
  local out
  out=$(go run ./internal/clientstmts/pgx "postgres://tidemark@127.0.0.1:$port/tidemark" 2>&1) || fail "pgx: $out"
  sed 's/^ok: /client ok: pgx: /' <<<"$out"
}

install_clients
start_servers
if start_oracle; then psql_at "$oracle_port" -c "$schema"; else echo "no PostgreSQL server to compare with"; oracle_port=""; fi

psql_at "$port" -c "$schema" || fail "the sample schema"
ok "psql sample schema"
meta '\d' customers orders tickets recent =
meta '\d customers' customers_pkey customers_email_key customers_balance_check orders_customer_id_fkey =
meta '\d orders' orders_customer orders_customer_id_fkey =
meta '\d tickets' bigint =
meta '\d recent' note =
meta '\d sales.regions' regions_pkey =
meta '\d+ customers' 'customers_id_seq' customers_pkey
meta '\d+' customers orders recent
meta '\dt+' customers orders
meta '\dt *.*' regions pg_class
meta '\di' customers_pkey orders_customer =
meta '\dn' public sales
meta '\dv' recent =
meta '\ds' customers_id_seq tickets =
meta '\dT'
meta '\dT+ int4' integer
meta '\l' tidemark postgres
meta '\du' tidemark postgres

bash scripts/readme-tour.sh "$pgbin/psql" -h 127.0.0.1 -p "$port" -U tidemark tidemark || fail "the README's tour"
ok "the README's tour"

# A database goes through pg_dump and back into another one as it was.
sql() { "$pgbin/psql" -qX -h 127.0.0.1 -p "$port" -U tidemark -v ON_ERROR_STOP=1 "$@"; }
sql -d tidemark -c 'CREATE DATABASE dumped' -c 'CREATE DATABASE copied' || fail "databases to dump"
sql -d dumped >"$work/dump.log" 2>&1 <<'SQL' || fail "tables to dump: $(cat "$work/dump.log")"
CREATE TABLE points (ts timestamptz, device int, v float8, note text, PRIMARY KEY (device, ts))
  USING timeseries WITH (time = 'ts', tags = 'device', partition_interval = '1 day', retention = '100 years', on_duplicate = 'keep');
INSERT INTO points SELECT timestamptz '2026-01-01' + g * interval '1 minute', g % 3, g / 8.0, 'n' || g FROM generate_series(1, 3000) g;
INSERT INTO points VALUES ('2026-02-01', 7, 'NaN', NULL), ('2026-02-01', 8, '-Infinity', '');
CALL tidemark.flush('points');
CREATE TABLE counts (t bigint, v numeric(10,2), what jsonb) USING timeseries WITH (time = 't', time_unit = 's', partition_interval = '1 day', hash_buckets = 2);
INSERT INTO counts SELECT g / 2, g, CASE g % 5 WHEN 0 THEN '{"a": [1, null]}'::jsonb END FROM generate_series(-50, 49) g;
CREATE EXTENSION timescaledb;
CREATE TABLE conditions (time timestamptz NOT NULL, device text, room text, v float8);
CREATE INDEX ON conditions (device, room, time DESC);
SELECT FROM create_hypertable('conditions', 'time', chunk_time_interval => interval '12 hours');
INSERT INTO conditions SELECT timestamptz '2026-01-01' + g * interval '1 hour', 'd' || g % 4, nullif('r' || g % 3, 'r1'), nullif(g, 7) FROM generate_series(1, 100) g;
CREATE SCHEMA plant;
CREATE TYPE plant.state AS ENUM ('on', 'off');
CREATE TABLE plant.devices (id int PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, state plant.state DEFAULT 'on',
  price numeric(8, 2) CHECK (price > 0), made date, tags text[]);
CREATE TABLE plant.repairs (id bigserial PRIMARY KEY, device int REFERENCES plant.devices ON DELETE CASCADE, what text);
CREATE INDEX ON plant.repairs (device DESC NULLS LAST, what);
CREATE VIEW plant.broken AS SELECT d.name, count(*) AS repairs FROM plant.devices d JOIN plant.repairs r ON r.device = d.id GROUP BY d.name;
INSERT INTO plant.devices VALUES (1, 'pump', 'off', 12.50, '2026-01-02', '{a,"b c",NULL}'), (2, E'tab\there', 'on', NULL, 'infinity', NULL);
INSERT INTO plant.repairs (device, what) VALUES (1, 'seal'), (1, E'line\nbreak'), (2, '\N');
COMMENT ON TABLE plant.devices IS 'what stands where';
SQL
dump() { "$pgbin/pg_dump" -h 127.0.0.1 -p "$port" -U tidemark "$1" | grep -v '^.\(un\)\?restrict '; }
dump dumped >"$work/first.sql" || fail "pg_dump"
sql -d copied -f "$work/first.sql" >"$work/dump.log" 2>&1 || fail "what pg_dump gave: $(cat "$work/dump.log")"
dump copied >"$work/second.sql" || fail "pg_dump of the copy"
diff "$work/first.sql" "$work/second.sql" >"$work/dump.log" || fail "the copy differs: $(head -20 "$work/dump.log")"
grep -q 'SET default_table_access_method = timeseries' "$work/second.sql" || fail "the copy has no time-series table"
same="SELECT (SELECT sum(v) FROM points WHERE device < 3), (SELECT string_agg(d::text || r::text, ';' ORDER BY r.id) FROM plant.devices d JOIN plant.repairs r ON r.device = d.id)"
[ "$(sql -At -d dumped -c "$same")" = "$(sql -At -d copied -c "$same")" ] || fail "the copy's rows differ"
for table in points counts conditions; do
  look=(-c "\d+ $table" -c "SELECT count(*), md5(string_agg(x::text, ',' ORDER BY x::text)) FROM $table x")
  [ "$(sql -d dumped "${look[@]}")" = "$(sql -d copied "${look[@]}")" ] || fail "the time-series table $table of the copy differs"
done
sql -d tidemark -c 'DROP DATABASE dumped' -c 'DROP DATABASE copied' || fail "dropping the dumped databases"
ok "pg_dump of a database and back"

run_jdbc
run_pgx

bench -i -q -s 1 >"$work/init.log" 2>&1 || fail "pgbench -i: $(cat "$work/init.log")"
ok "pgbench -i"
for script in tpcb-like simple-update select-only; do
  for mode in simple extended prepared; do
    run_bench "$script" "$mode"
  done
done
# simple-update leaves tellers and branches alone: start anew for the balances.
bench -i -q -s 1 >"$work/init.log" 2>&1 || fail "pgbench -i: $(cat "$work/init.log")"
ok "pgbench -i over old tables"
run_bench tpcb-like prepared
invariant "after a run"

bench -n -b tpcb-like -M prepared -c 4 -j 2 -T 60 >"$work/killed.log" 2>&1 &
load=$!
sleep "$seconds"
kill -9 "${servers[0]}"
wait "${servers[0]}" 2>/dev/null || true
if [ "$nodes" -gt 1 ]; then # the clients of the others go on
  sleep "$seconds"
  kill "$load" 2>/dev/null || true
fi
wait "$load" 2>/dev/null || true
before=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/killed.log")
start_node 0
invariant "after kill -9 (${before:-some} transactions under load)"
run_bench tpcb-like simple
invariant "after the restart"

for pid in "${servers[@]}"; do kill "$pid"; done
for pid in "${servers[@]}"; do wait "$pid" || fail "the server ended with code $? on SIGTERM"; done
servers=()
ok "shutdown"
