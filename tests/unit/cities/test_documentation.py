"""docs/city-packs.md names every key that a pack may hold."""

import re
from pathlib import Path

import pytest

import cities
import feeds
from cities import tables
from cities.tally import keys_of

TEXT = (Path(cities.__file__).parents[1] / "docs/city-packs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "table",
    [
        tables.CityTable,
        tables.DistrictsTable,
        tables.FeedTable,
        tables.IndicatorTable,
        tables.ThresholdTable,
        tables.ServiceTable,
        tables.DepartmentTable,
        tables.SceneTable,
        tables.CalendarTable,
        tables.RuleTable,
    ],
)
def test_every_key_is_documented(table: type[tables.Table]) -> None:
    named = set(re.findall(r"[a-z_]+", TEXT))

    assert [key for key in keys_of(table) if key not in named and key != "alarm_class"] == []


def test_every_kind_of_feed_is_named() -> None:
    assert [kind for kind in feeds.KINDS if f"`{kind}`" not in TEXT] == []


def test_the_first_example_is_a_pack_that_loads(tmp_path: Path) -> None:
    example = TEXT.split("```toml\n", 1)[1].split("```", 1)[0]
    lines = [line[3:] for line in example.splitlines()]
    (tmp_path / "city.toml").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "wards.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": '
        '{"ward": 1, "label": "A"}, "geometry": {"type": "Polygon", "coordinates": '
        "[[[0, 0], [1, 0], [1, 1], [0, 0]]]}}]}",
        encoding="utf-8",
    )

    pack = cities.load(tmp_path)

    assert (pack.city.name, len(pack.feeds), pack.districts.ids) == ("Smallport", 1, ("1",))
