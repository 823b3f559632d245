#!/bin/sh
# busybox-rootfs.sh DIR: a small root file system around the host's static busybox.
set -eu
root=$1
busybox=$(command -v busybox.static || echo /usr/bin/busybox)
mkdir -p "$root/bin" "$root/etc" "$root/tmp" "$root/root" "$root/var" "$root/usr/bin" "$root/home"
chmod 1777 "$root/tmp"
chmod 700 "$root/root"
cp "$busybox" "$root/bin/busybox"
chroot "$root" /bin/busybox --install -s /bin # one process for some three hundred links
ln -s ../../bin/env "$root/usr/bin/env"
cat >"$root/etc/passwd" <<EOF
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/bin/false
nobody:x:65534:65534:nobody:/home:/bin/false
EOF
cat >"$root/etc/group" <<EOF
root:x:0:
daemon:x:1:
users:x:100:
nogroup:x:65534:
EOF
