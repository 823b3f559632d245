#!/bin/sh
# guest.sh [arguments of tools/test.ts]: runs the tests inside the virtual machine, which is hermetic by itself.
cd "$(dirname "$0")/../.."
export WHARF_HERMETIC=1 WHARF_TEST_PATIENCE=8 NO_COLOR=1
exec node_modules/.bin/bun tools/test.ts all "$@"
