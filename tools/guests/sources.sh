# Sourced by the scripts here: Debian source packages through private apt lists. The user's apt configuration is read (for the
# mirror), never changed; everything lies below the cache folder.

cache=${XDG_CACHE_HOME:-$HOME/.cache}/menura/guests

# fetch_source PACKAGE: unpacks the newest source of PACKAGE into $cache/src/PACKAGE and prints that path. apt checks the
# archive's signature, dpkg-source the files' hashes. A download that was cut off leaves nothing behind.
fetch_source() {
  local package=$1 target=$cache/src/$1 work
  if [ ! -d "$target" ]; then
    private_lists >&2
    mkdir -p "$cache/src"
    work=$(mktemp -d "$cache/src/.$package.XXXXXX")
    (cd "$work" && apt-get "${apt_options[@]}" source -qq --download-only "$package" && dpkg-source -x ./*.dsc tree) >&2 || {
      rm -rf "$work"
      echo "tools/guests: the Debian source package $package could not be fetched; is a Debian mirror configured for apt and reachable?" >&2
      return 1
    }
    mv "$work/tree" "$target"
    rm -rf "$work"
  fi
  echo "$target"
}

apt_options=(-o Dir::Etc::sourcelist="$cache/apt/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$cache/apt/lists"
  -o Dir::Cache="$cache/apt/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=true)

# The source index of the Debian release that apt is configured for, fetched once a day at most.
private_lists() {
  local codename site
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial"
  [ -n "$(find "$cache/apt/updated" -mtime -1 2>/dev/null)" ] && return
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  site=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)' |
    awk -v release="$codename" '$2 == release && $3 == "main" && $4 == "Packages" { print $1; exit }')
  if [ -z "$site" ]; then
    echo "tools/guests: apt knows no Debian mirror for $codename main; run 'apt-get update' first" >&2
    return 1
  fi
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site $codename main" >"$cache/apt/sources.list"
  apt-get "${apt_options[@]}" update -qq
  touch "$cache/apt/updated"
}
