#!/usr/bin/env bash
# Many series: SERIES (1000, 100000, 1000000) of ten points each, loaded by COPY in
# ten batches of one time, then the newest point of every series, of one series, and
# one series' aggregate. Prints rows/s, milliseconds (means of pgbench's runs of
# SECONDS_EACH for one series, and of the first statement by all tags and by one of them,
# for which the tags of all series are read once), the server's memory peak so far, and bytes a row. To reach:
# bounded memory, and a price of one series that grows with a logarithm at most.
#   SERIES='1000 100000 1000000' SECONDS_EACH=2 bench/series.sh
source "$(dirname "$0")/lib.sh"
TM_FLAGS="--cache-size ${CACHE:-256MB} --series-cache-size ${SERIES_CACHE:-256MB} ${TM_FLAGS:-}"
start_tidemark
facts
sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$(dsn "$TM_PORT")" "$@"; }
now() { date +%s.%N; }
since() { awk "BEGIN{printf \"%.2f\", $(now)-$1}"; }
printf '%9s %10s %9s %14s %14s %10s %11s %9s %8s\n' series rows/s 'all, s' 'newest, ms' 'sum of 1, ms' 'first, ms' 'by one tag' 'peak, MB' bytes
for n in ${SERIES:-1000 100000 1000000}; do
  sql -c "create table points$n (ts timestamptz not null, device bigint not null, region text not null, value double precision) using timeseries with (time = 'ts', tags = 'device, region')"
  started=$(now)
  for i in 0 1 2 3 4 5 6 7 8 9; do
    awk -v n="$n" -v t="2024-01-01 00:0$i:00+00" 'BEGIN{for (d = 0; d < n; d++) printf "%s\t%d\tr%d\t%d\n", t, d, d % 20, d % 97}' |
      sql -c "copy points$n from stdin"
  done
  load=$(since "$started")
  sql -c "call tidemark.compact('points$n')"
  first() { # condition -> ms of the first statement with it
    printf '\\timing on\nselect value from points%d where %s order by ts desc limit 1;\n' "$n" "$1" | psql -X -At "$(dsn "$TM_PORT")" | awk '/^Time/{printf "%.1f", $2}'
  }
  cold=$(first "device = $((n / 2)) and region = 'r$((n / 2 % 20))'")
  part=$(first "device = $((n / 2))")
  started=$(now)
  rows=$(sql -c "select count(*), sum(value) from (select distinct on (device, region) * from points$n order by device, region, ts desc) newest")
  all=$(since "$started")
  [ "${rows%%|*}" = "$n" ] || { echo "$rows newest points of $n series"; exit 1; }
  one() { # statement -> ms
    printf '\\set d random(0, %d)\n%s\n' $((n - 1)) "$1" >"$DIR/one.sql"
    "$PGBIN/pgbench" -n -c 1 -T "${SECONDS_EACH:-2}" -f "$DIR/one.sql" -h 127.0.0.1 -p "$TM_PORT" -U tidemark tidemark | awk '/latency average/{ms=$4} /failed: [1-9]/{ms="failed"} END{print ms}'
  }
  newest=$(one "select * from points$n where device = :d and region = 'r' || (:d % 20)::text order by ts desc limit 1;")
  total=$(one "select sum(value), count(*) from points$n where device = :d;")
  size=$(sql -c "select round(pg_total_relation_size('points$n') / ($n * 10.0), 1)")
  peak=$(awk '/VmHWM/{printf "%d", $2/1024}' "/proc/$TM_PID/status")
  printf '%9d %10d %9s %14s %14s %10s %11s %9s %8s\n' "$n" "$(awk "BEGIN{print int($n*10/$load)}")" "$all" "$newest" "$total" "$cold" "$part" "$peak" "$size"
done
