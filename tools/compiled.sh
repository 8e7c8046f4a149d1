#!/usr/bin/env bash
# Builds the compiled wheel into dist/, and installs it with the development tools into
# .venv-compiled; does nothing where that is done and no source has changed since.
#
#   tools/compiled.sh              fails where there is no compiler, and says what is missing
#   tools/compiled.sh --if-can     says it as well, and is content
#
# The fastest Python at hand is taken (or $PYTHON): builds of one version differ, for
# distributions make theirs with a profile and others often do not.
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

# How long a Python takes for some work, in microseconds; fails where it will not do.
speed_of() {
    "$1" - 2>/dev/null <<'SPEED'
import sys, timeit, venv, ensurepip
if sys.version_info < (3, 11):
    sys.exit(1)
work = "for i in range(99): d[i] = (i, str(i)); d[i][1].encode().split(b'1')"
print(int(1e6 * min(timeit.repeat(work, "d = {}", number=100, repeat=9))))
SPEED
}

fastest_python() {
    local python speed
    for python in ${PYTHON:-/usr/bin/python3 .venv/bin/python python3.13 python3.12 python3.11}; do
        if has_headers "$python" && speed=$(speed_of "$python"); then
            echo "$speed $(command -v "$python")"
        fi
    done | sort -n | head -n 1 | cut -d ' ' -f 2-
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
python=$(fastest_python)
[ -n "$python" ] ||
    cannot "no Python 3.11 or newer with its headers and venv. On Debian: apt-get install python3-dev python3-venv"
wanted="$(pwd -P) $(fingerprint)"
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
