#!/bin/bash
# Times what an operator does with a large export: migrate, the same again, verify, a later export with
# deletes, its rollback, and the way back. Each figure is the median of ROUNDS; with OTHER, a second
# program takes turns with the first on the same files, and the last column is the ratio between them.
#
#   ROWS=1000000 ROUNDS=3 OTHER=path/to/agora bash Tests/Benchmarks/migration.sh path/to/agora
#
# Each round also proves what it timed: the same hash after the second import and after the rollback,
# `verify` with exit code 0, and the exported bundle equal to the export but for the blanks between its rows.
set -euo pipefail
agora=${1:?the program to measure}
other=${OTHER:-}
rows=${ROWS:-1000000}
rounds=${ROUNDS:-3}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/agora-bench.XXXXXX")
trap 'rm -rf "$folder"' EXIT
free=$(df -Pk "$folder" | awk 'NR==2 {print $4}')
if [ "$free" -lt $((rows * 4)) ]; then
  echo "$folder has too little room for $rows rows; TMPDIR says where else." >&2
  exit 1
fi

echo "Writing two exports of about $rows rows …" >&2
awk -v rows="$rows" -v delta=0 -f "$here/generate.awk" >"$folder/first.json"
awk -v rows="$rows" -v delta=1 -f "$here/generate.awk" >"$folder/later.json"

# timed LABEL COMMAND…: appends wall and CPU seconds to the label's file.
timed() {
  local label=$1 status=0
  shift
  TIMEFORMAT='%R %U %S'
  { time "$@" >"$folder/out" 2>"$folder/err" || status=$?; } 2>"$folder/time"
  if [ "$status" -ne 0 ]; then
    echo "$label ended with $status:" >&2
    cat "$folder/out" "$folder/err" >&2
    exit 1
  fi
  awk '{print $1, $2 + $3}' "$folder/time" >>"$folder/$label"
}

hash_of() { "$1" store info --hash --json --store "$folder/a.db" | grep '"hash"'; }

newest_run() {
  "$1" runs --json --store "$folder/a.db" | grep -o 'run_[0-9a-f]\{32\}' | head -1
}

must_be() {
  [ "$2" = "$3" ] || { echo "$1: $2 is not $3" >&2; exit 1; }
}

round() {
  local name=$1 program=$2 before after
  rm -f "$folder"/a.db*
  timed "$name.migrate" "$program" migrate "$folder/first.json" --store "$folder/a.db" --no-progress
  before=$(hash_of "$program")
  timed "$name.again" "$program" migrate "$folder/first.json" --store "$folder/a.db" --no-progress
  must_be "the same again" "$(hash_of "$program")" "$before"
  timed "$name.verify" "$program" verify "$folder/first.json" --store "$folder/a.db"
  timed "$name.export" "$program" export --format v4 --store "$folder/a.db" -o "$folder/back.json"
  must_be "the bundle" "$(tr -d '\n' <"$folder/back.json" | cksum)" \
    "$(tr -d '\n' <"$folder/first.json" | cksum)"
  rm -f "$folder/back.json"
  timed "$name.delta" "$program" migrate "$folder/later.json" --store "$folder/a.db" \
    --no-progress --apply-deletes
  timed "$name.verify-delta" "$program" verify "$folder/later.json" --store "$folder/a.db"
  timed "$name.rollback" "$program" rollback "$(newest_run "$program")" --store "$folder/a.db"
  after=$(hash_of "$program")
  must_be "the rollback" "$after" "$before"
  timed "$name.check" "$program" store check --store "$folder/a.db"
}

for number in $(seq "$rounds"); do
  echo "Round $number of $rounds …" >&2
  round one "$agora"
  if [ -n "$other" ]; then round two "$other"; fi
done

median() { sort -n -k"$2" "$1" | awk -v f="$2" '{v[NR] = $f} END {print v[int((NR + 1) / 2)]}'; }

printf '%-14s %10s %10s' "$rows rows" "wall s" "CPU s"
[ -z "$other" ] || printf ' %12s %12s %12s' "other wall" "other CPU" "CPU ratio"
printf '\n'
for operation in migrate again verify export delta verify-delta rollback check; do
  wall=$(median "$folder/one.$operation" 1)
  cpu=$(median "$folder/one.$operation" 2)
  printf '%-14s %10.2f %10.2f' "$operation" "$wall" "$cpu"
  if [ -n "$other" ]; then
    other_cpu=$(median "$folder/two.$operation" 2)
    printf ' %12.2f %12.2f %12.2f' "$(median "$folder/two.$operation" 1)" "$other_cpu" \
      "$(awk -v a="$cpu" -v b="$other_cpu" 'BEGIN {print (b > 0 ? a / b : 0)}')"
  fi
  printf '\n'
done
