"""Where a pack may look, and where not."""

from collections.abc import Callable
from pathlib import Path

import pytest

import cities
from cities import PackError
from cities.places import PlaceError, Places

Make = Callable[..., Path]


def test_data_stands_for_the_first_root_that_has_the_path(tmp_path: Path) -> None:
    for name, inside in (("one", "a.csv"), ("two", "b.csv"), ("three", "b.csv")):
        (tmp_path / name).mkdir()
        (tmp_path / name / inside).write_text("x", encoding="utf-8")
    roots = [tmp_path / name for name in ("one", "two", "three")]
    places = Places.of(tmp_path / "pack", roots)

    assert places.pattern("{data}/a.csv") == str(tmp_path.resolve() / "one/a.csv")
    assert places.pattern("{data}/b*.csv") == str(tmp_path.resolve() / "two/b*.csv")


def test_a_path_that_no_root_has_says_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match=r"nothing at '{data}/x.csv' in any data root; looked in"):
        Places.of(tmp_path, [tmp_path]).pattern("{data}/x.csv")
    with pytest.raises(PlaceError, match="needs a data root: set BARTIZAN_DATA_ROOTS"):
        Places.of(tmp_path).pattern("{data}/x.csv")
    with pytest.raises(PlaceError, match="at the beginning"):
        Places.of(tmp_path, [tmp_path]).pattern("x/{data}")


@pytest.mark.parametrize(
    "path", ["../secret.csv", "/etc/hosts", "sub/../../secret.csv", "link.csv", "*.csv"]
)
def test_no_path_leads_out_of_the_pack(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "pack"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("x", encoding="utf-8")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")

    with pytest.raises(PlaceError, match="outside the pack and the data roots"):
        Places.of(folder).pattern(path)


def test_a_wildcard_may_not_be_followed_by_a_way_up(tmp_path: Path) -> None:
    with pytest.raises(PlaceError, match="may not follow a wildcard"):
        Places.of(tmp_path).pattern("*/../../x")


def test_a_root_is_allowed_by_its_absolute_path_and_through_links(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("x", encoding="utf-8")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "link.csv").symlink_to(data / "a.csv")
    places = Places.of(tmp_path / "pack", [data])

    assert places.pattern(str(data / "a.csv")) == str(data.resolve() / "a.csv")
    assert places.pattern("link.csv") == str(data.resolve() / "a.csv")


def test_a_file_that_comes_later_is_no_problem_of_the_pack(make: Make) -> None:
    pack = cities.load(make(swap={'path = "requests.csv"': 'path = "daily/*.csv"'}))

    assert pack.feeds[0].path == str(pack.folder.resolve() / "daily/*.csv")


def test_a_placeholder_of_a_url_is_filled_in_or_named(tmp_path: Path) -> None:
    places = Places.of(tmp_path, names={"demo": "http://127.0.0.1:9"})

    assert places.url("{demo}/open311/v2") == "http://127.0.0.1:9/open311/v2"
    with pytest.raises(PlaceError, match=r"{dome} in .* stands for nothing here; known: {demo}"):
        places.url("{dome}/x")
    assert Places.of(tmp_path, is_strict=False).url("{demo}/x") == "{demo}/x"


def test_what_reads_the_simulation_says_that_it_is_simulated(make: Make) -> None:
    feed = '[[feeds]]\nid = "alerts"\nkind = "cap"\nurl = "{demo}/cap/alerts.atom"\nevery = "1m"'
    demo = {"demo": "http://127.0.0.1:9"}

    with pytest.raises(PackError, match="say simulated = true"):
        cities.load(make(feed), places=demo)
    said = {'name = "Twoville"': 'name = "Twoville"\nsimulated = true'}
    pack = cities.load(make(feed, swap=said), places=demo)
    assert pack.city.is_simulated
    assert (pack.feeds[1].url, pack.feeds[1].gives) == (
        "http://127.0.0.1:9/cap/alerts.atom",
        "notice",
    )


def test_a_path_in_the_options_of_a_feed_is_resolved_too(make: Make, tmp_path: Path) -> None:
    feed = """
[[feeds]]
id = "speeds"
kind = "file"
path = "speeds.csv"
every = "5m"
gives = "observation"
sites = { path = "SITES", id = "id", lat = "lat", lon = "lon" }
[feeds.columns]
site_id = "site"
observed_at = "at"
quantity = { value = "speed" }
value = { column = "v", unit = "km/h" }
"""
    folder = make(feed.replace("SITES", "sites.csv"))
    (folder / "sites.csv").write_text("id,lat,lon\n", encoding="utf-8")
    (tmp_path / "outside.csv").write_text("id,lat,lon\n", encoding="utf-8")

    assert cities.load(folder).feeds[1].options["sites"]["path"] == str(
        folder.resolve() / "sites.csv"
    )
    with pytest.raises(PackError, match="outside the pack"):
        cities.load(make(feed.replace("SITES", "../outside.csv")))
