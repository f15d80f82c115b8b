#!/usr/bin/env bash
# The 22 queries of TPC-H on data of our own generator: Tidemark beside
# PostgreSQL 15, warm, alternating, in one run; the answers are compared. Prints
# medians, how many times as fast as PostgreSQL Tidemark is, and the milliseconds
# of processor time that both servers took.
#   SCALE=0.1 ROUNDS=2 ONLY=1,6 DUCKDB=false PEER=true LIMIT=5m bench/tpch.sh
# MEMORY=256MB limits what all queries of the server together may keep.
source "$(dirname "$0")/lib.sh"
SCALE=${SCALE:-0.1} ROUNDS=${ROUNDS:-2} ONLY=${ONLY:-} DUCKDB=${DUCKDB:-false} PEER=${PEER:-true} LIMIT=${LIMIT:-5m}
TM_FLAGS="--cache-size ${CACHE:-512MB} --column-cache-size ${COLUMN_CACHE:-512MB} ${TM_FLAGS:-}"
[ -z "${MEMORY:-}" ] || TM_FLAGS="$TM_FLAGS --memory-limit $MEMORY --query-memory-limit $MEMORY"
TM_SET=${TM_SET:-"set work_mem = '256MB'"} # as PostgreSQL's
build_driver tpch
POSTGRES= PG_PID=0
if [ "$PEER" = true ]; then
  start_postgres "$PG_ANALYTIC"
  POSTGRES=$(dsn "$PG_PORT") PG_PID=$(head -1 "$DIR/pg/postmaster.pid")
fi
start_tidemark
facts
echo "scale $SCALE; postgres: $PG_ANALYTIC, jit at its default (on); tidemark: $TM_FLAGS"
bin/bench-tpch -dir "$DIR" -scale "$SCALE" -rounds "$ROUNDS" -only "$ONLY" -duckdb="$DUCKDB" -limit "$LIMIT" \
  -tidemark "$(dsn "$TM_PORT")" -postgres "$POSTGRES" -set "${TM_SET:-}" \
  -tidemark-pid "$TM_PID" -postgres-pid "$PG_PID"
