"""Two weeks of a small city: facts of three feeds, and what two engines make of them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from history import History
from metrics import INDICATORS, Scope
from model import Case, District, Fact, FeedState, Indicator, Observation, Quality, Reading

START = datetime(2026, 3, 2, tzinfo=UTC)
END = datetime(2026, 3, 17, tzinfo=UTC)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NAMES = ("env.pm25", "env.river", "srv.new", "srv.backlog")
SOME: tuple[Indicator, ...] = tuple(INDICATORS[name] for name in NAMES)
PLACES = ("a", "b")


def state(name: str, gives: str, every: timedelta) -> FeedState:
    return FeedState(
        id=name, kind="file", name=name, gives=gives, state=Quality.GOOD, due_every=every
    )


SCOPE = Scope(
    districts=(
        District(id="a", name="A", short="A", population=100_000),
        District(id="b", name="B's", short="B", population=50_000),
    ),
    timezone="America/Toronto",
    references={("flood_stage", "g"): 10.0},
    feed_age={
        "air": state("air", "observation", HOUR),
        "river": state("river", "observation", HOUR),
        "311": state("311", "case", HOUR),
    },
)


def facts(seed: int) -> list[Fact]:
    """Every hour's values, some of them told again otherwise, and a few hundred cases."""
    dice = random.Random(seed)
    found: list[Fact] = []
    for number in range((END - START) // HOUR):
        at = START + number * HOUR
        some = [
            seen("air", "pm25", "s1", at, dice.uniform(2, 40)),
            seen("air", "pm25", "s2", at, dice.uniform(2, 40)),
            seen("river", "river_level", "g", at, dice.uniform(1, 12)),
        ]
        found += [fact for fact in some if dice.random() < 0.9]
        if dice.random() < 0.1:
            found.append(replace(some[0], value=1.0, known_at=at + 9 * HOUR))
    for number in range(300):
        opened = START + timedelta(minutes=dice.randrange(15 * 24 * 60))
        closed = opened + timedelta(minutes=dice.randrange(20, 6000))
        case = Case(
            feed_id="311",
            case_id=f"c{number}",
            opened_at=opened,
            fetched_at=opened,
            known_at=opened,
            district_id=dice.choice(PLACES),
        )
        found += [case, replace(case, status="closed", closed_at=closed, known_at=closed)]
    return found


def seen(feed: str, quantity: str, site: str, at: datetime, value: float) -> Observation:
    return Observation(
        feed_id=feed,
        site_id=site,
        quantity=quantity,
        value=value,
        unit="",
        observed_at=at,
        fetched_at=at,
        known_at=at,
        district_id="b" if site == "s2" else "a",
    )


def course(seed: int, indicator: str = "env.pm25", hours: int = 200) -> Iterator[Reading]:
    """Readings every five minutes that wander about a limit, some frozen, some corrected."""
    dice = random.Random(seed)
    for place in (*PLACES, "city"):
        value = 30.0
        for number in range(hours * 12):
            at = START + number * timedelta(minutes=5)
            value += dice.gauss((30.0 - value) / 20, 2.0)
            quality = dice.choices((Quality.GOOD, Quality.STALE, Quality.UNCERTAIN), (96, 2, 2))[0]
            reading = Reading(
                indicator=indicator,
                district=place,
                at=at,
                value=None if dice.random() < 0.01 else value,
                num=value,
                den=1.0,
                n=3,
                quality=quality,
                observed_at=at,
                known_at=at,
            )
            yield reading
            if dice.random() < 0.02:
                yield replace(reading, value=value + 9, known_at=at + HOUR)


def keep(kept: History, some: list[Fact]) -> None:
    """Write facts as a worker does."""
    numbered = [(f"{number + 1}-0", fact) for number, fact in enumerate(some)]
    kept.append_facts(numbered)


def stored(kept: History, indicators: tuple[str, ...] = NAMES) -> list[tuple[object, ...]]:
    """Return what stands written, comparable."""
    return sorted(
        (
            row["indicator"],
            row["district"],
            row["at"],
            row["value"],
            row["num"],
            row["den"],
            row["quality"],
            row["known_at"],
        )
        for name in indicators
        for row in kept.readings(name, start=START - HOUR, end=NOW)
    )
