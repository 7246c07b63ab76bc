# Debian's packages of another suite or machine, for who sources this: through this system's mirror, with
# apt's own keys and hashes, in the working folder; the system's lists and architectures stay as they are.
# Who sources it has a function `die`, which ends with the number in $status or 1.

keys=/usr/share/keyrings/debian-archive-keyring.gpg

# own_suite: the name of this system's suite.
own_suite() {
  (. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") ||
    die "packages of other machines come from Debian's mirrors, and this system is not Debian"
}

# look_elsewhere MACHINE SUITE...: knows the packages of these suites from here on, for Debian's name of a
# machine; the last suite comes first.
look_elsewhere() {
  local machine=$1 own mirror name
  shift
  own=$(own_suite)
  [ -e $keys ] || die "$keys is missing; apt-get install debian-archive-keyring"
  mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^$own main //p" | sed -n 1p)
  [ -n "$mirror" ] || die "apt has no source with the suite $own, so there is no mirror to ask"
  mkdir -p lists/partial cache/archives/partial
  touch status
  for name in $(printf '%s\n' "$@" | sort -u); do
    echo "deb [arch=$machine signed-by=$keys] $mirror $name main"
  done > sources.list
  elsewhere=(
    -o APT::Architecture=$machine -o APT::Architectures=$machine -o Acquire::Languages=none
    -o Dir::State::Lists="$PWD/lists" -o Dir::State::status="$PWD/status" -o Dir::Cache="$PWD/cache"
    -o Dir::Etc::SourceList="$PWD/sources.list" -o Dir::Etc::SourceParts=- -o Acquire::Retries=2 -o Acquire::http::Timeout=30
    -o APT::Update::Error-Mode=any -o APT::Default-Release="${*: -1}"
  )
  download update
}

# download COMMAND...: apt-get there; status 69 where it fails.
download() {
  apt-get "${elsewhere[@]}" "$@" > log 2>&1 || { cat log >&2; status=69 die "cannot be downloaded from Debian's mirror"; }
}
