# Finds out what this host lacks and installs it from the system's packages. Sourced by start.sh and test.sh.
# Facts are looked for on the host (programs, libraries), not in the package database, so that self-built ones count.

have() { command -v "$1" >/dev/null 2>&1; }

have_library() {
  ldconfig -p 2>/dev/null | grep -q "$1" || ls /usr/lib/*/"$1" /usr/lib/"$1" /lib/*/"$1" /usr/lib64/"$1" >/dev/null 2>&1
}

static_busybox() { [ -x /usr/bin/busybox ] && ! ldd /usr/bin/busybox >/dev/null 2>&1 || have busybox.static; }

# Prints the Debian packages that are missing for running the engine.
missing_packages() {
  have crun || have runc || echo crun
  have nft || echo nftables
  have_library libseccomp.so.2 || echo libseccomp2
  [ -f /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
  static_busybox || echo busybox-static
  [ -x "$WHARF" ] || have musl-gcc || have gcc || have cc || echo musl-tools # only the supervisor needs a compiler
}

# install_packages NAME...: with apt-get, or a sentence that names what to install by hand.
install_packages() {
  [ $# -gt 0 ] || return 0
  if ! have apt-get; then
    echo "wharf: this host lacks: $*" >&2
    echo "wharf: these are Debian's names; install the same programs with your package manager and run this again." >&2
    echo "wharf: Fedora: dnf install crun nftables libseccomp busybox gcc glibc-static" >&2
    echo "wharf: Arch:   pacman -S crun nftables libseccomp busybox gcc musl" >&2
    echo "wharf: Alpine: apk add crun nftables libseccomp busybox-static gcc musl-dev gcompat" >&2
    exit 1
  fi
  echo "wharf: installing $*"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends "$@" >/tmp/wharf-apt.log 2>&1 ||
    { apt-get update >/tmp/wharf-apt.log 2>&1 && apt-get install -y --no-install-recommends "$@" >>/tmp/wharf-apt.log 2>&1; } ||
    { echo "wharf: apt-get could not install $*; its last words:" >&2; tail -n 5 /tmp/wharf-apt.log >&2; exit 1; }
  rm -f /tmp/wharf-apt.log
}

require_root() {
  [ "$(id -u)" = 0 ] && return 0
  echo "wharf: this needs root: it makes namespaces, mounts and network rules." >&2
  echo "wharf: run: sudo npm $1" >&2
  exit 1
}

# The JavaScript side: Bun, the linter, types. Skipped when package-lock.json has not changed since.
install_modules() {
  if [ ! -f node_modules/.wharf-lock ] || ! cmp -s package-lock.json node_modules/.wharf-lock; then
    echo "wharf: installing npm packages"
    # Not `npm ci`: it wants every platform's optional packages in the lock file, and mirrors lack some.
    npm install --no-save --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.wharf-lock
  fi
}

# Builds dist/wharf when a source is newer.
build_engine() {
  if [ ! -x "$WHARF" ] || [ -n "$(find src shim tools/build.ts tools/build-shim.ts package-lock.json -newer "$WHARF" -type f -print -quit)" ]; then
    echo "wharf: building dist/wharf"
    node_modules/.bin/bun tools/build.ts
  fi
}
