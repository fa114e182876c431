# Sourced by the demo and the tests: Debian's own programs for a guest, fetched by `menura sysroot`.

# What they need. riscv64 is in Debian since 13 only.
debian_packages=(bash busybox coreutils dash git gzip openssl perl python3 sqlite3 xz-utils)
declare -A debian_options=([riscv64]="--suite trixie")
declare -A debian_cpython_tests=([arm64]=libpython3.11-testsuite [riscv64]=libpython3.13-testsuite)

# fetch_debian MENURA GUEST [PACKAGE ...]: makes the guest's sysroot and sets `debian_root` to its folder.
fetch_debian() {
  local menura=$1 guest=$2
  shift 2
  debian_root=${XDG_CACHE_HOME:-$HOME/.cache}/menura/sysroot/$guest
  local options=()
  # What is there is not asked for again: options would.
  [ -e "$debian_root" ] || read -r -a options <<<"${debian_options[$guest]:-}"
  "$menura" sysroot "$guest" "${options[@]}" "${debian_packages[@]}" "$@" >&2
}

# fetch_debian_or_skip MENURA GUEST WORK-FOLDER [PACKAGE ...]: for tests; leaves with status 77 and says so without a network.
fetch_debian_or_skip() {
  local menura=$1 guest=$2 log=$3/fetch
  shift 3
  fetch_debian "$menura" "$guest" "$@" 2>"$log" && return
  cat "$log"
  grep -qE 'cannot be (fetched|downloaded)' "$log" || exit 1
  echo "SKIPPED: Debian's $guest packages cannot be fetched; nothing was tested"
  exit 77
}

# Larger ones, of which this system need not have twins: debian_large_cases.
debian_large_packages=(bat fd-find g++ gcc hugo ripgrep)

# debian_cases CALL WORK-FOLDER: CALL NAME PROGRAM INPUT ARGUMENTS... for each; PROGRAM is the path in the sysroot, and on
# a Debian host. Outputs do not depend on the version.
debian_cases() {
  local call=$1 work=$2 inputs here
  here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  inputs=$here/inputs
  # Something to work on that is the same everywhere.
  if [ ! -f "$work/debian-data" ]; then
    awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%d %x %s\n", i * 7919 % 65537, i * i, substr("abcdefghijklmnopqrstuvwxyz", i % 20 + 1, 5) }' \
      >"$work/debian-data"
    printf -- '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n' \
      >"$work/debian-key"
  fi
  local data=$work/debian-data
  "$call" "Python" /usr/bin/python3 /dev/null "$inputs/work.py"
  "$call" "Perl" /usr/bin/perl /dev/null "$inputs/work.pl"
  "$call" "SQLite" /usr/bin/sqlite3 "$inputs/work.sql"
  "$call" "OpenSSL: SHA-512" /usr/bin/openssl "$data" dgst -sha512
  "$call" "OpenSSL: AES-256" /usr/bin/openssl "$data" enc -aes-256-ctr -pbkdf2 -nosalt -pass pass:menura
  "$call" "OpenSSL: ChaCha20" /usr/bin/openssl "$data" enc -chacha20 -pbkdf2 -nosalt -pass pass:menura
  "$call" "OpenSSL: Ed25519" /usr/bin/openssl /dev/null pkeyutl -sign -rawin -inkey "$work/debian-key" -in "$inputs/work.sql"
  "$call" "gzip -9" /usr/bin/gzip "$data" -9nc
  "$call" "xz -3" /usr/bin/xz "$data" -3c
  "$call" "git: hash of a blob" /usr/bin/git "$data" hash-object --stdin
  "$call" "git: difference of two files" /usr/bin/git /dev/null diff --no-index --stat "$inputs/work.pl" "$inputs/work.py"
  "$call" "sort -n" /usr/bin/sort "$data" -n
  "$call" "sha256sum" /usr/bin/sha256sum "$data"
  "$call" "Bash: a script" /bin/bash /dev/null "$inputs/work.sh"
  "$call" "dash: a script" /bin/dash /dev/null "$inputs/work.sh"
  "$call" "BusyBox: awk" /bin/busybox "$data" awk '{ n[$3] += $1 } END { for (k in n) print k, n[k] | "sort" }'
  "$call" "BusyBox: md5sum" /bin/busybox "$data" md5sum
}

# debian_large_cases CALL: likewise; a compiler and what it compiles, programs in Rust and Go.
debian_large_cases() {
  local call=$1 inputs
  inputs=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/inputs
  "$call" "GCC: compiles, links, what it made runs" /bin/bash /dev/null "$inputs/compile.sh"
  "$call" "ripgrep" /usr/bin/rg /dev/null --sort path -n 's[aeiou]t' "$inputs"
  "$call" "fd" /usr/bin/fdfind /dev/null --threads 1 --extension sql . "$inputs"
  "$call" "bat" /usr/bin/batcat /dev/null --plain --color always "$inputs/work.py"
  "$call" "Hugo: colours of a theme" /usr/bin/hugo /dev/null gen chromastyles --style monokai
}
