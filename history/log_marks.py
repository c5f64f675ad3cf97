"""The marks of all sources, read from the log of a Delta table."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from history.marks import Mark

_DIGITS = 20


def marks_at(folder: Path, version: int) -> dict[str, Mark]:
    """Return the mark of every source as of a version of the table in ``folder``.

    Raises:
        OSError: a file of the log is gone.

    """
    log = folder / "_delta_log"
    start, found = _from_checkpoint(log, version)
    for number in range(start, version + 1):
        text = (log / f"{number:0{_DIGITS}}.json").read_text("utf-8")
        for line in text.splitlines():
            told = json.loads(line).get("txn")
            if told:
                found[told["appId"]] = int(told["version"])
    return {
        source: Mark(entry, found[f"{source}.i"])
        for source, entry in found.items()
        if f"{source}.i" in found
    }


def _from_checkpoint(log: Path, version: int) -> tuple[int, dict[str, int]]:
    """Return from which commit on to read, and what stands before it."""
    names = [path.name for path in log.glob("*.checkpoint.parquet")]
    known = [int(name[:_DIGITS]) for name in names if name[:_DIGITS].isdigit()]
    last = max((number for number in known if number <= version), default=None)
    if last is None:
        return 0, {}
    path = log / f"{last:0{_DIGITS}}.checkpoint.parquet"
    if "txn" not in pq.read_schema(path).names:
        return last + 1, {}
    told = pq.read_table(path, columns=["txn"])["txn"].to_pylist()
    return last + 1, {one["appId"]: int(one["version"]) for one in told if one and one["appId"]}
