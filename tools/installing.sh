# What the scripts beside it share: how to say something, and how to install Debian packages.
# To be sourced, with the checkout as working directory.
PATH="$PATH:/usr/sbin:/sbin"

say() { echo "set-up: $*" >&2; }
stop() { say "$*"; exit 1; }
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Debian starts a daemon as soon as it is installed, unless policy-rc.d forbids it.
# We want the program, not the service, so we forbid it for a while.
POLICY=/usr/sbin/policy-rc.d
forbid_daemons() {
    saved=$(mktemp -d)
    [ ! -e "$POLICY" ] || cp -a "$POLICY" "$saved/policy"
    trap allow_daemons EXIT
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}
allow_daemons() {
    rm -f "$POLICY"
    [ ! -e "$saved/policy" ] || cp -a "$saved/policy" "$POLICY"
    rm -rf "$saved"
    trap - EXIT
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" >&2; }

install_packages() {
    forbid_daemons
    apt update || say "apt-get update failed; trying with the lists that are there"
    local package
    for package in "$@"; do
        # One by one: a package that cannot be had must not keep the others away.
        apt install --no-install-recommends "$package" || say "could not install $package"
        # Nor shall it start at the next boot.
        ! command -v systemctl >/dev/null || systemctl disable "$package" 2>/dev/null || true
    done
    allow_daemons
}

missing_packages() {
    local pair
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
    done
}

set_up_programs() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if may_install; then install_packages "${missing[@]}"; fi
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} = 0 ] || say "missing; what needs them is left out. On Debian: apt-get install ${missing[*]}"
}
