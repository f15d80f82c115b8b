#!/usr/bin/env bash
# Points of the shape of TSBS's cpu-only use case: loading by binary COPY over two
# connections in batches of 10,000 rows, bytes a row, and TSBS's types of query,
# on Tidemark, PostgreSQL 15 and DuckDB in one run. Prints medians and ratios;
# tells when Tidemark's and PostgreSQL's answers differ.
#   HOSTS=4000 STEP=1m SPAN=24h ROUNDS=5 ONLY=lastpoint DUCKDB=true PEER=true bench/ts.sh
source "$(dirname "$0")/lib.sh"
HOSTS=${HOSTS:-4000} STEP=${STEP:-1m} SPAN=${SPAN:-24h} ROUNDS=${ROUNDS:-5} ONLY=${ONLY:-} DUCKDB=${DUCKDB:-true} PEER=${PEER:-true}
TM_FLAGS="--cache-size ${CACHE:-512MB} --series-cache-size ${SERIES_CACHE:-512MB} ${TM_FLAGS:-}"
build_driver ts
POSTGRES=
if [ "$PEER" = true ]; then
  start_postgres "$PG_ANALYTIC"
  POSTGRES=$(dsn "$PG_PORT")
fi
start_tidemark
facts
bin/bench-ts -dir "$DIR" -hosts "$HOSTS" -step "$STEP" -span "$SPAN" -rounds "$ROUNDS" -only "$ONLY" -duckdb="$DUCKDB" \
  -tidemark "$(dsn "$TM_PORT")" -postgres "$POSTGRES"
awk '/VmHWM/{printf "server memory peak: %d MB\n", $2/1024}' "/proc/$TM_PID/status"
