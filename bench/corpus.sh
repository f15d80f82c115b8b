#!/usr/bin/env bash
# The SQLite corpus on PostgreSQL 15 and Tidemark in turn, a database for each
# file, one connection at a time: seconds by group of files and the server's
# processor seconds, the ratios of PostgreSQL's to Tidemark's (above 1: Tidemark
# takes less). To reach: a total of at least 1. Every record must pass on both.
#   GROUPS_RUN='select5 select' ROUNDS=1 bench/corpus.sh
source "$(dirname "$0")/lib.sh"
ROUNDS=${ROUNDS:-1} CORPORA=${CORPORA:-../shared/slt}
ALL='select1 select2 select3 select4 select5 evidence index random/aggregates random/expr random/groupby random/select'
[ -d "$CORPORA/sqlite" ] || { echo "no corpus at $CORPORA: nothing to run"; exit 0; }
start_postgres "$PG_ANALYTIC"
start_tidemark
facts
go build -o bin/sqltests ./sqltests/cmd/sqltests
PG_PID=$(head -1 "$DIR/pg/postmaster.pid")
TICK=$(getconf CLK_TCK)
cpu() { awk -v t="$TICK" '{sub(/.*\) /,""); print ($12+$13+$14+$15)/t}' "/proc/$1/stat"; }
files() { case $1 in select*) echo "$1.test*" ;; *) echo "$1/" ;; esac; }
run() { # server group -> seconds, processor seconds
  local target pid before started
  case $1 in
  postgres) pid=$PG_PID target="-oracle postgres://tidemark@127.0.0.1:$PG_PORT/tidemark" ;;
  tidemark) pid=$TM_PID target="-url postgres://tidemark@127.0.0.1:$TM_PORT/tidemark?sslmode=disable" ;;
  esac
  before=$(cpu "$pid") started=$(date +%s.%N)
  bin/sqltests -quiet -workers 1 -file-time 20m -corpora "$CORPORA" -family sqlite -file "$(files "$2")" $target >"$DIR/out" 2>&1 ||
    { echo "$1 $2:"; cat "$DIR/out"; } >&2
  echo "$(date +%s.%N) $started $(cpu "$pid") $before" | awk '{printf "%.2f %.2f\n", $1-$2, $3-$4}'
}
printf '%-18s %9s %9s %6s %9s %9s %6s\n' group 'pg, s' 'tm, s' ratio 'pg cpu' 'tm cpu' ratio
for group in ${GROUPS_RUN:-$ALL}; do
  for _ in $(seq "$ROUNDS"); do
    echo "$(run postgres "$group") $(run tidemark "$group")"
  done | awk -v g="$group" '{for (i=1; i<=4; i++) s[i]+=$i}
    END{printf "%-18s %9.2f %9.2f %6.2f %9.2f %9.2f %6.2f\n", g, s[1]/NR, s[3]/NR, s[1]/s[3], s[2]/NR, s[4]/NR, s[2]/s[4]}' | tee -a "$DIR/table"
done
awk '{a+=$2; b+=$3; c+=$5; d+=$6} END{printf "%-18s %9.2f %9.2f %6.2f %9.2f %9.2f %6.2f\n", "total", a, b, a/b, c, d, c/d}' "$DIR/table"
