#!/usr/bin/env bash
# Scans and aggregates of ROWS rows of 10 mixed columns: Tidemark beside
# PostgreSQL 15 and DuckDB, warm, alternating, in one run. Prints medians and
# how many times as fast as each peer Tidemark is, and the CPU time of Tidemark's
# and PostgreSQL's processes; tells when answers differ.
#   ROWS=2000000 ROUNDS=3 ONLY=count,like DUCKDB=true PEER=true bench/scan.sh
# TM_FLAGS are flags of the server, TM_SET statements to run on it first.
source "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-2000000} ROUNDS=${ROUNDS:-3} ONLY=${ONLY:-} DUCKDB=${DUCKDB:-true} PEER=${PEER:-true}
TM_FLAGS="--cache-size ${CACHE:-512MB} --column-cache-size ${COLUMN_CACHE:-512MB} ${TM_FLAGS:-}"
build_driver scan
POSTGRES= PG_PID=0
if [ "$PEER" = true ]; then
  start_postgres "$PG_ANALYTIC"
  POSTGRES=$(dsn "$PG_PORT") PG_PID=$(head -1 "$DIR/pg/postmaster.pid")
fi
start_tidemark
facts
echo "postgres: ${PG_ANALYTIC}, jit at its default (on)"
bin/bench-scan -dir "$DIR" -rows "$ROWS" -rounds "$ROUNDS" -only "$ONLY" -duckdb="$DUCKDB" \
  -tidemark "$(dsn "$TM_PORT")" -postgres "$POSTGRES" -set "${TM_SET:-}" \
  -tidemark-pid "$TM_PID" -postgres-pid "$PG_PID"
