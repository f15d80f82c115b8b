#!/usr/bin/env bash
# TPC-C's five transactions without keying and thinking times, over the wire:
# Tidemark beside PostgreSQL 15 with its default durability, alternating, in one
# run. Prints new orders a minute, latencies and the ratio, and checks the
# consistency conditions 1 to 12 at the end.
#   WAREHOUSES=2 TERMINALS=4 SECONDS_EACH=15 ROUNDS=3 PEER=true bench/tpcc.sh
source "$(dirname "$0")/lib.sh"
build_driver tpcc
POSTGRES=
if [ "${PEER:-true}" = true ]; then
  start_postgres "-c shared_buffers=1GB -c max_wal_size=4GB"
  POSTGRES=$(dsn "$PG_PORT")
fi
TM_FLAGS="--cache-size 768MB --row-cache-size 256MB ${TM_FLAGS:-}"
start_tidemark
facts
bin/bench-tpcc -warehouses "${WAREHOUSES:-2}" -terminals "${TERMINALS:-4}" -each "${SECONDS_EACH:-15}s" -rounds "${ROUNDS:-3}" \
  -tidemark "$(dsn "$TM_PORT")" -postgres "$POSTGRES"
