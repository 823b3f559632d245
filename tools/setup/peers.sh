#!/bin/sh
# Unpacks the programs that tests talk to (docker client, registry) below .cache/peers without installing them: their
# packages would start services on this host. A docker client or registry already on the PATH is used as it is.
set -eu
cd "$(dirname "$0")/../.."
peers=$PWD/.cache/peers
mkdir -p "$peers"

# unpack_peer PROGRAM PACKAGE
unpack_peer() {
  command -v "$1" >/dev/null 2>&1 && return 0
  [ -n "$(find "$peers" -name "$1" -type f -print -quit)" ] && return 0
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "wharf: tests need the program $1 (Debian package $2): install it and run this again." >&2
    exit 1
  fi
  echo "wharf: fetching $2 for the tests"
  download=$(mktemp -d)
  chmod 755 "$download"
  (cd "$download" && { apt-get download "$2" >/dev/null 2>&1 || { apt-get update >/dev/null 2>&1 && apt-get download "$2" >/dev/null; }; })
  dpkg-deb -x "$download"/*.deb "$peers"
  rm -rf "$download"
}

unpack_peer docker docker.io
unpack_peer docker-registry docker-registry
