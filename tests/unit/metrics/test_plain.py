"""Readings leave the house as JSON: no number of numpy may hide in one."""

import numpy as np
import orjson

from bench import tick
from metrics import INDICATORS, Window, measure


def test_every_reading_of_a_full_city_is_made_of_plain_values() -> None:
    random = np.random.default_rng(1)
    window = Window.from_columns(tick.observations(random), tick.cases(random))
    scope, known = tick.scope(), set()

    for indicator in INDICATORS.values():
        for reading in measure(indicator, window, tick.END, scope):
            orjson.dumps(reading)
            if reading.value is not None:
                known.add(indicator.id)

    assert len(known) > 35
