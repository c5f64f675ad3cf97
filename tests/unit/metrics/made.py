"""Indicators made up for tests."""

from datetime import timedelta

from model import Indicator


def kpi(direction: str = "lower", **changes: object) -> Indicator:
    given_: dict[str, object] = {
        "id": "x",
        "title": "X",
        "short": "X",
        "unit": "min",
        "direction": direction,
        "domain": "d",
        "cadence": timedelta(hours=1),
        "window": timedelta(hours=1),
        "time_aggregation": "",
        "district_aggregation": "",
        "definition": "",
        "numerator": "",
        "denominator": "",
        "source": "",
    }
    return Indicator(**(given_ | changes))  # type: ignore[arg-type]
