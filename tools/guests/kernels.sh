# Sourced by the demo and the tests: kernels for machines, in Debian's packages. They are fetched through private apt lists, as
# sources.sh does, and kept below the cache folder.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/menura/guests

# Where Debian has the guest: riscv64 since 13 only.
declare -A kernel_suites=([riscv64]=trixie [arm64]=bookworm)

# fetch_kernel GUEST: the folder with Debian's kernel, as `Image` and `modules`. A kernel that `tools/guests/build-kernel` has
# made comes first: it has virtio built in, and no modules.
fetch_kernel() {
  local guest=$1 folder=$cache/kernels/$1
  if [ -f "$folder-built/Image" ]; then
    echo "$folder-built"
    return
  fi
  fetch_debian_kernel "$guest"
}

# fetch_debian_kernel GUEST: Debian's, in any case.
fetch_debian_kernel() {
  local guest=$1 folder=$cache/kernels/$1 work package
  if [ ! -f "$folder/Image" ]; then
    mkdir -p "$cache/kernels"
    work=$(mktemp -d "$cache/kernels/.$guest.XXXXXX")
    fetch_kernel_package "$guest" "linux-image-$guest" "$work" >&2 || {
      rm -rf "$work"
      return 1
    }
    mkdir "$work/new"
    mv "$work"/tree/boot/vmlinu[xz]-* "$work/new/Image"
    mv "$(dirname "$(find "$work/tree" -path '*/lib/modules/*' -name kernel -prune)")" "$work/new/modules"
    rm -rf "$folder"
    mv "$work/new" "$folder"
    rm -rf "$work"
  fi
  echo "$folder"
}

# fetch_busybox GUEST: Debian's static BusyBox, one file.
fetch_busybox() {
  local guest=$1 file=$cache/kernels/busybox-$1 work
  if [ ! -f "$file" ]; then
    mkdir -p "$cache/kernels"
    work=$(mktemp -d "$cache/kernels/.$guest.XXXXXX")
    fetch_kernel_package "$guest" busybox-static "$work" >&2 || {
      rm -rf "$work"
      return 1
    }
    mv "$(find "$work/tree" -name busybox -type f -path '*bin/*')" "$file"
    rm -rf "$work"
  fi
  echo "$file"
}

# fetch_kernel_or_skip GUEST LOG: for tests; sets `kernel` to the folder, or leaves with status 77 and says so without a network.
fetch_kernel_or_skip() {
  kernel=$(fetch_kernel "$1" 2>"$2") && return
  cat "$2"
  grep -q 'cannot be fetched' "$2" || exit 1
  echo "SKIPPED: Debian's kernel for $1 cannot be fetched; nothing was tested"
  exit 77
}

# fetch_kernel_package GUEST PACKAGE FOLDER: unpacks it into FOLDER/tree; of a package that only names the newest version, that
# one. apt checks the archive's signature.
fetch_kernel_package() {
  local guest=$1 package=$2 work=$3 state=$cache/apt-$1 site real
  local options=(-o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$state/lists"
    -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=true
    -o APT::Architecture="$guest" -o APT::Architectures="$guest")
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  touch "$state/status"
  if [ -z "$(find "$state/updated" -mtime -1 2>/dev/null)" ]; then
    site=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(CREATED_BY) $(ORIGIN)' |
      awk '$2 == "main" && $3 == "Packages" && $4 == "Debian" { print $1; exit }')
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${site:-http://deb.debian.org/debian} ${kernel_suites[$guest]} main" \
      >"$state/sources.list"
    apt-get "${options[@]}" update -qq || true
    apt-cache "${options[@]}" show "$package" >/dev/null 2>&1 || {
      echo "tools/guests: Debian's packages for $guest cannot be fetched; is a mirror configured for apt and reachable?"
      return 1
    }
    touch "$state/updated"
  fi
  real=$(apt-cache "${options[@]}" depends "$package" | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  (cd "$work" && apt-get "${options[@]}" download -qq "${real:-$package}" && dpkg-deb -x ./*.deb tree) || {
    echo "tools/guests: the Debian package ${real:-$package} for $guest cannot be fetched; is the mirror reachable?"
    return 1
  }
}
