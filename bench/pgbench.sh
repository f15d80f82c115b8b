#!/usr/bin/env bash
# pgbench, scale 10, 4 clients: Tidemark beside PostgreSQL 15 with its default
# durability, alternating, in one run. Prints transactions a second (median of
# the rounds) and Tidemark's ratio to PostgreSQL: the median of the rounds'
# ratios, as the disk's speed changes more from minute to minute than within a
# round, and the least and the greatest of them.
#   SECONDS_EACH=10 ROUNDS=5 SCALE=10 SCRIPTS="-S -N default" MODES="simple prepared" bench/pgbench.sh
source "$(dirname "$0")/lib.sh"
EACH=${SECONDS_EACH:-10} ROUNDS=${ROUNDS:-5} SCALE=${SCALE:-10}
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
for script in ${SCRIPTS:--S -N default}; do
  for mode in ${MODES:-simple prepared}; do
    : >"$DIR/p"; : >"$DIR/t"
    for _ in $(seq "$ROUNDS"); do
      run "$PG_PORT" "${script#default}" "$mode" >>"$DIR/p"
      run "$TM_PORT" "${script#default}" "$mode" >>"$DIR/t"
    done
    paste "$DIR/p" "$DIR/t" | awk '{print $2/$1}' >"$DIR/r"
    printf '%-10s %-9s %12.0f %12.0f %7.2f (%.2f to %.2f)\n' "$script" "$mode" "$(median <"$DIR/p")" "$(median <"$DIR/t")" \
      "$(median <"$DIR/r")" "$(sort -n "$DIR/r" | head -1)" "$(sort -n "$DIR/r" | tail -1)"
  done
done
