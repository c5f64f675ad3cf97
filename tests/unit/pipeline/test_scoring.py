from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics import INDICATORS
from model import City, CityScore, Quality, Reading, Snapshot, Threshold, Usual
from pipeline.measuring import Measurer
from pipeline.scoring import ScoreBook, as_readings, reading_of
from tests.unit.metrics.cast import scope

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OTP, TTI = INDICATORS["mob.transit_otp"], INDICATORS["mob.tti"]


class History:
    """Readings of the day before: 80 % on time, a travel time index of 1.5."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def readings(self, indicator, *, district, start, end):
        self.asked.append(indicator)
        value = {"mob.transit_otp": 80.0, "mob.tti": 1.5}.get(indicator)
        at = end - timedelta(minutes=5)
        if value is None or at < start:
            return []
        row = {"indicator": indicator, "district": district, "at": at, "quality": "GOOD"}
        return [row | {"value": value / 2}, row | {"value": value, "n": 400}]


def shown(otp: float | None, tti: float | None, at: datetime = NOON) -> Snapshot:
    def reading(name: str, value: float | None) -> Reading:
        quality = Quality.NODATA if value is None else Quality.GOOD
        return Reading(indicator=name, district="city", at=at, value=value, n=400, quality=quality)

    return Snapshot(
        version="",
        published_at=at,
        city=City(id="c", name="C", timezone="UTC"),
        readings=(reading(OTP.id, otp), reading(TTI.id, tti)),
    )


def book() -> ScoreBook:
    return ScoreBook(History(), [OTP, TTI], ["d1"])  # type: ignore[arg-type]


def test_the_score_is_held_against_the_readings_of_the_day_before() -> None:
    one = book()
    one.refresh(shown(90.0, 1.3), NOON)
    score = one.now()
    assert score is not None
    assert score.moved is not None

    assert score.score == pytest.approx(90.0)
    assert score.moved.since == NOON - DAY
    assert score.moved.points == pytest.approx(40.0)
    assert {c.term: round(c.points) for c in score.moved.contributions} == {
        "mob.transit_otp": 20,
        "mob.tti": 20,
    }


def test_yesterday_is_read_once_an_hour() -> None:
    one = book()
    for minutes in (0, 1, 59):  # not again within the minute
        one.refresh(shown(90.0, 1.3), NOON + timedelta(minutes=minutes))
    assert len(one.history.asked) == 2

    one.refresh(shown(90.0, 1.3), NOON + timedelta(minutes=60))
    assert len(one.history.asked) == 4


def test_before_the_first_snapshot_there_is_no_score() -> None:
    one = book()
    one.refresh(None, NOON)

    assert one.now() is None
    assert one.taken() == []


def test_scores_are_written_every_five_minutes_and_once() -> None:
    one = book()
    one.refresh(shown(90.0, 1.3), NOON)
    first = one.taken()
    one.refresh(shown(90.0, 1.3), NOON + timedelta(minutes=4))

    assert [(r.indicator, r.value) for r in first] == [
        ("score.city", 90.0),
        ("score.mobility", 90.0),
    ]
    assert one.taken() == []
    one.refresh(shown(90.0, 1.3), NOON + timedelta(minutes=5))
    assert len(one.taken()) == 2


def test_no_score_is_written_as_unknown_with_its_coverage() -> None:
    rows = as_readings(CityScore(at=NOON, coverage=0.4, reason="n/a (coverage 40 %)"), NOON)

    assert [(r.value, r.quality, r.coverage) for r in rows] == [(None, Quality.NODATA, 0.4)]


def test_a_row_of_the_history_is_the_reading_that_it_was() -> None:
    usual = Usual(centre=1.0, low=0.5, high=1.5, spread=0.25, weeks=8)
    row = {"indicator": "x", "district": "city", "at": NOON, "value": 2.0, "quality": "UNCERTAIN"}
    full = row | {f"usual_{n}": getattr(usual, n) for n in ("centre", "low", "high", "spread")}

    assert reading_of(full | {"usual_weeks": 8}).usual == usual
    assert reading_of(full).usual is None
    assert reading_of(row).quality is Quality.UNCERTAIN


def test_what_a_measure_expects_itself_is_not_overwritten() -> None:
    own = Usual(centre=5.0, low=1.0, high=9.0, spread=2.0, weeks=12)
    book_ = Usual(centre=1.0, low=0.0, high=2.0, spread=0.5, weeks=8)
    reading = Reading(indicator=TTI.id, district="city", at=NOON, value=7.0, observed_at=NOON)
    for statistic, wanted in (("expected", own), ("", book_)):
        indicator = replace(TTI, statistic=statistic, threshold=Threshold(kind="funnel"))
        measurer = Measurer([indicator], scope())
        measurer.usual = {(TTI.id, "city"): book_}
        measurer.raw[TTI.id, "city"] = replace(reading, usual=own)

        (found,) = measurer.published({}, NOON)

        assert found.usual == wanted


class FewCalls:
    """A city of which the day before tells of so many responses."""

    def __init__(self, n: int) -> None:
        self.n = n

    def readings(self, indicator, *, district, start, end):
        row = {"indicator": indicator, "at": end - timedelta(minutes=5), "quality": "GOOD"}
        rows = [row | {"district": "city", "value": 8.0, "num": 8.0, "den": 1.0, "n": self.n}]
        return [r for r in rows if district in (None, r["district"]) and start <= r["at"] < end]


@pytest.mark.parametrize(("n", "is_told"), [(4, False), (400, True)])
def test_the_day_before_hides_what_it_could_not_show(n: int, is_told: bool) -> None:
    ems = replace(INDICATORS["saf.ems"], min_n=1)
    one = ScoreBook(FewCalls(n), [ems], ["d1"])  # type: ignore[arg-type]

    earlier = one._yesterday(NOON)

    assert earlier is not None
    assert [score.score is not None for score in earlier.scores] == [is_told]
