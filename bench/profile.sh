#!/usr/bin/env bash
# CPU and allocation profiles of the slower queries of a benchmark, alone on Tidemark: which
# functions take the most, themselves. The profiles stay in bin/profiles for go tool pprof.
#   SUITE=scan QUERIES=window,top-10 TOP=8 bench/profile.sh
#   SUITE=tpch QUERIES=1,9,18,19,21 bench/profile.sh
#   SUITE=ts QUERIES=double-groupby-all,high-cpu-all,lastpoint bench/profile.sh
source "$(dirname "$0")/lib.sh"
SUITE=${SUITE:-scan} QUERIES=${QUERIES:-} TOP=${TOP:-8} PROFILES=${PROFILES:-bin/profiles}
case $SUITE in
  scan) QUERIES=${QUERIES:-window,top-10,group-high,join} ;;
  tpch) QUERIES=${QUERIES:-1,9,18,19,21} ;;
  ts) QUERIES=${QUERIES:-double-groupby-all,high-cpu-all,groupby-orderby-limit,lastpoint} ;;
  *) echo "no suite $SUITE" >&2; exit 1 ;;
esac
build_driver "$SUITE"
AT=127.0.0.1:$(free_port)
TM_FLAGS="--cache-size 512MB --column-cache-size 512MB --series-cache-size 512MB --profile-addr $AT ${TM_FLAGS:-}"
start_tidemark
rm -rf "$PROFILES"
args=(-dir "$DIR" -only "$QUERIES" -rounds 1 -duckdb=false -tidemark "$(dsn "$TM_PORT")" -profile "$AT" -profiles "$PROFILES")
[ "$SUITE" != tpch ] || args+=(-scale "${SCALE:-0.1}" -set "set work_mem = '256MB'")
[ "$SUITE" != ts ] || args+=(-hosts "${HOSTS:-4000}" -span "${SPAN:-13h}" -at-least 1s)
bin/bench-"$SUITE" "${args[@]}"
# Samples in asyncPreempt belong to what was running when both signals came.
top() { go tool pprof -top -hide=asyncPreempt -nodecount="$TOP" "$@" 2>/dev/null | awk 'p {sub(/ \(inline\)/, ""); print "  " $0} /flat%/ {p = 1}'; }
for f in "$PROFILES"/*.cpu; do
  name=$(basename "$f" .cpu)
  echo "$name: processor time"; top bin/tidemark "$f"
  echo "$name: bytes allocated"; top -sample_index=alloc_space bin/tidemark "$PROFILES/$name.alloc"
done
