# What a shell does: forks, pipes, redirections, traps, here-documents, arithmetic.
fib() { [ "$1" -lt 2 ] && echo "$1" || echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); }
echo "fib $(fib 7)"
i=0
while [ $i -lt 30 ]; do
  echo "$i $((i * i % 7))"
  i=$((i + 1))
done | while read -r n square; do
  case $square in
    0) echo "$n: multiple of seven" ;;
    [12]) printf '%s ' "$n" ;;
  esac
done
echo
trap 'echo "caught USR1"' USR1
kill -USR1 $$
(trap 'echo "subshell ends with $?"' EXIT; exit 7)
echo "status $?"
(read -r pid rest </proc/self/stat; kill -TERM "$pid"; exit 3) 2>/dev/null
echo "status $?"
{ echo two; echo one; echo three; } | { read -r a; read -r b; read -r c; echo "$c $b $a"; }
cat=$(while read -r line; do echo "<$line>"; done <<END
here is
a document
END
)
echo "$cat"
false || true && ! false && echo "logic"
set -- a b "c d"
for argument; do echo "[$argument]"; done
wait
echo "hex $((0x7f & ~0xf)) $((1 << 40)) ${cat##*<}"
