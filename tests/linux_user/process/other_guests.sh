#!/bin/bash
# execve from a guest's program to programs of each guest, of the host, and to scripts that any of them runs.
# usage: other_guests.sh MENURA FOLDER GUEST...   (FOLDER/GUEST/execute and FOLDER/GUEST/arguments; `native` is the host's)
set -u
menura=$1 made=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
check() {
  local name=$1 expected=$2 actual=$3
  [ "$actual" = "$expected" ] && return
  echo "$name: expected '$expected', got '$actual'"
  failed=1
}
for from in "$@"; do
  for to in "$@" native; do
    program=$made/$to/arguments
    check "$from to $to" "[$program] [a b] A=1 B=-" "$(A=1 "$menura" run "$made/$from/execute" "$program" 'a b' 2>&1)"
    # Options of one guest are not given to another.
    check "$from to $to, with a CPU" "[$program] A=- B=-" "$("$menura" run --cpu max "$made/$from/execute" "$program" 2>&1)"
    printf '#!%s -x\n' "$program" >"$work/script"
    chmod +x "$work/script"
    check "$from to a script of $to" "[$program] [-x] [$work/script] [y] A=- B=-" \
      "$("$menura" run "$made/$from/execute" "$work/script" y 2>&1)"
  done
  printf '#!%s\n' "$made/$from/arguments" >"$work/script"
  check "a script of $from" "[$made/$from/arguments] [$work/script] [z] A=- B=-" "$("$menura" run "$work/script" z 2>&1)"
done
exit $failed
