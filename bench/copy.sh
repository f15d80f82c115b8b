#!/usr/bin/env bash
# COPY of ROWS rows (2,000,000) of 10 mixed columns with a primary key, Tidemark
# beside PostgreSQL 15 with its default durability, alternating, in one run;
# then the server's memory while SELECT * of them streams out.
#   ROWS=2000000 ROUNDS=2 bench/copy.sh
source "$(dirname "$0")/lib.sh"
ROWS=${ROWS:-2000000} ROUNDS=${ROUNDS:-2}
start_postgres
start_tidemark
facts
python3 - "$ROWS" >"$DIR/rows.tsv" <<'PY'
import random, sys
r = random.Random(7)
out = []
for i in range(int(sys.argv[1])):
    out.append("%d\t%d\t%s\t%.2f\t%r\t%s\t2024-%02d-%02d\t2024-%02d-%02d %02d:%02d:%02d.%06d\t%s\t%s\n" % (
        i, r.randrange(1 << 31), r.choice("tf"), r.randrange(10**7) / 100, r.random() * 1e6, "customer %d of the tide" % r.randrange(10**6),
        r.randrange(1, 13), r.randrange(1, 29), r.randrange(1, 13), r.randrange(1, 29), r.randrange(24), r.randrange(60), r.randrange(60), r.randrange(10**6),
        "\\N" if r.random() < 0.1 else "note %x" % r.randrange(1 << 40), "%032x" % r.getrandbits(128)))
    if len(out) == 10000:
        sys.stdout.write("".join(out)); out = []
sys.stdout.write("".join(out))
PY
ls -l "$DIR/rows.tsv" | awk '{printf "data: %d MB\n", $5/1e6}'
TABLE="create table rows(id bigint primary key, n int, b boolean, price numeric(12,2), x double precision, name text, d date, ts timestamp, note varchar(40), u uuid)"
sql() { psql -X -q -h 127.0.0.1 -p "$1" -U tidemark -d tidemark -v ON_ERROR_STOP=1 -c "$2"; }
rate() { # port -> rows a second
  sql "$1" "drop table if exists rows" 2>/dev/null
  sql "$1" "$TABLE"
  local t0 t1
  t0=$(date +%s.%N)
  psql -X -q -h 127.0.0.1 -p "$1" -U tidemark -d tidemark -v ON_ERROR_STOP=1 -c "\\copy rows from '$DIR/rows.tsv'"
  t1=$(date +%s.%N)
  awk "BEGIN{printf \"%.0f\\n\", $ROWS/($t1-$t0)}"
}
rss() { awk '/VmRSS/{printf "%.0f", $2/1024}' "/proc/$TM_PID/status"; }
peak() { awk '/VmHWM/{printf "%.0f", $2/1024}' "/proc/$TM_PID/status"; }
for _ in $(seq "$ROUNDS"); do
  p=$(rate "$PG_PORT") t=$(rate "$TM_PORT")
  printf 'copy rows/s: postgres %s, tidemark %s, ratio %.2f (server memory peak %s MB)\n' "$p" "$t" "$(awk "BEGIN{print $t/$p}")" "$(peak)"
done
echo 5 >"/proc/$TM_PID/clear_refs" 2>/dev/null || true # resets VmHWM
before=$(rss)
for port in "$PG_PORT" "$TM_PORT"; do
  t0=$(date +%s.%N)
  psql -X -q -At -h 127.0.0.1 -p "$port" -U tidemark -d tidemark -v FETCH_COUNT=0 -c "copy (select * from rows) to stdout" | wc -l
  t1=$(date +%s.%N)
  awk "BEGIN{printf \"select rows/s: %.0f\\n\", $ROWS/($t1-$t0)}"
done
echo "server memory: before SELECT * ${before} MB, peak while it streamed $(peak) MB"
