"""A worker over a small city publishes its score and keeps its course."""

from datetime import UTC, datetime, timedelta

import pytest

import history
from model import CITY

pytestmark = pytest.mark.integration

HEADER = "Nr,Opened,Closed,Kind,Lat,Lon\n"
ALSO = '\n[[indicators]]\nid = "srv.netflow"\nweight = 9\n'


def test_the_score_is_published_and_kept_in_the_history(city):
    opened = datetime.now(UTC) - timedelta(days=40)
    rows = [
        f"{n},{opened + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ},"
        f"{opened + timedelta(hours=n + 5):%Y-%m-%dT%H:%M:%SZ},Pothole,0.5,0.5\n"
        for n in range(950)
    ]
    city.csv.write_text(HEADER + "".join(rows), encoding="utf-8")
    pack = city.folder / "city.toml"
    pack.write_text(pack.read_text(encoding="utf-8") + ALSO, encoding="utf-8")
    city.start()
    try:
        found = city.snapshot(lambda s: s.score is not None, "no score was published").score
    finally:
        assert city.stop() == 0

    assert {score.indicator for score in found.indicators} == {"srv.new", "srv.netflow"}
    memory = history.open(city.data / "history", writer=False)
    start, end = (found.at + timedelta(hours=hours) for hours in (-1, 1))
    try:
        (row, *_) = memory.readings("score.city", district=CITY, start=start, end=end)
    finally:
        memory.close()
    assert row["coverage"] == pytest.approx(found.coverage)
