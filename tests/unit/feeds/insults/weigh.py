"""What parsing one body costs: CPU seconds, and how far memory rises above the body."""

import ctypes
import gc
import multiprocessing
import os
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from .samples import SAMPLES, SECRET, Sample

MB = 1_000_000


@dataclass(frozen=True)
class Round:
    """One parsing. ``peak`` is in MB beside the body; ``refused`` says why there are no facts."""

    facts: int
    seconds: float
    peak: float
    refused: str = ""


@dataclass(frozen=True)
class Weight:
    """A body of so many rows and MB, and what became of it each time."""

    rows: int
    size: float
    rounds: tuple[Round, ...]


def row_size(sample: Sample) -> float:
    """Return how many bytes one more row takes."""
    return (len(sample.make(1_003)) - len(sample.make(3))) / 1_000


def weigh(name: str, n_rows: int, rounds: int = 1) -> Weight:
    """Measure in a process of its own, so that one leaves no memory to the next.

    Raises:
        RuntimeError: if that process dies.

    """
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("fork")
    run = context.Process(target=_weigh, args=(name, n_rows, rounds, theirs))
    run.start()
    theirs.close()
    try:
        found: Weight = ours.recv()
    except EOFError:
        raise RuntimeError(f"{name}: the process died") from None
    finally:
        run.join()
        ours.close()
    return found


def _weigh(name: str, n_rows: int, rounds: int, answer: Connection) -> None:
    os.environ |= {"INSULT_KEY": SECRET, "INSULT_PUSH": SECRET}
    sample = SAMPLES[name]
    body = sample.make(n_rows)
    sample.parse(sample.body)  # what is loaded late is loaded now
    done = tuple(_round(sample, body) for _ in range(rounds))
    answer.send(Weight(n_rows, len(body) / MB, done))


def _round(sample: Sample, body: bytes) -> Round:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed before would hide what is taken now
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, began = _memory("VmRSS:"), time.process_time()
    facts, refused = 0, ""
    try:
        found = sample.parse(body)
    except ValueError as problem:  # a cap
        refused = str(problem)
    except Exception as problem:  # noqa: BLE001 - told to who asked
        refused = f"{type(problem).__name__}: {problem}"
    else:
        facts = len(found.accepted)
        refused = found.rejected[0].reason if found.rejected else ""
    seconds = time.process_time() - began
    return Round(facts, seconds, _memory("VmHWM:") - before, refused[:90])


def _memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) * 1024 / MB
