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
. tools/installing.sh

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
