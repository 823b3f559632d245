#!/bin/sh
# Gets what tests in a virtual machine with control groups v2 need: QEMU from the system's packages; Debian's cloud
# kernel, unpacked below .cache/vm and not installed; an initramfs of the host's static busybox and the kernel's modules;
# a built engine. Prints the directory with `vmlinuz` and `initramfs`. Asked again it only looks.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD/test/vm
cache=$PWD/.cache/vm
WHARF=$PWD/dist/wharf
. tools/setup/packages.sh

vm_packages() {
  have crun || echo crun
  have runc || echo runc
  have qemu-system-x86_64 || echo qemu-system-x86 seabios
  have qemu-system-x86_64 && [ -x /usr/lib/qemu/virtiofsd ] || echo qemu-system-common
  static_busybox || echo busybox-static
  have mkfs.ext4 || echo e2fsprogs
  have mkfs.xfs || echo xfsprogs
  [ -x /lib/systemd/systemd ] || echo systemd
  have dbus-daemon || echo dbus
}

# Leaves the newest cloud kernel's package in $cache.
fetch_kernel() {
  have apt-get || { echo "wharf: the virtual machine's kernel comes from Debian: this needs apt-get." >&2; exit 1; }
  kernel_package >/dev/null || apt-get update >/dev/null 2>&1
  download=$(mktemp -d)
  chmod 755 "$download"
  (cd "$download" && apt-get download "$(kernel_package)" >/dev/null 2>&1) ||
    { echo "wharf: apt-get could not download linux-image-cloud-amd64's kernel" >&2; rm -rf "$download"; exit 1; }
  mkdir -p "$cache"
  mv "$download"/*.deb "$cache"
  rm -rf "$download"
}

kernel_package() {
  apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | grep .
}

# make_image PACKAGE DIRECTORY: the kernel, and a cpio archive of busybox, our init, and modules with those they need.
make_image() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  dpkg-deb -x "$1" "$tree/package"
  version=$(basename "$tree"/package/lib/modules/*)
  busybox depmod -b "$tree/package" "$version"
  mkdir -p "$tree/root/bin" "$tree/root/lib/modules/$version"
  cp "$(command -v busybox.static || command -v busybox)" "$tree/root/bin/busybox"
  install -m 755 "$here/init" "$tree/root/init"
  cp "$here/modules" "$tree/root/modules"
  from=$tree/package/lib/modules/$version
  to=$tree/root/lib/modules/$version
  cp "$from/modules.dep" "$to"
  while read -r name; do
    line=$(grep "/$name\.ko:" "$from/modules.dep") || { echo "wharf: this kernel has no module $name" >&2; exit 1; }
    for file in $(echo "$line" | tr -d :); do
      mkdir -p "$to/$(dirname "$file")"
      cp "$from/$file" "$to/$file"
    done
  done <"$here/modules"
  mkdir -p "$2"
  (cd "$tree/root" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null) >"$2/initramfs"
  cp "$tree/package/boot/vmlinuz-$version" "$2/vmlinuz"
}

install_packages $(missing_packages) $(vm_packages) >&2
sh tools/setup/peers.sh >&2
build_engine >&2
ls "$cache"/linux-image-*.deb >/dev/null 2>&1 || fetch_kernel
package=$(ls -t "$cache"/linux-image-*.deb | head -n 1)
made_from=$(cat "$here/setup.sh" "$here/init" "$here/modules" | cksum | cut -d ' ' -f 1)
image=$cache/$(basename "$package" .deb)-$made_from
if [ ! -f "$image/vmlinuz" ]; then
  find "$cache" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
  make_image "$package" "$image"
fi
echo "$image"
