#!/bin/sh
# `sudo npm start`: sets up what is missing, starts the engine, runs a first container. Asked again it does nothing twice.
set -eu
cd "$(dirname "$0")/../.."
WHARF=$PWD/dist/wharf
. tools/setup/packages.sh

require_root start
install_packages $(missing_packages)
install_modules
build_engine

SOCKET=/run/wharf/wharf.sock
"$WHARF" version >/dev/null # starts the engine where none runs, and says so

# The first image needs no internet: a root file system around the host's static busybox.
if ! "$WHARF" image inspect busybox >/dev/null 2>&1; then
  echo "wharf: making the image busybox"
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  sh tools/setup/busybox-rootfs.sh "$tree"
  tar -C "$tree" -c . | "$WHARF" import -c 'CMD ["sh"]' - busybox:latest >/dev/null
fi

"$WHARF" run --rm busybox echo "Hello from a container."

cat <<EOF

The engine stands. Try next:
  dist/wharf run -it --rm busybox
  dist/wharf run -d --name web -p 8080:80 busybox sh -c 'mkdir /www; echo hello >/www/index.html; exec httpd -f -h /www'
  curl http://127.0.0.1:8080
  dist/wharf ps; dist/wharf logs web; dist/wharf rm -f web
With the docker client, unchanged:
  export DOCKER_HOST=unix://$SOCKET
  docker ps
Stop the engine (containers live on):  kill \$(cat /run/wharf/wharf.pid)
EOF
