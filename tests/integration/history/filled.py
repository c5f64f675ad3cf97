"""A history with something in every table, for what copies it."""

from datetime import UTC, datetime, timedelta

import history
from history.notes import Notes
from history.schemas import OBSERVATIONS
from model import (
    AlertEvent,
    Case,
    Fact,
    FeedState,
    Notice,
    Observation,
    Quality,
    Reading,
    State,
    Usual,
)

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def facts(n_rows: int) -> list[tuple[str, Fact]]:
    """Return observations, cases and notices of some months, with corrections."""
    found: list[Fact] = []
    for n in range(n_rows):
        at = NOW - (n % 12) * 8 * DAY
        found.append(
            Observation(
                feed_id="air",
                site_id=f"s{n % 7}",
                quantity=("pm25", "é\n,\"'")[n % 2],
                value=None if n % 11 == 0 else n / 7,
                unit="µg/m³",
                observed_at=at,
                fetched_at=at + HOUR,
                known_at=at + (n % 3) * HOUR,
                district_id=None if n % 5 else "",
            )
        )
        if n % 10 == 0:
            found.append(
                Case(feed_id="311", case_id=f"c{n}", opened_at=at, fetched_at=at, known_at=at)
            )
        if n % 50 == 0:
            found.append(
                Notice(
                    feed_id="cap",
                    notice_id=f"n{n}",
                    headline="Crue",
                    effective=at,
                    fetched_at=at,
                    known_at=at,
                    supersedes=("a", "b:c"),
                    is_end_assumed=n % 100 == 0,
                )
            )
    return [(f"1700000000000-{n}", fact) for n, fact in enumerate(found)]


def fill(kept: history.History, n_rows: int = 600) -> None:
    """Put something into every table, and marks of three sources."""
    kept.append_facts(facts(n_rows), shard=0, epoch=7)
    kept.append_chunk([fact for _, fact in facts(20)], source="past", chunk=3)
    usual = Usual(centre=1.0, low=0.0, high=2.0, spread=1.0, weeks=8)
    kept.append_readings(
        [
            Reading(
                indicator="env.pm25",
                district=f"d{n % 3}",
                at=NOW - n * HOUR,
                value=float(n),
                known_at=NOW - n * HOUR,
                usual=usual if n % 2 else None,
                feeds=("air",),
            )
            for n in range(60)
        ]
    )
    kept.append_alert_events(
        [
            AlertEvent(
                event_id=f"e{n}",
                at=NOW + n * HOUR,
                seq=n,
                key="r:city",
                rule="r",
                occurrence="o",
                kind="H1",
                outcome="applied",
                from_state=State.NORM,
                to_state=State.UNACK,
                actor="system",
                suppressed=("SHELVED",) if n % 2 else (),
            )
            for n in range(5)
        ]
    )
    state = FeedState(
        id="air", kind="file", name="", gives="observation", state=Quality.GOOD, due_every=HOUR
    )
    kept.append_feed_changes([state], known_at=NOW)
    kept.append_pack("abc", {"city.toml": "1"}, at=NOW)
    Notes(kept.engine).note("drop", OBSERVATIONS, NOW - 400 * DAY, now=NOW)


def answers(kept: history.History) -> dict[str, object]:
    """Return what a history answers, in one order."""
    since = NOW - 100 * DAY
    asked = [None, NOW - 30 * DAY, NOW]
    return {
        "observations": [
            sorted(map(repr, kept.observations(since, known_at=known_at))) for known_at in asked
        ],
        "cases": [sorted(map(repr, kept.cases(since, known_at=known_at))) for known_at in asked],
        "notices": sorted(map(repr, kept.notices(since))),
        "readings": kept.readings("env.pm25", start=since, end=NOW + DAY),
        "alert_events": kept.alert_events(),
        "feed_changes": kept.feed_changes(),
        "packs": kept.packs(),
        "counts": kept.counts(),
        "kept_since": kept.kept_since(),
    }
