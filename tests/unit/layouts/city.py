"""A realistic snapshot of Montréal's 58 districts, made from a seed: no clock, no network."""

import math
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

import geopandas as gpd
import plotly.data

from geodata import Districts, build
from layouts.view import View, make_view
from model import (
    CITY,
    AlarmLoad,
    Alert,
    City,
    Feed,
    FeedState,
    Indicator,
    Level,
    Quality,
    Reading,
    Rule,
    SceneChoice,
    Snapshot,
    State,
    Trend,
    Usual,
)

NOW = datetime(2026, 4, 23, 18, 2, 7, tzinfo=UTC)
MONTREAL = City(
    id="montreal", name="Montréal", timezone="America/Montreal", locale="en", is_simulated=True
)

# id, short, unit, direction, decimals, target, value,
# usual low, usual high, cadence in minutes, z, age in minutes
ROWS: tuple[
    tuple[str, str, str, str, int, float | None, float, float, float, int, float, float], ...
] = (
    ("mob.tti", "Travel time", "", "lower", 2, 1.3, 1.41, 1.05, 1.40, 5, -1.1, 2),
    ("mob.bikes", "Docks with a bike", "%", "higher", 1, 85, 83.4, 80, 92, 1, -0.8, 0.5),
    ("srv.new", "New 311, 3 h", "per 100 000", "lower", 0, None, 28, 14, 31, 15, -1.6, 2),
    ("env.pm25", "PM2.5, 24 h", "µg/m³", "lower", 1, 15, 8.0, 4, 12, 60, 0.5, 14),
    ("env.aqi", "Air quality index", "", "lower", 0, 50, 38, 20, 70, 60, 0.5, 14),
    ("env.river", "River, flood stage", "%", "lower", 0, 70, 101, 46, 69, 5, -6.2, 2),
    ("srv.backlog", "311 backlog", "days", "lower", 1, 10, 9.1, 5, 12, 1440, -0.4, 480),
    ("srv.overdue", "311 past due", "%", "lower", 1, 8, 12.9, 9, 15, 1440, 0.3, 480),
    ("srv.sla", "311 on time", "%", "higher", 1, 95, 86.2, 90, 97, 1440, -2.8, 480),
    ("srv.netflow", "311 in against out", "×", "band", 2, 1.0, 1.04, 0.9, 1.1, 1440, 0.1, 480),
    ("eco.footfall", "Footfall index", "", "band", 0, 100, 104, 90, 110, 60, 0.6, 22),
    ("inf.power", "Without power", "%", "lower", 2, 0.1, 0.31, 0, 0.2, 5, -4.6, 1),
)
REQUESTS = {"102": 91.0, "64": None, "63": 78.0, "61": 64.0, "62": 52.0, "101": 58.0, "14": 66.0}


@dataclass(frozen=True)
class Pack:
    """What a screen reads of a pack."""

    city: City
    districts: Districts
    indicators: tuple[Indicator, ...]
    scenes: tuple[SceneChoice, ...] = ()
    feeds: tuple[Feed, ...] = ()
    rules: tuple[Rule, ...] = ()


@cache
def districts() -> Districts:
    features = plotly.data.election_geojson()["features"]
    frame = gpd.GeoDataFrame.from_features(features, crs=4326)
    frame["id"] = [str(feature["id"]) for feature in features]
    frame["name"] = [name.split("-", 1)[1] for name in frame["district"]]
    frame["residents"] = 30_000
    frame["borough"] = [f"borough {int(key) // 10}" for key in frame["id"]]
    return build(frame, id="id", name="name", population="residents", borough="borough")


def indicator(row: tuple[object, ...]) -> Indicator:
    key, short, unit, direction, decimals, target, *_, cadence, _z, _age = row
    return Indicator(
        id=str(key),
        title="New 311 requests" if key == "srv.new" else str(short),
        is_counted=str(key).startswith("srv."),
        short=str(short),
        unit=str(unit),
        direction=str(direction),
        domain=str(key).partition(".")[0],
        cadence=timedelta(minutes=float(str(cadence))),
        window=timedelta(hours=3),
        time_aggregation="SUM",
        district_aggregation="RoS",
        definition="",
        numerator="",
        denominator="",
        source="",
        decimals=int(str(decimals)),
        target=None if target is None else float(str(target)),
    )


INDICATORS = tuple(indicator(row) for row in ROWS)


@cache
def pack(*, is_simulated: bool = True, locale: str = "en") -> Pack:
    return Pack(
        city=replace(MONTREAL, is_simulated=is_simulated, locale=locale),
        districts=districts(),
        indicators=INDICATORS,
        feeds=(
            Feed(
                id="speeds",
                kind="sensorthings",
                gives="observation",
                every=timedelta(minutes=5),
                name="Traffic speeds",
            ),
        ),
    )


@cache
def view(locale: str = "en", *, pitch: float = 0.565) -> View:
    return make_view(pack(), locale=locale, wall_pitch_mm=pitch, build="b1")


def reading(  # noqa: PLR0913 - one keyword per thing that differs
    key: str,
    value: float | None,
    *,
    district: str = CITY,
    now: datetime = NOW,
    age: float = 2,
    cadence: float = 5,
    low: float | None = None,
    high: float | None = None,
    z: float | None = None,
    weeks: int = 8,
    **more: object,
) -> Reading:
    observed = now - timedelta(minutes=age)
    due = timedelta(minutes=cadence)
    usual = (
        None
        if low is None or high is None
        else Usual(
            centre=(low + high) / 2, low=low, high=high, spread=(high - low) / 4, weeks=weeks
        )
    )
    made = Reading(
        indicator=key,
        district=district,
        at=now,
        value=value,
        num=value,
        den=100.0,
        n=120,
        observed_at=observed,
        late_at=observed + due * 1.5,
        stale_at=observed + due * 3,
        nodata_at=observed + due * 10,
        usual=usual,
        z=z,
        feeds=("speeds",) if key == "mob.tti" else (),
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields


def alert(  # noqa: PLR0913 - one keyword per thing that differs
    key: str,
    shown: str,
    priority: int,
    *,
    district: str = CITY,
    value: float | None = 101,
    limit: float | None = 100,
    minutes: float = 4.2,
    now: datetime = NOW,
    owner: str | None = None,
    **more: object,
) -> Alert:
    state = State(shown) if shown in State.__members__ else State.ACKED
    made = Alert(
        id=f"{key}:{district}:1",
        key=f"{key}:{district}",
        rule=key,
        title=key,
        indicator=key,
        district=district,
        site=None,
        state=state,
        shown=shown,
        suppressed=("SHELVED",) if shown == "SHELVED" else (),
        quality=Quality.STALE if shown == "HELD" else Quality.GOOD,
        priority=priority,
        level=Level.CRIT,
        value=value,
        limit=limit,
        direction="high",
        occurrence=f"{key}-{district}-1",
        raised_at=now - timedelta(minutes=minutes),
        owner=owner,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # a test names real fields


def trend(row: tuple[object, ...], now: datetime, seed: int) -> Trend:
    rnd = random.Random(seed)
    value, low, high = (float(str(row[n])) for n in (6, 7, 8))
    n, walk, values, lows, highs = 96, 0.0, [], [], []
    for i in range(n):
        walk = 0.8 * walk + rnd.gauss(0, 0.35)
        wave = 0.25 * math.sin(i / 12 + seed)
        half = (high - low) / 2
        lows.append(low + wave * half)
        highs.append(high + wave * half)
        at_end = max(0.0, (i - 84) / 11)
        usual = (low + high) / 2 + wave * half + walk * half * 0.6
        values.append(usual * (1 - at_end) + value * at_end)
    return Trend(
        indicator=str(row[0]),
        district=CITY,
        times=tuple(now - timedelta(minutes=15 * (n - 1 - i)) for i in range(n)),
        values=tuple(values),
        low=tuple(lows),
        high=tuple(highs),
    )


def city_readings(now: datetime = NOW) -> dict[str, Reading]:
    return {
        row[0]: reading(
            row[0], row[6], now=now, age=row[11], cadence=row[9], low=row[7], high=row[8], z=row[10]
        )
        for row in ROWS
    }


def requests(now: datetime = NOW) -> list[Reading]:
    rnd = random.Random(23)
    found = []
    for item in districts().items:
        value = REQUESTS.get(item.id, float(max(9, round(21 + rnd.gauss(0, 5.2)))))
        z = None if value is None else round((22 - value) / 7, 2)
        small = {"suppressed": True} if value is None else {}
        found.append(
            reading(
                "srv.new",
                value,
                district=item.id,
                now=now,
                cadence=15,
                low=12,
                high=29,
                z=z,
                **small,
            )
        )
    return found


def snapshot(
    *,
    n: int = 48211,
    now: datetime = NOW,
    alerts: tuple[Alert, ...] = (),
    changed: dict[str, Reading] | None = None,
) -> Snapshot:
    readings = {**city_readings(now), **(changed or {})}
    feed = FeedState(
        id="speeds",
        kind="sensorthings",
        name="Traffic speeds",
        gives="observation",
        state=readings["mob.tti"].quality,
        due_every=timedelta(minutes=5),
    )
    return Snapshot(
        version=f"e1-{n}",
        published_at=now,
        city=MONTREAL,
        readings=(*readings.values(), *requests(now)),
        alerts=alerts,
        feeds=(feed,),
        trends=tuple(trend(row, now, index) for index, row in enumerate(ROWS)),
        load=AlarmLoad(
            per_10_min=(0, 0, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 1, 0, 2, 3),
            last_10_min=3,
        ),
    )


def alarmed(n: int = 48211, now: datetime = NOW) -> Snapshot:
    """The state of the reference picture: every alarm state, one stale feed."""
    stale = reading(
        "mob.tti",
        1.41,
        now=now,
        age=18,
        low=1.05,
        high=1.4,
        z=-1.1,
        quality=Quality.STALE,
    )
    return snapshot(
        n=n,
        now=now,
        changed={"mob.tti": stale},
        alerts=(
            alert("env.river", "UNACK", 1, district="64", now=now),
            alert("inf.power", "UNACK", 2, district="71", value=2.6, limit=2, minutes=1.6, now=now),
            alert(
                "mob.bikes",
                "CLRA",
                2,
                value=83.4,
                limit=83,
                direction="low",
                minutes=22.2,
                now=now,
                owner="Julie Roy",
            ),
            alert(
                "mob.tti",
                "HELD",
                3,
                district="181",
                value=1.62,
                limit=1.5,
                minutes=31,
                now=now,
                owner="Marc Bouchard",
            ),
            alert(
                "srv.sla",
                "ACKED",
                3,
                value=86.2,
                limit=90,
                direction="low",
                minutes=47.5,
                now=now,
                owner="Marc Bouchard",
            ),
            alert(
                "env.pm25",
                "SHELVED",
                3,
                district="182",
                value=26,
                limit=25,
                minutes=238,
                now=now,
                owner="K. Tremblay",
            ),
        ),
    )


def doubtful(n: int = 48211, now: datetime = NOW) -> Snapshot:
    """One tile in every state of quality, two alarms on frozen data, few weeks, no usual."""

    def made(key: str, **more: object) -> Reading:
        row = next(row for row in ROWS if row[0] == key)
        values: dict[str, object] = {"low": row[7], "high": row[8], "z": row[10], "age": row[11]}
        values |= {"cadence": row[9], "now": now, **more}
        return reading(key, values.pop("value", row[6]), **values)  # type: ignore[arg-type]

    changed = {
        "mob.tti": made("mob.tti", quality=Quality.UNCERTAIN, coverage=0.72, weeks=2),
        "mob.bikes": made("mob.bikes", age=2.2, quality=Quality.LATE),
        "env.pm25": made("env.pm25", age=200, quality=Quality.STALE),
        "env.aqi": made("env.aqi", age=720, quality=Quality.NODATA, value=None),
        "env.river": made("env.river", age=48, quality=Quality.STALE),
        "srv.sla": made("srv.sla", value=183.0, quality=Quality.BAD, reason="over 100 %", z=None),
        "srv.netflow": made("srv.netflow", low=None, high=None, z=None),
        "eco.footfall": made("eco.footfall", value=1234567.0),
        "inf.power": made("inf.power", age=80, quality=Quality.NODATA, value=None),
    }
    return snapshot(
        n=n,
        now=now,
        changed=changed,
        alerts=(
            alert("env.river", "HELD", 2, now=now),
            alert("inf.power", "HELD", 1, district="71", value=2.6, limit=2, now=now),
            alert("srv.backlog", "RTNU", 3, value=9.1, limit=10, now=now),
            alert("srv.overdue", "LATA", 2, value=12.9, limit=12, now=now, owner="Julie Roy"),
            alert(
                "dq.speeds",
                "UNACK",
                3,
                indicator=None,
                feed="speeds",
                value=None,
                limit=None,
                title="Traffic speeds stale",
                now=now,
            ),
        ),
    )
