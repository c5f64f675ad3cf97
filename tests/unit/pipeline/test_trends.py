from datetime import UTC, datetime, timedelta

from metrics import INDICATORS
from model import CITY, Reading, Trend
from pipeline.usual import TrendBook

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
STEP = timedelta(minutes=15)
NEW = INDICATORS["srv.new"]
COUNTS = {NOON - 2 * STEP: 40.0, NOON - STEP: 3.0}


class History:
    """A record in which the city's own count was small for one step."""

    def trend(self, indicator, district, *, start, end, step):
        times = tuple(start + step * n for n in range(round((end - start) / step)))
        values = tuple(COUNTS.get(at) for at in times)
        return Trend(indicator=indicator, district=district, times=times, values=values)

    def readings(self, indicator, **_):
        return [
            {"indicator": indicator, "district": CITY, "at": at, "value": n}
            | {"num": n, "den": 1.0, "n": int(n)}
            for at, n in COUNTS.items()
        ]


def book() -> TrendBook:
    found = TrendBook(History(), [NEW], "UTC")
    found.refresh(NOON)
    return found


def test_a_spark_has_a_gap_where_the_city_itself_was_a_small_cell():
    spark = book().now({})[0]
    by_time = dict(zip(spark.times, spark.values, strict=True))

    assert by_time[NOON - 2 * STEP] == 40.0
    assert by_time[NOON - STEP] is None


def test_a_hidden_reading_leaves_no_last_point():
    hidden = Reading(indicator="srv.new", district=CITY, at=NOON, value=None, suppressed=True)
    open_ = Reading(indicator="srv.new", district=CITY, at=NOON, value=41.0)

    assert book().now({("srv.new", CITY): open_})[0].values[-1] == 41.0
    assert book().now({("srv.new", CITY): hidden})[0].values[-1] is None
