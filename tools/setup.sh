#!/usr/bin/env bash
# Sets up everything that a make target needs; does nothing where nothing is missing.
#
#   tools/setup.sh [PROGRAM:DEBIAN-PACKAGE ...]
#
# 1. .venv with this project and its development tools (again when pyproject.toml changes)
# 2. the programs named: installed where we are root and apt-get works, otherwise named on
#    stderr. A missing program is not an error here: what needs it says so itself.
set -euo pipefail
cd "$(dirname "$0")/.."
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

find_python() {
    local python
    for python in "${PYTHON:-python3}" python3.13 python3.12 python3.11 /usr/bin/python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

works_here() {
    # A virtual environment knows its own place: a moved or copied one must be made anew.
    grep -qF "$(pwd -P)/.venv" .venv/bin/activate && .venv/bin/python -m pip --version
} >/dev/null 2>&1

set_up_venv() {
    local python stamp=.venv/installed wanted
    wanted=$(sha256sum pyproject.toml)
    if works_here && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    if ! works_here; then
        if ! find_python >/dev/null && may_install; then install_packages python3 python3-venv; fi
        python=$(find_python) ||
            stop "needs Python 3.11 or newer with venv. On Debian: apt-get install python3 python3-venv"
        say "making .venv with $("$python" --version)"
        "$python" -m venv --clear .venv
    fi
    say "installing pointsman and its development tools into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]' ||
        stop "pip could not install the dependencies named in pyproject.toml (see above)"
    echo "$wanted" >"$stamp"
}

set_up_venv
set_up_programs "$@"
