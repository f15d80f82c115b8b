#!/usr/bin/env bash
# Single points by many connections, each INSERT a transaction: Tidemark beside
# PostgreSQL 15 with its default durability, alternating, in one run. Prints rows a
# second (median of the rounds), the CPU's microseconds a row of the server, and the ratio.
#   SECONDS_EACH=10 ROUNDS=3 CLIENTS=64 MODE=prepared bench/points.sh
source "$(dirname "$0")/lib.sh"
EACH=${SECONDS_EACH:-10} ROUNDS=${ROUNDS:-3} CLIENTS=${CLIENTS:-64} MODE=${MODE:-prepared}
start_postgres "-c max_connections=200 -c shared_buffers=256MB"
start_tidemark
facts
psql() { "$PGBIN/psql" -q -h 127.0.0.1 -p "$1" -U tidemark -v ON_ERROR_STOP=1 tidemark; }
table='CREATE TABLE points (ts timestamptz NOT NULL, host int NOT NULL, a float8, b float8, c float8, d float8)'
psql "$PG_PORT" <<<"$table; CREATE INDEX ON points (host, ts DESC)"
psql "$TM_PORT" <<<"$table USING timeseries WITH (time = 'ts', tags = 'host')"
cat >"$DIR/insert.sql" <<'SQL'
\set host random(1, 1000)
\set v random(1, 100)
INSERT INTO points VALUES (now(), :host, :v, 21.5, 43.25, 1000);
SQL
chmod 644 "$DIR/insert.sql"
# cpu_ms is what all processes of a server have used.
cpu_ms() { # name
  local ticks=0 pid
  if [ "$1" = tidemark ]; then set -- "$TM_PID"; else
    pid=$(head -1 "$DIR/pg/postmaster.pid"); set -- "$pid" $(pgrep -P "$pid" || true); fi
  # The times of children that have ended are counted with the postmaster's.
  for pid in "$@"; do ticks=$((ticks + $(awk '{print $14+$15+$16+$17}' "/proc/$pid/stat" 2>/dev/null || echo 0))); done
  echo $((ticks * 1000 / $(getconf CLK_TCK)))
}
run() { # port name -> rows/s and microseconds a row
  local out before rows
  before=$(cpu_ms "$2")
  out=$("$PGBIN/pgbench" -n -c "$CLIENTS" -j 2 -T "$EACH" -M "$MODE" -f "$DIR/insert.sql" -h 127.0.0.1 -p "$1" -U tidemark tidemark 2>&1) || { echo "$out" >&2; exit 1; }
  grep -q 'failed transactions: 0 ' <<<"$out" || { echo "$out" >&2; exit 1; }
  rows=$(awk '/actually processed/{print $NF}' <<<"$out")
  sleep 0.2
  echo "$(awk '/^tps/{print $3}' <<<"$out") $(((($(cpu_ms "$2") - before) * 1000) / rows))"
}
median() { sort -n | awk '{a[NR]=$1; c[NR]=$2} END{i=int((NR+1)/2); print a[i], c[i]}'; }
: >"$DIR/p"; : >"$DIR/t"
for _ in $(seq "$ROUNDS"); do
  run "$PG_PORT" postgres >>"$DIR/p"
  run "$TM_PORT" tidemark >>"$DIR/t"
done
read -r p pc < <(median <"$DIR/p")
read -r t tc < <(median <"$DIR/t")
printf '%s clients, %s: postgres %.0f rows/s (%d us of CPU a row), tidemark %.0f (%d), ratio %.2f\n' "$CLIENTS" "$MODE" "$p" "$pc" "$t" "$tc" "$(awk "BEGIN{print $t/$p}")"
