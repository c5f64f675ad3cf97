#!/bin/sh
# Make the virtual environment, and what a target needs on top: run | dev | test.
# Prints the exact command and exits 1 where it would need the administrator.
set -eu
cd "$(dirname "$0")/.."
wanted="${1:-run}"

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in ${PYTHON:-} python3 python3.11 python3.12 python3.13 python3.14 python; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    say "Bartizan needs Python 3.11 or newer and found none. On Debian or Ubuntu:"
    say "    sudo apt-get update && sudo apt-get install -y python3 python3-venv"
    exit 1
}

make_venv() {
    python="$(find_python)"
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        version="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
        say "$python lacks venv. On Debian or Ubuntu:"
        say "    sudo apt-get update && sudo apt-get install -y python$version-venv"
        exit 1
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

install() { # install <requirements file> <stamp>: only where the pins changed
    pins="$(cat requirements.txt requirements-spark.txt "$1" | cksum)"
    if [ "$(cat "$2" 2>/dev/null || true)" != "$pins" ]; then
        say "installing $1 (the first time takes a minute or two)"
        .venv/bin/python -m pip install -q --disable-pip-version-check -r "$1"
        printf '%s\n' "$pins" >"$2"
    fi
}

find_browser() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Chromium.app/Contents/MacOS/Chromium" \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

ensure_browser() {
    if find_browser; then
        return
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        say "the browser tests need Chromium or Chrome; install one, or set CHROMIUM to its path"
        exit 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "the browser tests need Chromium:"
        say "    sudo apt-get update && sudo apt-get install -y chromium"
        exit 1
    fi
    say "installing chromium for the browser tests"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
}

find_java() { # Java 17 or newer, as Spark needs it
    found="$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 || true)"
    case "$found" in
    *'version "'*) found="${found#*version \"}" found="${found%%[!0-9]*}" ;;
    *) return 1 ;;
    esac
    [ "${found:-0}" -ge 17 ]
}

ensure_java() {
    if find_java; then
        return
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        say "the tests of Spark need Java 17 or newer and are skipped without; on macOS:"
        say '    brew install openjdk@17 && export JAVA_HOME="$(brew --prefix openjdk@17)"'
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "the tests of Spark need Java 17 or newer:"
        say "    sudo apt-get update && sudo apt-get install -y default-jre-headless"
        exit 1
    fi
    say "installing Java for the tests of Spark"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq default-jre-headless >/dev/null
}

if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    make_venv
fi
case "$wanted" in
run) install requirements.txt .venv/.pins-run ;;
dev) install requirements-dev.txt .venv/.pins-dev ;;
test)
    install requirements-dev.txt .venv/.pins-dev
    ensure_browser
    ensure_java
    ;;
*)
    say "usage: bin/setup.sh run|dev|test"
    exit 2
    ;;
esac
