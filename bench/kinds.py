"""How many records a second each kind of feed reads, and what that costs in memory.

One process, parsing only: nothing is fetched, kept or placed. Bodies are those of the tests,
grown to ``--rows`` good rows. A record is a fact, or a row where many rows make one count (posts,
trips, proposals). Seconds are CPU seconds; memory is what is held at the peak beside the body.
Run ``python -m bench.kinds [--rows N] [--rounds N] [NAME …]``.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence

from tests.unit.feeds.insults.samples import SAMPLES
from tests.unit.feeds.insults.weigh import Weight, weigh

FEWER = {"rss": 10_000, "mqtt": 10_000}  # a list of news, and a message, are capped
LEFT_OUT = ("mqtt-uplink", "sensorthings-pushed")  # of many rows they tell one, or three


def main(arguments: Sequence[str]) -> int:
    """Print the table; 1 where a kind refused its good rows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("names", nargs="*", help="only these bodies or kinds")
    chosen = parser.parse_args(arguments)
    failed = 0
    print(f"{'kind':20}{'records/s':>11}{'µs each':>9}{'body MB':>9}{'peak MB':>9}{'kB each':>9}")
    for name, sample in SAMPLES.items():
        is_wanted = not chosen.names or {name, sample.kind} & set(chosen.names)
        if sample.is_beside or not is_wanted or name in LEFT_OUT:
            continue
        n_rows = min(chosen.rows, FEWER.get(sample.kind, chosen.rows))
        found = weigh(name, n_rows, chosen.rounds)
        refused = found.rounds[0].refused
        failed += bool(refused)
        print(f"{name:20} {refused or line(found)}", flush=True)
    return int(bool(failed))


def line(found: Weight) -> str:
    """Return the figures of one kind."""
    records = [max(one.facts, found.rows) for one in found.rounds]
    rate = statistics.median(n / one.seconds for n, one in zip(records, found.rounds, strict=True))
    peak = max(one.peak for one in found.rounds)
    each = peak * 1000 / records[0]
    return f"{rate:>10,.0f}{1e6 / rate:>9.1f}{found.size:>9.1f}{peak:>9.1f}{each:>9.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
