#!/bin/sh
# bootstrap.sh LOCK STAMP: makes .venv with exactly what LOCK pins, every file checked by its hash, then touches STAMP.
set -eu
lock=$1 stamp=$2

say() { echo "$*" >&2; exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

[ -w . ] || say "This folder is read-only: copy the project to a place where you may write."

# One that was broken off, or whose Python has gone, is made anew.
if ! { new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
    python=
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if new_enough "$name"; then python=$name; break; fi
    done
    [ -n "$python" ] || say "Python 3.11 or newer is needed; $(python3 --version 2>/dev/null || echo 'no python3') was found."
    "$python" -m venv --clear .venv >/dev/null 2>&1 || {
        rm -rf .venv
        say "$python cannot make a virtual environment: install its venv module (Debian: python3-venv)."
    }
fi

echo "Installing what $lock pins (once, about a minute) …"
.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock" ||
    say "Installing failed: see above. Nothing was started."
touch "$stamp"
