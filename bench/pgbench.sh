#!/usr/bin/env bash
# pgbench, scale 10, 4 clients: Tidemark beside PostgreSQL 15 with its default
# durability, alternating, in one run. Prints transactions a second (median of
# the rounds) and Tidemark's ratio to PostgreSQL.
#   SECONDS_EACH=10 ROUNDS=3 SCALE=10 bench/pgbench.sh
source "$(dirname "$0")/lib.sh"
EACH=${SECONDS_EACH:-10} ROUNDS=${ROUNDS:-3} SCALE=${SCALE:-10}
start_postgres
start_tidemark
facts
for port in "$PG_PORT" "$TM_PORT"; do
  "$PGBIN/pgbench" -i -q -s "$SCALE" -h 127.0.0.1 -p "$port" -U tidemark tidemark 2>&1 | tail -1
done
sleep "${SETTLE:-10}" # both write out what the load left behind
run() { # port script mode -> tps; fails on any failed transaction
  local out
  out=$("$PGBIN/pgbench" -n -c 4 -j 2 -T "$EACH" $2 -M "$3" -h 127.0.0.1 -p "$1" -U tidemark tidemark 2>&1) || { echo "$out" >&2; exit 1; }
  grep -q 'failed transactions: 0 ' <<<"$out" || { echo "$out" >&2; exit 1; }
  awk '/^tps/{print $3}' <<<"$out"
}
median() { sort -n | awk '{a[NR]=$1} END{print a[int((NR+1)/2)]}'; }
printf '%-10s %-9s %12s %12s %7s\n' script mode postgres tidemark ratio
for script in -S -N ''; do
  for mode in simple prepared; do
    : >"$DIR/p"; : >"$DIR/t"
    for _ in $(seq "$ROUNDS"); do
      run "$PG_PORT" "$script" "$mode" >>"$DIR/p"
      run "$TM_PORT" "$script" "$mode" >>"$DIR/t"
    done
    p=$(median <"$DIR/p") t=$(median <"$DIR/t")
    printf '%-10s %-9s %12.0f %12.0f %7.2f\n' "${script:-default}" "$mode" "$p" "$t" "$(awk "BEGIN{print $t/$p}")"
  done
done
