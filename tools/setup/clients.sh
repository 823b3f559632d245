#!/bin/sh
# Installs the API clients that test/compat drives (dockerode, Testcontainers) below .cache/clients, once per version.
set -eu
cd "$(dirname "$0")/../.."
wanted=tools/setup/clients/package.json
place=.cache/clients
cmp -s "$wanted" "$place/package.json" && [ -d "$place/node_modules/testcontainers" ] && exit 0
echo "wharf: fetching API clients for the tests"
mkdir -p "$place"
cp "$wanted" "$place/package.json.new"
mv "$place/package.json.new" "$place/package.json"
# Their optional native parts are for ssh, which the tests do not use.
npm install --prefix "$place" --ignore-scripts --omit=optional --no-audit --no-fund --loglevel=error >/dev/null
