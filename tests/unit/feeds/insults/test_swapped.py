"""Longitude and latitude exchanged at the source: the city's own shape puts the place right."""

import json
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geodata import Districts, build
from model import Notice
from pipeline.places import place

from .samples import SAMPLES, SECRET
from .sound import told

LONGITUDES = {"lat": "lon", "latitude": "longitude", "Latitude": "Longitude", "y": "x"}


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("INSULT_KEY", SECRET)
    monkeypatch.setenv("INSULT_PUSH", "who-may-push")


def swapped(value: Any) -> Any:
    """Exchange longitude and latitude everywhere in a document."""
    if isinstance(value, list):
        is_pair = len(value) == 2 and all(isinstance(v, int | float) for v in value)
        return value[::-1] if is_pair else [swapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = LONGITUDES | ({"lat": "long"} if "long" in value else {})
    pairs = {a: b for a, b in names.items() if a in value and b in value}
    pairs |= {b: a for a, b in pairs.items()}
    return {name: swapped(value[pairs.get(name, name)]) for name in value}


def city_of(facts: list[Any]) -> Districts:
    """Return a city of one district around everything."""
    spots = [
        shapely.from_wkt(fact.geometry)
        if isinstance(fact, Notice)
        else shapely.Point(fact.lon, fact.lat)
        for fact in facts
    ]
    around = shapely.box(*shapely.union_all(spots).buffer(0.3).bounds)
    return build(gpd.GeoDataFrame({"id": ["d1"]}, geometry=[around], crs=4326), id="id", name="id")


def is_placed(fact: Any) -> bool:
    return getattr(fact, "geometry", None) is not None or getattr(fact, "lat", None) is not None


PLACED = {
    name: sample
    for name, sample in SAMPLES.items()
    if sample.is_json and swapped(json.loads(sample.body)) != json.loads(sample.body)
}


@pytest.mark.parametrize("sample", PLACED.values(), ids=PLACED)
def test_swapped_axes_are_kept_as_sent_and_found_by_the_city(sample):
    straight = [fact for fact in sample.hear()[0].accepted if is_placed(fact)]
    found = told(sample, json.dumps(swapped(json.loads(sample.body))).encode())
    if found is None or not straight:
        pytest.skip("it gives no place, or refuses one outside the area that was asked for")
    facts = [fact for fact in found.accepted if is_placed(fact)]
    city = city_of(straight)

    right, wrong = (place(some, city).facts for some in (straight, facts))

    assert all(_district(fact) == "d1" for fact in right)
    assert all(_district(fact) == "d1" for fact in wrong)
    by_key = {fact.key: fact for fact in straight}
    for fact in facts:
        before = by_key[fact.key]
        if isinstance(fact, Notice):
            continue
        assert (fact.lat, fact.lon) in {(before.lon, before.lat), (before.lat, before.lon)}
        assert replace(fact, lat=before.lat, lon=before.lon) == before


def _district(fact: Any) -> str | None:
    return next(iter(fact.districts), None) if isinstance(fact, Notice) else fact.district_id
