"""From a table of features to districts: what is repaired, what is refused."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, Point, box

from geodata import GeoError, build
from geodata.names import SHORT_LENGTH


def frame(crs: str | None = "EPSG:4326", **columns: list[object]) -> gpd.GeoDataFrame:
    size = len(next(iter(columns.values())))
    shapes = columns.pop("geometry", [box(n, 50, n + 1, 51) for n in range(size)])
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def problems(features: gpd.GeoDataFrame, **options: object) -> tuple[str, ...]:
    with pytest.raises(GeoError) as caught:
        build(features, **{"id": "id", "name": "name", **options})
    return caught.value.problems


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ([1, 2], ("1", "2")),
        ([47.0, 8.0], ("47", "8")),
        ([" x ", "y"], ("x", "y")),
        (["01", "1"], ("01", "1")),
    ],
)
def test_ids_are_text(given: list[object], ids: tuple[str, ...]) -> None:
    assert build(frame(id=given, name=["A", "B"]), id="id", name="name").ids == ids


def test_an_id_used_twice_is_an_error_that_names_it() -> None:
    assert problems(frame(id=["a", "a", "b"], name=["A", "B", "C"])) == (
        "id 'a' is used by 2 features; an id names one district",
    )


def test_a_missing_id_names_the_feature() -> None:
    assert problems(frame(id=["a", None], name=["A", "B"])) == ("feature 2 has no id",)
    assert problems(frame(id=[1.0, np.nan], name=["A", "B"])) == ("feature 2 has no id",)


def test_the_id_of_the_whole_city_is_taken() -> None:
    assert "stands for the whole city" in problems(frame(id=["city"], name=["A"]))[0]


def test_every_missing_property_is_named_with_those_there_are() -> None:
    found = problems(frame(id=["a"], name=["A"]), id="key", name="title", population="pop")

    assert [text.split(":")[0] for text in found] == [
        "id = 'key'",
        "name = 'title'",
        "population = 'pop'",
    ]
    assert all("there are id, name" in text for text in found)


def test_a_file_without_features_is_refused() -> None:
    assert problems(frame(id=[], name=[], geometry=[])) == ("the file holds no feature",)


@pytest.mark.parametrize(
    "shape", [None, Point(0, 50), LineString([(0, 50), (1, 51)]), shapely.Polygon()]
)
def test_a_feature_without_an_area_is_named(shape: object) -> None:
    features = frame(id=["a", "b"], name=["A", "B"], geometry=[box(0, 50, 1, 51), shape])

    assert problems(features) == ("district 'b' (feature 2) has no area",)


def test_only_the_areas_of_a_mixed_shape_are_kept() -> None:
    mixed = shapely.GeometryCollection([box(0, 50, 1, 51), LineString([(3, 50), (4, 51)])])

    city = build(frame(id=["a"], name=["A"], geometry=[mixed]), id="id", name="name")

    assert city.shapes[0].equals(box(0, 50, 1, 51))


def test_heights_are_dropped() -> None:
    solid = shapely.Polygon([(0, 50, 9), (1, 50, 9), (1, 51, 9)])

    city = build(frame(id=["a"], name=["A"], geometry=[solid]), id="id", name="name")

    assert not city.shapes[0].has_z


def test_coordinates_of_another_system_become_degrees() -> None:
    # Gauss–Krüger-like metres: the Lambert 93 grid; Paris, Notre-Dame, is 652 470 E 6 861 900 N.
    there = frame(
        "EPSG:2154", id=["a"], name=["A"], geometry=[box(652_000, 6_861_000, 653_000, 6_862_000)]
    )

    city = build(there, id="id", name="name")

    assert city.bounds == pytest.approx((2.3458, 48.8480, 2.3595, 48.8570), abs=0.002)
    assert city.district_of(np.array([2.3499]), np.array([48.8530])) == ["a"]


def test_a_file_that_calls_metres_degrees_is_refused_until_told_the_system() -> None:
    metres = [box(652_000, 6_861_000, 653_000, 6_862_000)]
    features = frame(id=["a"], name=["A"], geometry=metres)

    assert "these are not degrees; say the coordinate system" in problems(features)[0]
    assert build(features, id="id", name="name", crs="EPSG:2154").bounds[0] == pytest.approx(
        2.346, abs=0.01
    )


def test_a_system_that_does_not_exist_is_named() -> None:
    assert "EPSG:1" in problems(frame(id=["a"], name=["A"]), crs="EPSG:1")[0]


@pytest.mark.parametrize(
    ("given", "residents"),
    [
        (1200, 1200),
        ("1,200", 1200),
        ("1 200", 1200),
        (1200.0, 1200),
        (None, None),
        (np.nan, None),
        (0, 0),
    ],
)
def test_residents_are_counted_and_missing_stays_missing(
    given: object, residents: int | None
) -> None:
    features = frame(id=["a"], name=["A"], pop=[given])

    assert build(features, id="id", name="name", population="pop").items[0].population == residents


@pytest.mark.parametrize("given", [-3, 12.5, "many"])
def test_what_is_no_count_of_people_is_refused(given: object) -> None:
    found = problems(frame(id=["a"], name=["A"], pop=[given]), population="pop")

    assert found[0].startswith("district 'a': pop")


def test_attributes_win_over_the_file_and_may_bring_new_properties() -> None:
    features = frame(id=["a", "b"], name=["OLD", "Kept"])
    extra = {"a": {"name": "New", "pop": "7"}, "b": {"pop": "8"}}

    city = build(features, id="id", name="name", population="pop", extra=extra)

    assert [(one.name, one.population) for one in city.items] == [("New", 7), ("Kept", 8)]


def test_attributes_of_a_district_that_there_is_none_of_are_an_error() -> None:
    found = problems(frame(id=["a"], name=["A"]), extra={"a": {}, "z": {"name": "Z"}})

    assert found == ("attributes name a district 'z' that the shapes do not have",)


def test_a_given_short_name_is_kept_and_a_long_one_refused() -> None:
    features = frame(id=["a", "b"], name=["Aaa", "Bbb"], short=["A1", "x" * (SHORT_LENGTH + 1)])

    found = problems(features, short="short")

    assert found == (
        f"district 'b': short name {'x' * 21!r} is longer than 20 characters or not unique",
    )


def test_a_name_that_is_missing_is_the_id() -> None:
    assert build(frame(id=["a"], name=[None]), id="id", name="name").items[0].name == "a"
