# Shared by the benchmarks: a PostgreSQL 15 and a Tidemark of their own, on free
# ports, with their default durability, in a directory that goes away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PGBIN=/usr/lib/postgresql/15/bin
if [ ! -x "$PGBIN/pgbench" ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql-15 >/dev/null
fi
[ -x bin/tidemark ] || go build -o bin/tidemark ./cmd/tidemark
DIR=$(mktemp -d)
chmod 755 "$DIR"
TM_PID=
free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
PG_PORT=$(free_port)
TM_PORT=$(free_port)
as_postgres() { if [ "$(id -u)" = 0 ]; then su postgres -c "$*"; else bash -c "$*"; fi; }
stop_all() {
  local p
  for p in $TM_PID ${OTHER_PIDS:-}; do kill -TERM "$p" 2>/dev/null || true; wait "$p" 2>/dev/null || true; done
  as_postgres "$PGBIN/pg_ctl -D $DIR/pg -m fast -w stop" >/dev/null 2>&1 || true
  rm -rf "$DIR"
}
trap stop_all EXIT
# What an analyst would give PostgreSQL on a machine of 4 GB: a quarter of it for
# shared_buffers, room to sort and hash in memory, parallel queries.
PG_ANALYTIC="-c shared_buffers=1GB -c effective_cache_size=3GB -c work_mem=256MB -c maintenance_work_mem=256MB -c max_parallel_workers_per_gather=2 -c random_page_cost=1.1 -c max_wal_size=4GB"
start_postgres() { # [settings]
  mkdir "$DIR/pg" && { [ "$(id -u)" != 0 ] || chown postgres "$DIR/pg"; }
  as_postgres "$PGBIN/initdb -D $DIR/pg -A trust -U tidemark --no-locale -E UTF8" >/dev/null
  as_postgres "$PGBIN/pg_ctl -D $DIR/pg -l $DIR/pg/log -o '-p $PG_PORT -c listen_addresses=127.0.0.1 -c unix_socket_directories=$DIR/pg ${1:-}' -w start" >/dev/null
  "$PGBIN/createdb" -h 127.0.0.1 -p "$PG_PORT" -U tidemark tidemark
}
start_tidemark() {
  bin/tidemark start --data-dir "$DIR/tm" --port-base "$TM_PORT" ${TM_FLAGS:-} >"$DIR/tm.log" 2>&1 &
  TM_PID=$!
  for _ in $(seq 100); do grep -q 'ready for psql' "$DIR/tm.log" && return; sleep 0.1; done
  cat "$DIR/tm.log"; exit 1
}
dsn() { echo "host=127.0.0.1 port=$1 user=tidemark dbname=tidemark sslmode=disable"; }
# The drivers are Go programs of the module bench/go.mod; they read DuckDB's answers as Arrow batches.
build_driver() { (cd bench && go build -tags duckdb_arrow -o "../bin/bench-$1" "./$1"); }
facts() {
  echo "machine: $(nproc) cores, $(awk '/MemTotal/{printf "%d GiB", $2/1048576}' /proc/meminfo), load $(cut -d' ' -f1-3 /proc/loadavg)"
  echo "peer: $("$PGBIN/postgres" --version); tidemark: $(bin/tidemark version)"
}
