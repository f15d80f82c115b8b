#!/usr/bin/env bash
# Point reads beside a long scan: pgbench -S, prepared, 2 clients, alone and while
# another session aggregates all accounts again and again, by several workers and
# by one. Prints the latency's mean and 99th percentile in ms (median of the
# rounds), how many times those alone they are, and the time of a scan, on
# PostgreSQL 15 and Tidemark in turn. To reach on Tidemark: a mean below three times.
#   SECONDS_EACH=5 ROUNDS=3 SCALE=10 bench/fair.sh
source "$(dirname "$0")/lib.sh"
EACH=${SECONDS_EACH:-5} ROUNDS=${ROUNDS:-3} SCALE=${SCALE:-10}
start_postgres "$PG_ANALYTIC"
start_tidemark
facts
for port in "$PG_PORT" "$TM_PORT"; do
  "$PGBIN/pgbench" -i -q -s "$SCALE" -h 127.0.0.1 -p "$port" -U tidemark tidemark 2>&1 | tail -1
done
for workers in 2 0; do
  echo "set max_parallel_workers_per_gather = $workers;" >"$DIR/scan$workers.sql"
  echo "select count(*), avg(abalance), max(filler), count(distinct bid) from pgbench_accounts where abalance > -1000000;" >>"$DIR/scan$workers.sql"
done
bench() { "$PGBIN/pgbench" -n -h 127.0.0.1 -U tidemark "$@" tidemark; }
points() { # port -> mean and 99th percentile, ms
  rm -f "$DIR"/points.*
  bench -S -M prepared -c 2 -j 1 -T "$EACH" -p "$1" -l --log-prefix="$DIR/points" >/dev/null 2>&1
  cut -d' ' -f3 "$DIR"/points.* | sort -n | awk '{a[NR]=$1; s+=$1} END{printf "%.3f %.3f\n", s/NR/1000, a[int(NR*0.99)]/1000}'
}
beside() { # port workers -> mean, 99th percentile and the scan's time, ms
  bench -f "$DIR/scan$2.sql" -c 1 -T $((EACH + 1)) -p "$1" >"$DIR/scan.out" 2>&1 &
  local pid=$!
  sleep 0.5
  points "$1" | tr '\n' ' '
  wait "$pid"
  awk '/latency average/{print $4}' "$DIR/scan.out"
}
middle() { sort -n | awk '{a[NR]=$1} END{print a[int((NR+1)/2)]}'; }
for name in alone parallel serial; do : >"$DIR/postgres.$name"; : >"$DIR/tidemark.$name"; done
for _ in $(seq "$ROUNDS"); do
  for server in "postgres $PG_PORT" "tidemark $TM_PORT"; do
    read -r name port <<<"$server"
    points "$port" >>"$DIR/$name.alone"
    beside "$port" 2 >>"$DIR/$name.parallel"
    beside "$port" 0 >>"$DIR/$name.serial"
  done
done
printf '%-10s %-9s %9s %7s %9s %7s %10s\n' server scan mean times p99 times 'scan, ms'
for name in postgres tidemark; do
  for scan in alone parallel serial; do
    for field in 1 2; do
      value[field]=$(cut -d' ' -f$field "$DIR/$name.$scan" | middle)
      alone[field]=$(cut -d' ' -f$field "$DIR/$name.alone" | middle)
    done
    took=$(awk '{print $3}' "$DIR/$name.$scan" | middle)
    printf '%-10s %-9s %9s %7s %9s %7s %10s\n' "$name" "$scan" "${value[1]}" "$(awk "BEGIN{printf \"%.2f\", ${value[1]}/${alone[1]}}")" \
      "${value[2]}" "$(awk "BEGIN{printf \"%.2f\", ${value[2]}/${alone[2]}}")" "${took:--}"
  done
done
