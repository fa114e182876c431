#!/bin/bash
# Options of `menura run` on a guest that prints its arguments and environment.  usage: options.sh MENURA PROGRAM GUEST
set -u
check() {
  local name=$1 expected=$2 actual=$3
  [ "$actual" = "$expected" ] && return
  echo "$name: expected '$expected', got '$actual'"
  failed=1
}
failed=0
menura=$1 guest=$2
# Of this guest: a CPU, and a word that its system call instruction has in a dump.
case $3 in
riscv64) cpu=rv64 cpu_changed=rv64,+zbb,-zba call=ecall ;;
arm64) cpu=cortex-a53 cpu_changed=max,-sha3 call=svc ;;
esac
check "arguments" "[$guest] [-L] [x y] A=- B=-" "$("$menura" run "$guest" -L 'x y')"
check "argv[0]" "[zero] [a] A=- B=-" "$("$menura" run -0 zero "$guest" a)"
check "environment" "[$guest] A=1 B=-" "$(A=0 B=2 "$menura" run -E A=1 -U B "$guest")"
check "end of options" "[$guest] A=- B=-" "$("$menura" run -- "$guest")"
check "interpreter" "[$guest] [i] A=- B=-" "$("$menura" run --engine interp "$guest" i)"
check "no hot tier" "[$guest] A=- B=-" "$("$menura" run --tier 0 "$guest")"
check "cpu" "[$guest] A=- B=-" "$("$menura" run -cpu "$cpu_changed" "$guest")"
check "cpu by environment" "[$guest] A=- B=-" "$(QEMU_CPU=$cpu "$menura" run "$guest")"
"$menura" run -strace "$guest" 2>&1 >/dev/null | grep -q 'write(1,' || { echo "-strace shows no write"; failed=1; }
QEMU_STRACE=1 "$menura" run "$guest" 2>&1 >/dev/null | grep -q 'write(1,' || { echo "QEMU_STRACE shows no write"; failed=1; }
"$menura" run -d in_asm,ir,out_asm -D dump.txt "$guest" >/dev/null
for word in $call 'IR, optimized' r12 'pcrel\|jump'; do
  grep -q -- "$word" dump.txt || { echo "the dump has no '$word'"; failed=1; }
done
rm -f dump.txt
"$menura" run --stats "$guest" 2>&1 >/dev/null | grep -q 'guest instructions' || { echo "--stats shows nothing"; failed=1; }
"$menura" --version | grep -q '^menura [0-9]' || { echo "--version shows none"; failed=1; }
"$menura" --help | grep -q 'menura run' || { echo "--help shows nothing"; failed=1; }
"$menura" run --help | grep -q -- '--cpu' || { echo "run --help shows nothing"; failed=1; }
exit $failed
