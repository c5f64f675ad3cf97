#!/bin/sh
# Everything that must hold before a change is merged. BARTIZAN_LONG=1 takes the long forms.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy .
exec .venv/bin/python -m pytest -q -n 2 --dist loadfile "$@"
