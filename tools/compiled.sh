#!/usr/bin/env bash
# Builds the compiled wheel into dist/, and installs it with the development tools into
# .venv-compiled; does nothing where that is done and no source has changed since.
#
#   tools/compiled.sh              fails where there is no compiler, and says what is missing
#   tools/compiled.sh --if-can     says it as well, and is content
#
# A Python that was built with a profile is preferred, for it is faster; or $PYTHON is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/installing.sh

VENV=.venv-compiled
WHEELS='dist/pointsman-*-linux_*.whl'
mode=${1:-}

cannot() {
    say "$*"
    [ "$mode" = --if-can ] || exit 1
    exit 0
}

has_headers() {
    "$1" -c 'import os, sysconfig as s; open(os.path.join(s.get_path("include"), "Python.h"))' 2>/dev/null
}

# 0 if a Python was built with a profile, 1 if not; fails where it will not do. A distribution's
# was (Debian's does not say so itself). Timing them instead would choose by what else runs.
rank_of() {
    "$1" - 2>/dev/null <<'RANK'
import sys, sysconfig, venv, ensurepip
if sys.version_info < (3, 11):
    sys.exit(1)
said = "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
print(0 if said or sys.base_prefix == "/usr" else 1)
RANK
}

best_python() {
    local python rank
    for python in ${PYTHON:-/usr/bin/python3 .venv/bin/python python3.13 python3.12 python3.11}; do
        if has_headers "$python" && rank=$(rank_of "$python"); then
            echo "$rank $(command -v "$python")"
        fi
    done | sort -s -n -k 1,1 | head -n 1 | cut -d ' ' -f 2-
}

# Everything that the wheel is made of.
fingerprint() {
    find framework plugins rules tools/compile_hook.py pyproject.toml -type f ! -name '*.pyc' |
        LC_ALL=C sort | xargs sha256sum | sha256sum
}

set_up_compiler() {
    if ! command -v gcc >/dev/null || ! has_headers /usr/bin/python3; then
        ! may_install || install_packages gcc libc6-dev python3-dev python3-venv
    fi
    command -v gcc >/dev/null ||
        cannot "there is no C compiler. On Debian: apt-get install gcc libc6-dev"
}

set_up_compiler
python=$(best_python)
[ -n "$python" ] ||
    cannot "no Python 3.11 or newer with its headers and venv. On Debian: apt-get install python3-dev python3-venv"
wanted="$python $(pwd -P) $(fingerprint)"
if [ "$(cat "$VENV/installed" 2>/dev/null)" = "$wanted" ] && compgen -G "$WHEELS" >/dev/null; then
    exit 0
fi

say "compiling for $("$python" --version) ($python); this takes a minute or two"
rm -rf "$VENV/installed" $WHEELS
"$python" -m venv --clear "$VENV"
pip() { "$VENV/bin/python" -m pip -qq --disable-pip-version-check "$@"; }
POINTSMAN_COMPILE=1 pip wheel --no-deps --wheel-dir dist . ||
    cannot "the compiled wheel could not be built (see above)"
wheel=$(compgen -G "$WHEELS")
pip install "$wheel[dev]" || cannot "pip could not install $wheel with what it needs (see above)"
echo "$wanted" >"$VENV/installed"
say "built $wheel and installed it into $VENV"
