#!/usr/bin/env bash
# Points of the shape of TSBS's cpu-only use case: loading over two connections in
# batches of 10,000 rows (binary COPY; InfluxDB's line protocol), bytes a row, and
# TSBS's types of query, on Tidemark, PostgreSQL 15, InfluxDB 1.6, VictoriaMetrics
# and DuckDB in one run. Prints medians and ratios, tells when Tidemark's and
# PostgreSQL's answers differ; PRICES=true prints what 10% late points and 1%
# updated ones cost. InfluxDB and VictoriaMetrics are Debian's.
#   HOSTS=4000 STEP=1m SPAN=24h ROUNDS=5 IN_A_ROW=1 ONLY=lastpoint DUCKDB=true PEER=true INFLUXDB=true VICTORIA=true PRICES=true bench/ts.sh
source "$(dirname "$0")/lib.sh"
HOSTS=${HOSTS:-4000} STEP=${STEP:-1m} SPAN=${SPAN:-24h} ROUNDS=${ROUNDS:-5} ONLY=${ONLY:-} DUCKDB=${DUCKDB:-true} PEER=${PEER:-true}
INFLUXDB=${INFLUXDB:-true} VICTORIA=${VICTORIA:-true} PRICES=${PRICES:-true} OTHER_PIDS=
TM_FLAGS="--cache-size ${CACHE:-512MB} --series-cache-size ${SERIES_CACHE:-512MB} ${TM_FLAGS:-}"

# await asks a URL until it answers.
await() {
  for _ in $(seq 100); do python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$1" 2>/dev/null && return; sleep 0.2; done
  echo "$1 does not answer" >&2; exit 1
}
install_peer() { # command package
  command -v "$1" >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }
}
start_influxdb() { # sets INFLUX
  install_peer influxd influxdb
  local port rpc dir=$DIR/influxdb
  port=$(free_port) rpc=$(free_port)
  mkdir "$dir"
  cat >"$dir.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:$rpc"
[meta]
  dir = "$dir/meta"
[data]
  dir = "$dir/data"
  wal-dir = "$dir/wal"
  index-version = "tsi1"
  cache-max-memory-size = "1g"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:$port"
  log-enabled = false
CONF
  influxd -config "$dir.conf" >"$dir.log" 2>&1 &
  OTHER_PIDS+=" $!"
  await "http://127.0.0.1:$port/ping"
  INFLUX="http://127.0.0.1:$port $dir"
}
start_victoria() { # sets METRICS
  install_peer victoria-metrics victoria-metrics
  local port dir=$DIR/victoria
  port=$(free_port)
  victoria-metrics -storageDataPath="$dir" -httpListenAddr="127.0.0.1:$port" -retentionPeriod=100y -search.maxUniqueTimeseries=1000000 >"$dir.log" 2>&1 &
  OTHER_PIDS+=" $!"
  await "http://127.0.0.1:$port/health"
  METRICS="http://127.0.0.1:$port $dir"
}

build_driver ts
POSTGRES='' INFLUX='' METRICS=''
if [ "$PEER" = true ]; then
  start_postgres "$PG_ANALYTIC"
  POSTGRES=$(dsn "$PG_PORT")
fi
[ "$INFLUXDB" != true ] || start_influxdb
[ "$VICTORIA" != true ] || start_victoria
start_tidemark
facts
bin/bench-ts -dir "$DIR" -hosts "$HOSTS" -step "$STEP" -span "$SPAN" -rounds "$ROUNDS" -in-a-row "${IN_A_ROW:-1}" -only "$ONLY" -duckdb="$DUCKDB" -prices="$PRICES" \
  -tidemark "$(dsn "$TM_PORT")" -postgres "$POSTGRES" -influxdb "$INFLUX" -victoria "$METRICS"
awk '/VmHWM/{printf "server memory peak: %d MB\n", $2/1024}' "/proc/$TM_PID/status"
