"""Every parser for a while under damaged bodies: ``python -m tests.fuzz [--seconds 60] [KIND …]``.

Each sample has a process of its own with a bound on its memory. Whatever is not a ``FeedError``,
and whatever gets through unsound, is printed with the seed and the body that shows it.
"""

import argparse
import base64
import os
import random
import resource
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

from tests.unit.feeds.insults.damage import damaged
from tests.unit.feeds.insults.samples import SAMPLES, SECRET
from tests.unit.feeds.insults.sound import told

MEMORY = 3 << 30  # bytes of address space: libraries map much and use little
SLOWEST_S = 20.0  # of one damaged body


@dataclass(frozen=True)
class Outcome:
    """What became of one sample."""

    name: str
    bodies: int
    refused: int
    facts: int
    slowest_s: float
    peak_mb: float
    failure: str = ""


def fuzz(name: str, seconds: float, seed: int) -> Outcome:
    """Damage one sample until its time is up or it fails."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.environ |= {"INSULT_KEY": SECRET, "INSULT_PUSH": "who-may-push"}
    sample, dice = SAMPLES[name], random.Random(f"{seed} {name}")
    bodies = refused = facts = 0
    slowest, until, failure = 0.0, time.monotonic() + seconds, ""
    while time.monotonic() < until and not failure:
        body, began = damaged(sample.body, dice), time.process_time()
        try:
            found = told(sample, body)
        except Exception:  # noqa: BLE001 - this is what is looked for
            failure = f"{traceback.format_exc(limit=-4)}\nbody {base64.b64encode(body).decode()}"
            found = None
        bodies += 1
        refused += found is None
        facts += len(found.accepted) if found else 0
        took = time.process_time() - began
        slowest = max(slowest, took)
        if took > SLOWEST_S:
            failure = f"took {took:.0f} s\nbody {base64.b64encode(body).decode()}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 10)
    return Outcome(name, bodies, refused, facts, slowest, peak, failure)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz the samples side by side; 1 if any of them fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each sample")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a run")
    parser.add_argument("kinds", nargs="*", help="only these kinds or samples")
    given = parser.parse_args(arguments)
    wanted = [
        name
        for name, sample in SAMPLES.items()
        if not given.kinds or {name, sample.kind} & set(given.kinds)
    ]
    print(f"seed {given.seed}, {len(wanted)} samples, {given.seconds:g} s each")
    failures = 0
    with ProcessPoolExecutor(os.cpu_count(), max_tasks_per_child=1) as pool:
        runs = {pool.submit(fuzz, name, given.seconds, given.seed): name for name in wanted}
        for run in as_completed(runs):
            failures += report(runs[run], run)
    print(f"{failures} of {len(wanted)} failed" if failures else "nothing escaped")
    return int(failures > 0)


def report(name: str, run: object) -> bool:
    """Print one line about a sample; return whether it failed."""
    try:
        done: Outcome = run.result()  # type: ignore[attr-defined]  # a Future
    except Exception as problem:  # noqa: BLE001 - a process that died
        print(f"{name:28} DIED {problem!r}")
        return True
    print(
        f"{done.name:28} {done.bodies:7} bodies {done.refused:7} refused {done.facts:8} facts"
        f"  slowest {done.slowest_s:5.2f} s  peak {done.peak_mb:5.0f} MB"
    )
    if done.failure:
        print(done.failure)
    sys.stdout.flush()
    return bool(done.failure)


if __name__ == "__main__":
    sys.exit(main())
