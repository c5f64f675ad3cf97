from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

import api
from api import problems
from house import gate
from metrics.privacy import suppress_course
from model import (
    Alert,
    AlertEvent,
    City,
    District,
    Feed,
    FeedState,
    Indicator,
    Quality,
    Reading,
    Rule,
    Snapshot,
    State,
    Usual,
)
from push import Stats
from store import MemoryStore

NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)
CITY = City(id="c", name="C", timezone="America/Toronto")
ALERT = Alert(
    id="A-1",
    key="r:1",
    rule="r",
    title="River high",
    indicator="env.river",
    district="1",
    site=None,
    state=State.UNACK,
    shown="UNACK",
    suppressed=(),
    quality=Quality.GOOD,
    priority=1,
    level=None,
    value=2.0,
    limit=1.5,
    direction="high",
    occurrence="A-1",
    raised_at=NOW - timedelta(minutes=5),
    state_since=NOW - timedelta(minutes=5),
)


@dataclass
class FakeHistory:
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: list[AlertEvent] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    error: Exception | None = None
    kept: dict[str, datetime] = field(default_factory=dict)

    def is_empty(self) -> bool:
        if self.error:
            raise self.error
        return not self.rows

    def kept_since(self) -> dict[str, datetime]:
        return self.kept

    def readings(self, indicator: str, **conditions: Any) -> list[dict[str, Any]]:
        self.asked.append({"indicator": indicator, **conditions})
        wanted = conditions["district"]
        start, end = conditions["start"], conditions["end"]
        known_at = conditions["known_at"]
        found = [
            row
            for row in self.rows
            if wanted in (None, row["district"])
            and row["indicator"] == indicator
            and start <= row["at"] < end
            and (known_at is None or row["known_at"] <= known_at)
        ]
        return sorted(found, key=lambda row: (row["district"], row["at"]))

    series = readings

    def alert_events(
        self, occurrence: str | None = None, *, since: datetime | None = None
    ) -> Sequence[AlertEvent]:
        return [
            event
            for event in self.events
            if occurrence in (None, event.occurrence) and (since is None or event.at >= since)
        ]


def indicator(name: str, **more: Any) -> Indicator:
    return Indicator(
        id=name,
        title=name,
        short=name,
        unit="m",
        direction="lower",
        domain="d",
        cadence=timedelta(minutes=5),
        window=timedelta(hours=3),
        time_aggregation="last",
        district_aggregation="max",
        definition="what it is",
        numerator="n",
        denominator="d",
        source="where from",
        **more,
    )


def reading(indicator: str = "env.river", **more: Any) -> Reading:
    base: dict[str, Any] = {"district": "city", "at": NOW, "value": 1.25, "known_at": NOW}
    return Reading(indicator=indicator, **(base | more))


def a_snapshot(published_at: datetime = NOW) -> Snapshot:
    usual = Usual(centre=1.0, low=0.5, high=1.5, spread=0.25, weeks=8)
    return Snapshot(
        version="0-0",
        published_at=published_at,
        city=CITY,
        readings=(reading(usual=usual, n=3), reading(value=None, quality=Quality.NODATA)),
        alerts=(ALERT,),
        feeds=(
            FeedState(
                id="river",
                kind="sensorthings",
                name="River",
                gives="observation",
                state=Quality.GOOD,
                due_every=timedelta(minutes=5),
                last_observed_at=NOW - timedelta(seconds=90),
                accepted=10,
                rejected=2,
            ),
        ),
    )


@dataclass
class House:
    store: MemoryStore
    history: FakeHistory
    server: Flask
    now: list[datetime]
    pack: SimpleNamespace

    @property
    def client(self):
        return self.server.test_client()


@pytest.fixture
def house():
    """The API over the store in memory and a history of rows, with the house's own gate."""
    store, history, now = MemoryStore(), FakeHistory(), [NOW]
    square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    geojson = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "id": n, "geometry": square} for n in "123"],
    }
    names = {"1": "=HYPERLINK(1)", "2": "Ville-Marie", "3": "مونتريال"}
    items = tuple(District(id=key, name=name, short=name) for key, name in names.items())
    pack = SimpleNamespace(
        city=CITY,
        hash="f" * 64,
        indicators=(indicator("env.river"), indicator("srv.new", is_counted=True)),
        feeds=(
            Feed(id="river", kind="sensorthings", gives="observation", every=timedelta(minutes=5)),
            Feed(
                id="pushed",
                kind="ngsi",
                gives="observation",
                every=timedelta(minutes=5),
                push_secret="env:PUSHED_KEY",
            ),
        ),
        calendar=(),
        rules=(Rule(id="r", title="River high", indicator="env.river", scope="district"),),
        districts=SimpleNamespace(ids=("1", "2", "3"), items=items, geojson=lambda: geojson),
    )
    door = api.Door(
        pack=pack,
        store=store,
        history=history,
        clock=lambda: now[0],
        build="b1",
        stream_stats=lambda: Stats(streams=3, frames=70),
        suppress=suppress_course,
    )
    server = Flask("test", static_folder=None)
    server.register_blueprint(api.blueprint(door))
    server.register_blueprint(api.health_blueprint(door))
    gate.install(server, lambda _path: False, problems.say)
    store.publish(a_snapshot())
    return House(store, history, server, now, pack)
