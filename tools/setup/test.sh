#!/bin/sh
# `sudo npm test`: sets up what the tests need and runs them all. The last line is "N passed, N failed".
set -eu
cd "$(dirname "$0")/../.."
WHARF=$PWD/dist/wharf
. tools/setup/packages.sh

require_root test
have_runtimes() { have crun || echo crun; have runc || echo runc; }
test_packages() {
  have skopeo || echo skopeo
  have unshare || echo util-linux
  have ip || echo iproute2
  have htpasswd || echo apache2-utils
  have python3 || echo python3
  have tar || echo tar
  have zstd || echo zstd
  have docker-compose || echo docker-compose
  /usr/bin/python3 -c "import docker" 2>/dev/null || echo python3-docker
}
install_packages $(missing_packages) $(have_runtimes) $(test_packages)
install_modules
# Peers whose packages would start a service are unpacked beside the project and not installed.
sh tools/setup/peers.sh
sh tools/setup/clients.sh
sh tools/setup/redis.sh || echo "wharf: there is no redis-server here: the test that needs it is skipped"
build_engine
exec node_modules/.bin/bun tools/test.ts "$@"
