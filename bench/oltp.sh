#!/usr/bin/env bash
# The work of sysbench's oltp_point_select and oltp_read_write, by pgbench, with 1
# and 8 connections: Tidemark's embedded store beside PostgreSQL 15 with its
# default durability, alternating. Prints transactions a second (median of the
# rounds) and the median of the rounds' ratios. The last column is what TiDB 8.5
# with its own embedded store did on a machine of two processors, once: another
# grammar and protocol, so it is not run here.
#   SECONDS_EACH=10 ROUNDS=3 ROWS=100000 CLIENTS="1 8" bench/oltp.sh
source "$(dirname "$0")/lib.sh"
EACH=${SECONDS_EACH:-10} ROUNDS=${ROUNDS:-3} ROWS=${ROWS:-100000}
start_postgres
start_tidemark
facts
for port in "$PG_PORT" "$TM_PORT"; do
  "$PGBIN/psql" -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$port" -U tidemark tidemark <<SQL
CREATE TABLE sbtest (id int PRIMARY KEY, k int NOT NULL, c char(120) NOT NULL, pad char(60) NOT NULL);
INSERT INTO sbtest SELECT g, 1 + g * 7919 % $ROWS, repeat(md5(g::text), 3), md5((-g)::text) FROM generate_series(1, $ROWS) g;
CREATE INDEX sbtest_k ON sbtest (k);
ANALYZE sbtest;
SQL
done
sleep "${SETTLE:-10}" # both write out what the load left behind

cat >"$DIR/point_select" <<SQL
\\set id random(1, $ROWS)
SELECT c FROM sbtest WHERE id = :id;
SQL
{
  echo 'BEGIN;'
  for _ in $(seq 10); do
    printf '\\set id random(1, %s)\nSELECT c FROM sbtest WHERE id = :id;\n' "$ROWS"
  done
  for what in 'c FROM sbtest WHERE id BETWEEN :a AND :b' 'sum(k) FROM sbtest WHERE id BETWEEN :a AND :b' \
    'c FROM sbtest WHERE id BETWEEN :a AND :b ORDER BY c' 'DISTINCT c FROM sbtest WHERE id BETWEEN :a AND :b ORDER BY c'; do
    printf '\\set a random(1, %s)\n\\set b :a + 99\nSELECT %s;\n' "$ROWS" "$what"
  done
  # sysbench overlooks the duplicate key that two who replace one row may get.
  cat <<SQL
\\set id random(1, $ROWS)
UPDATE sbtest SET k = k + 1 WHERE id = :id;
\\set id random(1, $ROWS)
\\set n random(1, 1000000000)
UPDATE sbtest SET c = repeat(md5(:n::text), 3) WHERE id = :id;
\\set id random(1, $ROWS)
\\set k random(1, $ROWS)
DELETE FROM sbtest WHERE id = :id;
INSERT INTO sbtest VALUES (:id, :k, repeat(md5(:k::text), 3), md5(:id::text)) ON CONFLICT (id) DO UPDATE SET k = excluded.k;
COMMIT;
SQL
} >"$DIR/read_write"

run() { # port script clients -> tps; deadlocks are tried again, other failures end it
  local out
  out=$("$PGBIN/pgbench" -n -c "$3" -j 2 -T "$EACH" -M prepared --max-tries=20 -f "$DIR/$2" -h 127.0.0.1 -p "$1" -U tidemark tidemark 2>&1) || { echo "$out" >&2; exit 1; }
  grep -q 'failed transactions: 0 ' <<<"$out" || { echo "$out" >&2; exit 1; }
  awk '/^tps/{print $3}' <<<"$out"
}
median() { sort -n | awk '{a[NR]=$1} END{print a[int((NR+1)/2)]}'; }
declare -A tidb=([point_select/1]=7600 [point_select/8]=38000 [read_write/1]=175 [read_write/8]=335)
printf '%-13s %8s %12s %12s %7s %12s\n' work clients postgres tidemark ratio 'TiDB, once'
for script in point_select read_write; do
  for clients in ${CLIENTS:-1 8}; do
    : >"$DIR/p"; : >"$DIR/t"
    for _ in $(seq "$ROUNDS"); do
      run "$PG_PORT" "$script" "$clients" >>"$DIR/p"
      run "$TM_PORT" "$script" "$clients" >>"$DIR/t"
    done
    printf '%-13s %8s %12.0f %12.0f %7.2f %12s\n' "$script" "$clients" "$(median <"$DIR/p")" "$(median <"$DIR/t")" \
      "$(paste "$DIR/p" "$DIR/t" | awk '{print $2/$1}' | median)" "${tidb[$script/$clients]:--}"
  done
done
