"""Check a city pack: load it, read its feeds, and see how their records meet its districts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from alerts import doubts
from cities.loader import read_pack
from cities.places import Places
from cities.problems import PackError
from cities.report import Report
from cities.sidebyside import side_by_side
from cities.trying import Trial

DEADLINE = timedelta(seconds=20)
FILES_DEADLINE = timedelta(seconds=60)  # no deadline of the source helps with a file that is large


def check(  # noqa: PLR0913 - each is a choice of its own
    folder: Path,
    *,
    roots: Sequence[Path] = (),
    places: Mapping[str, str] | None = None,
    now: datetime,
    live: bool = False,
    deadline: timedelta = DEADLINE,
) -> Report:
    """Return how good a pack is; never raises for what is wrong with it.

    Files are read. What lies on the network is asked only when ``live``, then once; a source that
    is not reachable now, or whose secret is not set, is named but not held against the pack.

    Args:
        folder: of the pack.
        roots: folders outside it that it may read.
        places: what placeholders of URLs stand for; feeds with an unknown one are skipped.
        now: becomes the time of the polls.
        live: poll URLs once for real, and listen to brokers for some seconds.
        deadline: for each source on the network; feeds are read side by side.

    """
    try:
        pack = read_pack(folder, Places.of(folder, roots, places, is_strict=False))
    except PackError as error:
        return Report(folder=str(folder), problems=error.problems)
    trials = [Trial(feed, pack, now, deadline, is_live=live) for feed in pack.feeds]
    found = side_by_side(
        [trial.run for trial in trials],
        [
            (deadline if trial.is_networked else FILES_DEADLINE).total_seconds() * 1.25
            for trial in trials
        ],
    )
    rules = [f"rule {rule.id}: {text}" for rule in pack.rules for text in doubts(rule)]
    secrets = [
        f"feed {trial.feed.id}: {name} is not set in the environment"
        for trial in trials
        for name in trial.missing
    ]
    return Report(
        folder=str(folder),
        city=pack.city.name,
        districts=len(pack.districts.items),
        doubts=(*rules, *secrets),
        feeds=tuple(report or trial.late for trial, report in zip(trials, found, strict=True)),
    )
