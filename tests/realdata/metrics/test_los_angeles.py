"""Los Angeles, counted twice: by this room, and by plain Python over the files themselves."""

import csv
import math
import os
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from metrics import INDICATORS, Scope, Window, measure
from model import CITY, Case, District, Observation, Quality, Reading

pytestmark = pytest.mark.realdata

ZONE = ZoneInfo("America/Los_Angeles")
STEP = timedelta(minutes=5)
START = datetime(2012, 3, 1, tzinfo=ZONE).astimezone(UTC)
KM = 1.609344
DATES = "%m/%d/%Y %I:%M:%S %p"


def folder() -> Path:
    """Return where the records of Los Angeles are; skip without them."""
    here = Path(os.environ.get("BARTIZAN_REALDATA", Path(__file__).parents[4] / "shared/data"))
    if not (here / "la").is_dir():
        pytest.skip(f"no records of Los Angeles under {here}")
    return here / "la"


@pytest.fixture(scope="module")
def speeds() -> tuple[list[str], list[list[float]]]:
    path = folder() / "traffic" / "metr_la_speed_20120301_07.csv"
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return head, [[float(cell) * KM for cell in row] for row in rows]


@pytest.fixture(scope="module")
def traffic(speeds: tuple[list[str], list[list[float]]]) -> Window:
    names, rows = speeds
    return Window.build(
        Observation(
            feed_id="traffic",
            site_id=name,
            quantity="speed",
            value=value,
            unit="km/h",
            observed_at=START + i * STEP,
            fetched_at=START + i * STEP,
            district_id="even" if place % 2 == 0 else "odd",
        )
        for i, row in enumerate(rows)
        for place, (name, value) in enumerate(zip(names, row, strict=True))
    )


def percentile(values: list[float], share: float) -> float:
    """Return the percentile, linear between ranks."""
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (rank - low)


def travel_time(rows: list[list[float]], at: datetime) -> tuple[float, float, float, int]:
    """Return value, numerator, denominator and nights, by loops over the file's own rows."""
    local = at.astimezone(ZONE)
    day = local.date() if local.hour >= 5 else local.date() - timedelta(days=1)
    last = datetime(day.year, day.month, day.day, 5, tzinfo=ZONE)
    found: dict[int, list[float]] = defaultdict(list)
    nights = set()
    for i, row in enumerate(rows):
        then = (START + i * STEP).astimezone(ZONE)
        clock = (then.hour, then.minute)
        if then > last or not (clock >= (22, 0) or clock <= (5, 0)):
            continue
        nights.add((then - timedelta(hours=12)).date())
        for place, value in enumerate(row):
            found[place].append(value)
    newest = rows[int((at - START) / STEP)]
    num = sum(1 / value for value in newest)
    den = sum(1 / percentile(found[place], 0.85) for place in range(len(newest)))
    return num / den, num, den, len(nights)


@pytest.mark.parametrize("hour", [8, 32, 41, 65, 89, 104, 128, 152, 167])
def test_travel_time_equals_an_independent_count(
    speeds: tuple[list[str], list[list[float]]], traffic: Window, hour: int
) -> None:
    at = START + timedelta(hours=hour)
    value, num, den, nights = travel_time(speeds[1], at)

    got = measure(INDICATORS["mob.tti"], traffic, at, city())[-1]

    assert got.num == pytest.approx(num, rel=1e-12)
    assert got.den == pytest.approx(den, rel=1e-12)
    assert got.value == pytest.approx(value, rel=1e-12)
    assert got.n == 207
    assert got.quality is Quality.UNCERTAIN
    assert f"free flow from {nights} of 28 nights" in (got.reason or "")
    assert "every sensor weighs the same" in (got.reason or "")


def test_the_rush_is_slow_and_the_night_is_free(traffic: Window) -> None:
    def index(day: int, hour: int) -> float:
        at = datetime(2012, 3, day, hour, tzinfo=ZONE).astimezone(UTC)
        value = measure(INDICATORS["mob.tti"], traffic, at, city())[-1].value
        assert value is not None
        return value

    assert 1.3 < index(6, 8) < 2.5  # Tuesday morning
    assert 1.3 < index(6, 17) < 2.5
    assert 0.95 < index(7, 3) < 1.2
    assert index(4, 8) < index(6, 8)  # Sunday


def city() -> Scope:
    return Scope(
        districts=(
            District(id="even", name="Even", short="Even"),
            District(id="odd", name="Odd", short="Odd"),
        ),
        timezone="America/Los_Angeles",
    )


@pytest.fixture(scope="module")
def requests() -> list[Mapping[str, str]]:
    path = folder() / "311" / "myla311_2018_mini.csv"
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def instant(text: str) -> datetime | None:
    return datetime.strptime(text, DATES).replace(tzinfo=ZONE) if text else None


@pytest.fixture(scope="module")
def asked(requests: list[Mapping[str, str]]) -> Window:
    cases = []
    for row in requests:
        opened, closed = instant(row["CreatedDate"]), instant(row["ClosedDate"])
        assert opened is not None
        cases.append(
            Case(
                feed_id="311",
                case_id=row["SRNumber"],
                opened_at=opened,
                closed_at=closed,
                status="closed" if closed else "open",
                fetched_at=closed or opened,
                service=row["RequestType"],
                district_id=row["NC"] or None,
            )
        )
    return Window.build([], cases)


@pytest.mark.parametrize("at", ["2018-12-28T12:00", "2018-12-31T23:59", "2019-02-01T00:00"])
def test_backlog_and_inflow_equal_the_rows_of_the_file(
    requests: list[Mapping[str, str]], asked: Window, at: str
) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    waiting: Counter[str] = Counter()
    closures: Counter[str] = Counter()
    fresh: Counter[str] = Counter()
    for row in requests:
        opened, closed = instant(row["CreatedDate"]), instant(row["ClosedDate"])
        assert opened is not None
        if opened > now:
            continue
        waiting[row["NC"]] += closed is None or closed > now
        closures[row["NC"]] += closed is not None and now - timedelta(days=28) < closed <= now
        fresh[row["NC"]] += opened > now - timedelta(hours=3)
    places = sorted({row["NC"] for row in requests} - {""})
    scope = Scope(
        districts=tuple(District(id=place, name=place, short=place) for place in places),
        timezone="America/Los_Angeles",
    )

    backlog = by_district(measure(INDICATORS["srv.backlog"], asked, now.astimezone(UTC), scope))
    new = by_district(measure(INDICATORS["srv.new"], asked, now.astimezone(UTC), scope))

    assert len(places) > 90
    for place in places:
        assert (backlog[place].num, backlog[place].n) == (waiting[place], closures[place])
        assert new[place].value == fresh[place]
    assert (backlog[CITY].num, backlog[CITY].n) == (waiting.total(), closures.total())
    assert new[CITY].value == fresh.total()
    assert waiting.total() > 20


def test_the_cases_closed_before_they_were_opened_are_the_23_of_the_file(
    requests: list[Mapping[str, str]], asked: Window
) -> None:
    strange = sum(
        (closed := instant(row["ClosedDate"])) is not None
        and closed < (instant(row["CreatedDate"]) or closed)
        for row in requests
    )
    load = asked.cases

    assert strange == 23
    assert int(((load.closed < load.opened) & (load.closed > 0)).sum()) == strange
    assert len(load) == len({row["SRNumber"] for row in requests})


def by_district(readings: list[Reading]) -> dict[str, Reading]:
    return {reading.district: reading for reading in readings}
