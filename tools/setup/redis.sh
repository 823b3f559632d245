#!/bin/sh
# Makes .cache/images/redis.tar: Debian's Redis and the libraries it loads, for a test that wants the image of a real
# server. Where it cannot be had that test skips itself: this fails then, and nothing else should.
set -eu
cd "$(dirname "$0")/../.."
image=$PWD/.cache/images/redis.tar
[ -f "$image" ] && exit 0
echo "wharf: fetching redis-server for the tests"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/packages" "$work/all" "$work/image" "$work/image/data"
libraries() {
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
    redis-tools | grep -E '^lib' | sort -u
}
fetch() { (cd "$work/packages" && apt-get download -o APT::Sandbox::User=root redis-server redis-tools $(libraries)); }
fetch >/dev/null 2>&1 || { apt-get update && fetch; } >/dev/null 2>&1
for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$work/all"; done

cd "$work/all"
for name in lib lib64; do [ -e "$name" ] || ln -s "usr/$name" "$name"; done # another package's, on newer Debians
loader=$(ls lib64/ld-linux*.so.* lib/ld-linux*.so.* 2>/dev/null | head -n 1)
needed() { chroot . "/$loader" --list /usr/bin/redis-server | grep -o '/[^ ]*'; }
for file in /usr/bin/redis-server $(needed); do cp --parents -L ".$file" "$work/image"; done
chroot "$work/image" /usr/bin/redis-server --version >/dev/null
mkdir -p "$(dirname "$image")"
tar -C "$work/image" -cf "$image.new" .
mv "$image.new" "$image"
