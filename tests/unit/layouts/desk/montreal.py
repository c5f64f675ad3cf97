"""A snapshot of the demo's own pack, made from a seed: real indicators, rules, feeds, districts."""

import math
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import cities
from alerts import Record, Sample, new, observe, view
from layouts.view import View, make_view
from model import (
    CITY,
    AlarmLoad,
    Alert,
    AlertEvent,
    Feed,
    FeedState,
    Notice,
    Quality,
    Reading,
    Rule,
    Snapshot,
    Trend,
    Usual,
)

NOW = datetime(2026, 11, 24, 19, 2, 7, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[4]

# value, usual centre, spread, age in minutes, n
CITY_NOW = {
    "mob.tti": (1.41, 1.28, 0.06, 2, 118),
    "mob.bikes": (52.4, 55.0, 3.0, 1, 840),
    "inf.power": (0.12, 0.08, 0.03, 1, 230),
    "env.river": (72.0, 58.0, 5.0, 2, 6),
    "env.aqi": (38.0, 42.0, 8.0, 14, 11),
    "env.pm25": (8.4, 8.0, 1.6, 14, 11),
    "srv.new": (28.0, 22.0, 3.5, 4, 480),
    "srv.backlog": (9.1, 9.0, 0.6, 4, 4210),
    "srv.overdue": (12.9, 12.0, 1.0, 4, 3977),
    "srv.sla": (91.2, 94.0, 1.2, 4, 11320),
    "srv.netflow": (1.04, 1.0, 0.05, 4, 2900),
    "srv.ttc": (0.94, 0.95, 0.05, 4, 11800),
    "eco.footfall": (104.0, 100.0, 6.0, 22, 31),
}
NUM_DEN = {
    "env.river": (17.35, 24.1),
    "inf.power": (1410.0, 1_175_000.0),
    "srv.new": (480.0, 1_762_949.0),
}


@cache
def pack() -> cities.Pack:
    return cities.load(
        ROOT / "cities" / "montreal", roots=(), places={"demo": "http://127.0.0.1:9"}
    )


@cache
def desk_view(locale: str = "en", *, is_open: bool = False) -> View:
    return make_view(pack(), locale=locale, is_open=is_open, build="b1")


def feed_of(indicator: str) -> str:
    domain = indicator.partition(".")[0]
    return {
        "mob.tti": "traffic",
        "mob.bikes": "bikes",
        "env.river": "river",
        "inf.power": "power",
        "eco.footfall": "footfall",
    }.get(indicator, {"env": "air", "srv": "requests"}.get(domain, "requests"))


def row_of(key: str) -> tuple[float, float, float, float, int]:
    """Return the row of an indicator; one that is not in the table is as usual."""
    if key in CITY_NOW:
        return CITY_NOW[key]
    indicator = next(one for one in pack().indicators if one.id == key)
    low, high = indicator.normal or (9.0, 11.0)
    centre = (low + high) / 2
    return (centre, centre, max((high - low) / 4, 0.1), 3, 300)


def reading(
    key: str, value: float | None, *, district: str = CITY, now: datetime = NOW, **more: object
) -> Reading:
    _, centre, spread, age, n = row_of(key)
    indicator = next(one for one in pack().indicators if one.id == key)
    feed = next(one for one in pack().feeds if one.id == feed_of(key))
    seen = now - timedelta(minutes=age)
    z = None
    if value is not None:
        gap = (value - centre) / spread
        z = (
            gap
            if indicator.direction == "higher"
            else -gap
            if indicator.direction == "lower"
            else -abs(gap) / 3
        )
    num, den = NUM_DEN.get(key, (value, 100.0))
    made = Reading(
        indicator=key,
        district=district,
        at=now,
        value=value,
        num=num,
        den=den,
        n=n if district == CITY else max(5, n // 40),
        coverage=0.97,
        observed_at=seen,
        late_at=seen + feed.latency + feed.every * 1.5,
        stale_at=seen + feed.latency + feed.every * 3,
        nodata_at=seen + feed.latency + feed.every * 10,
        usual=Usual(
            centre=centre, low=centre - 2 * spread, high=centre + 2 * spread, spread=spread, weeks=8
        ),
        z=z,
        feeds=(feed.id,),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields


def districts(now: datetime = NOW) -> list[Reading]:
    rnd = random.Random(7)
    found = []
    for item in pack().districts.items:
        for key in ("srv.new", "srv.backlog", "mob.tti", "inf.power"):
            _, centre, spread, _, _ = CITY_NOW[key]
            value = max(0.0, round(centre + rnd.gauss(0, 0.8) * spread, 2))
            more: dict[str, object] = {}
            if key == "srv.new" and item.id in ("11", "24"):
                value += spread * 5
            found.append(reading(key, value, district=item.id, now=now, **more))
    hidden = next(n for n, r in enumerate(found) if r.indicator == "srv.new" and r.district == "12")
    found[hidden] = replace(
        found[hidden],
        value=None,
        num=None,
        den=None,
        n=None,
        usual=None,
        z=None,
        coverage=None,
        suppressed=True,
        reason="fewer than 5 cases here, or a neighbour that they would betray",
    )
    found.append(
        reading("env.river", 101.3, district="64", now=now, z=-7.0, site="river-sainte-genevieve")
    )
    return found


def hours(now: datetime, seed: int, *, is_dead: bool = False) -> tuple[tuple[str, int, int], ...]:
    """Rows of the last 48 hours; a dead feed has none of the newest, and refused some before."""
    rnd = random.Random(seed)
    last = now.replace(minute=0, second=0, microsecond=0)
    found = []
    for back in range(47, -1, -1):
        if is_dead and (back < 1 or back in (20, 21)):
            continue
        day = 0.6 + 0.4 * math.sin((last.hour - back) / 24 * 6.28)
        bad = round(rnd.random() * 40) if is_dead and back < 9 else 0
        at = (last - timedelta(hours=back)).isoformat().replace("+00:00", "Z")
        found.append((at, round(900 * day + rnd.random() * 90), bad))
    return tuple(found)


def feeds(now: datetime = NOW, *, dead: str | None = None) -> tuple[FeedState, ...]:
    made = []
    for n, feed in enumerate(pack().feeds):
        age = feed.every * (0.4 + 0.07 * n)
        state = Quality.GOOD
        if feed.id == dead:
            age, state = feed.every * 3.6, Quality.STALE
        seen = now - age - feed.latency
        marks = ["ok"] * 44 + ["same", "rejects", "ok", "error" if feed.id == dead else "ok"]
        made.append(
            FeedState(
                id=feed.id,
                kind=feed.kind,
                name=feed.name,
                gives=feed.gives,
                state=state,
                due_every=feed.every,
                latency=feed.latency,
                last_observed_at=seen,
                last_published_at=seen + timedelta(seconds=21),
                last_fetched_at=seen + timedelta(seconds=26),
                next_due_at=now + timedelta(seconds=30),
                accepted=41310 + 977 * n,
                rejected=12 if feed.id == "traffic" else 0,
                hours=hours(now, n, is_dead=feed.id == dead),
                answer_s=0.21 + 0.13 * n,
                good_share=0.9871 if feed.id == dead else 1.0,
                matched=0 if feed.gives == "notice" else 9800,
                unmatched=0 if feed.gives == "notice" else 200,
                failures=5 if feed.id == dead else 0,
                last_error="HTTP 503 from the source, tried 3 times" if feed.id == dead else None,
                last_error_at=now - timedelta(minutes=3) if feed.id == dead else None,
                polls=tuple(marks),
                indicators=tuple(sorted(key for key in CITY_NOW if feed_of(key) == feed.id)),
                licence=feed.licence,
                owner=feed.owner,
            )
        )
    return tuple(made)


def rule(key: str) -> Rule:
    return next(one for one in pack().rules if one.id == key)


def raised(
    key: str, scope: str, value: float, *, minutes: float, now: datetime = NOW
) -> tuple[Record, list[AlertEvent]]:
    """Let the real engine raise an alarm some minutes ago."""
    one = rule(key)
    at, record, events = now - timedelta(minutes=minutes) - one.on_delay, new(one, scope), []
    while at <= now:
        sample = Sample(value=value, quality=Quality.GOOD, observed_at=at, site=None, n=6)
        record, some = observe(one, record, sample, at)
        events += some
        at += timedelta(minutes=1)
    return record, events


def trends(now: datetime = NOW) -> tuple[Trend, ...]:
    made = []
    for seed, (key, (value, centre, spread, _, _)) in enumerate(CITY_NOW.items()):
        rnd, walk, values, low, high = random.Random(seed), 0.0, [], [], []
        for n in range(96):
            walk = 0.85 * walk + rnd.gauss(0, 0.25)
            wave = math.sin(n / 13 + seed) * 0.4
            low.append(centre + (wave - 2) * spread)
            high.append(centre + (wave + 2) * spread)
            share = max(0.0, (n - 80) / 15)
            values.append((centre + (wave + walk) * spread) * (1 - share) + value * share)
        gap: list[float | None] = [None if 30 <= n < 34 else v for n, v in enumerate(values)]
        times = tuple(now - timedelta(minutes=15 * (95 - n)) for n in range(96))
        made.append(
            Trend(
                indicator=key,
                district=CITY,
                times=times,
                values=tuple(gap),
                low=tuple(low),
                high=tuple(high),
            )
        )
    return tuple(made)


def notices(now: datetime = NOW) -> tuple[Notice, ...]:
    common = {"feed_id": "public-alerts", "fetched_at": now}
    return (
        Notice(
            notice_id="n1", headline="Flood watch for the Rivière des Prairies", severity="severe",
            effective=now - timedelta(hours=3), expires=now + timedelta(hours=9),
            districts=("64", "14", "11"), **common,  # type: ignore[arg-type]  # names are right
        ),
        Notice(
            notice_id="n2", headline="Boil water advisory lifted", severity="minor",
            effective=now - timedelta(minutes=40), area="Verdun", **common,  # type: ignore[arg-type]
        ),
    )  # fmt: skip


ROADS = (
    Feed(id="road-works", kind="wzdx", gives="notice", every=timedelta(minutes=5),
         name="Road works"),
    Feed(id="road-events", kind="datex2", gives="notice", every=timedelta(minutes=1),
         name="Traffic centre"),
    Feed(id="transit-alerts", kind="gtfs-rt", gives="notice", every=timedelta(minutes=1),
         name="Transit alerts"),
)  # fmt: skip


@cache
def pack_with_works() -> cities.Pack:
    """The demo's pack as if it read road works, incidents and transit notices, too."""
    return replace(pack(), feeds=(*pack().feeds, *ROADS))


@cache
def works_view(locale: str = "en") -> View:
    return make_view(pack_with_works(), locale=locale, build="b1")


def works(now: datetime = NOW, n: int = 0) -> tuple[Notice, ...]:
    """Notices of every kind and shape; ``n`` more works at places drawn from a seed."""

    def made(feed: str, key: str, headline: str, event: str, **more: object) -> Notice:
        found = Notice(
            feed_id=feed,
            notice_id=key,
            headline=headline,
            event=event,
            fetched_at=now,
            effective=now - timedelta(hours=5),
            expires=now + timedelta(hours=4),
        )
        found = replace(found, **more)  # type: ignore[arg-type]  # a test names real fields
        where = found.geometry
        return replace(found, districts=pack().districts.overlapping(where) if where else ())

    rnd = random.Random(11)
    many = [
        made(
            "road-works",
            f"m{index}",
            f"Resurfacing, section {index}",
            "work-zone",
            severity="minor",
            geometry=f"POINT ({-73.9 + rnd.random() * 0.4:.5f} {45.42 + rnd.random() * 0.27:.5f})",
            effective=now - timedelta(days=1 + index % 40),
        )
        for index in range(n)
    ]
    closed = "LINESTRING (-73.742 45.517, -73.725 45.524, -73.705 45.534)"
    flood = (
        "POLYGON ((-73.87 45.49, -73.74 45.50, -73.66 45.57, -73.64 45.55, "
        "-73.73 45.47, -73.86 45.47, -73.87 45.49))"
    )
    main = "MULTILINESTRING ((-73.577 45.499, -73.567 45.507), (-73.56 45.51, -73.55 45.52))"
    bridge = "MULTIPOINT (-73.541 45.522, -73.53 45.517)"
    line = "LINESTRING (-73.604 45.446, -73.58 45.483)"
    region = "POLYGON ((-75 44, -75 47, -72 47, -72 44, -75 44))"
    return (
        made(
            "road-events",
            "c1",
            "Boulevard Gouin closed at rue Salaberry",
            "road closed",
            severity="severe",
            url="https://roads.example/c1",
            geometry=closed,
        ),
        made(
            "road-events",
            "i1",
            "Collision, two lanes blocked on A-40 east",
            "accident",
            severity="moderate",
            geometry="POINT (-73.602 45.563)",
            expires=None,
        ),
        made(
            "road-works",
            "w1",
            "Rue Sainte-Catherine: water main renewal",
            "work-zone",
            severity="moderate",
            expires=now + timedelta(days=40),
            geometry=main,
        ),
        made(
            "road-works",
            "w2",
            "Pont Jacques-Cartier: night works",
            "work-zone",
            severity="minor",
            geometry=bridge,
        ),
        made(
            "public-alerts",
            "a1",
            "Flood watch for the Rivière des Prairies",
            "flood",
            severity="severe",
            geometry=flood,
        ),
        made(
            "transit-alerts",
            "t1",
            "Green line: no service between Angrignon and Lionel-Groulx",
            "NO_SERVICE",
            severity="moderate",
            geometry=line,
        ),
        made(
            "road-works",
            "far",
            "Works at Drummondville",
            "work-zone",
            geometry="POINT (-72.48 45.88)",
        ),
        made(
            "public-alerts",
            "all",
            "Smog warning for the region",
            "smog",
            severity="minor",
            geometry=region,
            area="Greater Montréal",
        ),
        made(
            "public-alerts",
            "none",
            "Boil water advisory lifted",
            "water",
            severity="minor",
            area="Verdun",
        ),
        *many,
    )


def announced(
    *, now: datetime = NOW, n: int = 0, silent: frozenset[str] = frozenset(), **more: object
) -> Snapshot:
    """A bad hour with works, closures, incidents and notices; ``silent`` names feeds that are."""
    shot = busy(now=now, dead=None, notices=works(now, n))
    heard = tuple(
        FeedState(
            id=feed.id, kind=feed.kind, name=feed.name, gives=feed.gives, due_every=feed.every,
            state=Quality.STALE if feed.id in silent else Quality.GOOD,
            last_observed_at=now - timedelta(minutes=47 if feed.id in silent else 1),
            last_fetched_at=now - timedelta(minutes=47 if feed.id in silent else 1),
        )
        for feed in ROADS
    )  # fmt: skip
    return replace(shot, feeds=(*shot.feeds, *heard), **more)  # type: ignore[arg-type]  # names are right


def events(now: datetime = NOW) -> tuple[dict[str, str], ...]:
    def event(
        minutes: float, kind: str, key: str, scope: str, value: str, **more: str
    ) -> dict[str, str]:
        at = (now - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        titles = {one.id: one.title for one in pack().rules}
        return {
            "at": at, "kind": kind, "occurrence": f"A-{key}-{scope}", "rule": key,
            "title": titles.get(key, key), "scope": scope, "priority": "2", "value": value,
            "actor": "system", "comment": "", **more,
        }  # fmt: skip

    return (
        event(1.6, "raised", "power.district", "71", "6.2"),
        event(4.2, "raised", "river.district", "64", "101.3"),
        event(
            22,
            "acknowledged",
            "traffic.city",
            CITY,
            "1.81",
            actor="Julie Roy",
            comment="crew on site",
        ),
        event(31, "raised", "traffic.city", CITY, "1.79"),
        event(300, "closed", "dq.air", CITY, ""),
    )


def quiet(*, n: int = 1, now: datetime = NOW, **more: object) -> Snapshot:
    """An ordinary day: no alarm, every feed in time."""
    city = [reading(key, row[0], now=now) for key, row in CITY_NOW.items()]
    made = Snapshot(
        version=f"e1-{n}",
        published_at=now,
        city=pack().city,
        readings=(*city, *(r for r in districts(now) if r.indicator != "env.river")),
        feeds=feeds(now),
        trends=trends(now),
        load=AlarmLoad(per_10_min=(0,) * 24),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields


def calm(*, n: int = 1, now: datetime = NOW, **more: object) -> Snapshot:
    """A day on which everything is as usual."""
    city = [reading(one.id, row_of(one.id)[1], now=now) for one in pack().indicators]
    return quiet(n=n, now=now, readings=tuple(city), **more)


def alerts_now(now: datetime = NOW) -> tuple[Alert, ...]:
    wanted = (
        ("river.district", "64", 101.3, 4.2),
        ("power.district", "71", 21.2, 1.6),
        ("traffic.city", CITY, 1.81, 31.0),
        ("services.overdue", CITY, 16.2, 190.0),
    )
    found = []
    for key, scope, value, minutes in wanted:
        record, _ = raised(key, scope, value, minutes=minutes, now=now)
        seen = view(rule(key), record, now)
        assert seen is not None
        found.append(seen)
    taken = {"shown": "ACKED", "state": "ACKED", "acked_by": "Julie Roy", "escalates_at": None}
    found[2] = replace(found[2], **taken)  # type: ignore[arg-type]  # names are right
    return tuple(found)


def busy(
    *, n: int = 1, now: datetime = NOW, dead: str | None = "traffic", **more: object
) -> Snapshot:
    """A bad hour: a flood, a power cut, a slow road, a feed that is silent."""
    city = {key: reading(key, row[0], now=now) for key, row in CITY_NOW.items()}
    city["env.river"] = reading("env.river", 101.3, now=now, site="river-sainte-genevieve")
    if dead:
        for key in CITY_NOW:
            if feed_of(key) == dead:
                seen = now - timedelta(minutes=19)
                city[key] = replace(city[key], quality=Quality.STALE, observed_at=seen)
    made = Snapshot(
        version=f"e1-{n}",
        published_at=now,
        city=pack().city,
        readings=(*city.values(), *districts(now)),
        alerts=alerts_now(now),
        feeds=feeds(now, dead=dead),
        trends=trends(now),
        notices=notices(now),
        load=AlarmLoad(
            per_10_min=(0, 0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 1, 0, 2, 3),
            last_10_min=3, last_hour=7, last_day=41,
        ),
        recent_events=events(now),
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields
