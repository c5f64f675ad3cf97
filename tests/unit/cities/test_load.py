"""Loading a pack: what it becomes, and what is said of a bad one."""

# ruff: noqa: E501 - rows of cases read best whole

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import cities
from cities import PackError
from model import CalendarEntry, City, Department, Service

Make = Callable[..., Path]


def problems(folder: Path, **options: object) -> list[str]:
    with pytest.raises(PackError) as caught:
        cities.load(folder, **options)
    return [str(problem) for problem in caught.value.problems]


def test_shapes_and_a_table_are_a_city(make: Make) -> None:
    pack = cities.load(make())

    assert pack.city == City(id="twoville", name="Twoville", timezone="Europe/Paris")
    assert pack.districts.ids == ("1", "2")
    (feed,) = pack.feeds
    assert (feed.id, feed.gives, feed.every) == ("requests", "case", timedelta(hours=1))
    assert feed.timezone == "Europe/Paris"
    assert feed.path == str(pack.folder.resolve() / "requests.csv")


def test_without_a_list_the_indicators_are_those_that_the_feeds_serve(make: Make) -> None:
    on = [one.id for one in cities.load(make()).indicators]

    assert "srv.new" in on
    assert "srv.backlog" in on
    assert not [name for name in on if not name.startswith("srv.")]


def test_without_a_list_the_indicators_follow_what_the_kinds_measure(make: Make) -> None:
    probes = '[[feeds]]\nid = "web"\nkind = "statuspage"\nevery = "1min"\n'
    probes += '[[feeds.targets]]\nid = "home"\nurl = "https://x.example/"'

    on = [one.id for one in cities.load(make(probes)).indicators]

    assert "inf.it" in on
    assert "par.sentiment" not in on


def test_the_list_of_assets_stands_in_the_pack(make: Make) -> None:
    kev = '[[feeds]]\nid = "kev"\nkind = "kev"\ngives = "observation"\nevery = "6h"\n'
    folder = make(f'{kev}url = "https://x.example/kev.json"\nassets = "assets.csv"')
    (folder / "assets.csv").write_text("asset,vendor,product\na,b,c\n", encoding="utf-8")

    feed = cities.load(folder).feeds[-1]

    assert feed.options["assets"] == str(folder.resolve() / "assets.csv")


def test_an_unknown_key_names_the_nearest_known_one(make: Make) -> None:
    found = problems(make(swap={'name = "title"': 'name = "title"\npolulation = "p"'}))

    said = "unknown key 'polulation' in [districts]; did you mean 'population'?"
    assert found == [f"city.toml [districts] polulation: {said}"]


def test_every_problem_is_said_at_once(make: Make) -> None:
    bad = {
        'timezone = "Europe/Paris"': 'timezone = "Europe/Pariss"',
        'kind = "file"': 'kind = "fil"',
        'id = "code"': 'id = "cod"',
    }

    found = problems(make("[cit]\nx = 1", swap=bad))

    assert len(found) == 4
    assert any("unknown key 'cit' in city.toml; did you mean 'city'?" in text for text in found)
    assert any("'Europe/Pariss' is no time zone" in text for text in found)
    assert any("unknown kind 'fil'; did you mean 'file'?" in text for text in found)
    assert any(
        "id = 'cod': no feature has this property; there are code, title" in t for t in found
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('every = "1h"', 'every = "soon"', "every: 'soon' is no duration"),
        ('every = "1h"', "every = 0", "every: must be longer than zero"),
        ('every = "1h"', "every = true", "every: True is no duration"),
        ('every = "1h"', "", "every: missing key 'every'"),
        ('every = "1h"', 'evry = "1h"', "every: missing key 'every'; it is written 'evry'?"),
        ('gives = "case"', 'gives = "cases"', "gives: Input should be 'observation', 'case' or"),
        ('gives = "case"', "", "gives: missing key 'gives': one of case, notice, observation"),
        ('path = "requests.csv"', "", "kind 'file' needs a path or a url"),
        (
            'case_id = "no"',
            'cas_id = "no"',
            "'cas_id' is no canonical field; did you mean 'case_id'?",
        ),
        ('column = "filed",', 'colum = "filed",', "unknown key 'colum' in [[feeds]] requests"),
        ('name = "Twoville"', "name = 7", "name: Input should be a valid string (got 7)"),
        ('id = "twoville"', 'id = "two ville"', "id: String should match pattern"),
        (
            'gives = "case"',
            'gives = "case"\nbackfill = "9d"',
            "only a replayed feed or a simulated",
        ),
        ('gives = "case"', 'gives = "case"\nreplay_gaps = "nearest"', "only a feed with replay"),
        ('gives = "case"', 'gives = "case"\ntimezone = "Mars"', "'Mars' is no time zone"),
        ('gives = "case"', 'gives = "case"\nseparater = ";"', "did you mean 'separator'?"),
        ('gives = "case"', 'gives = "case"\nlatancy = "1m"', "did you mean 'latency'?"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(make: Make, old: str, new: str, said: str) -> None:
    found = problems(make(swap={old: new}))

    assert any(said in text for text in found), found


@pytest.mark.parametrize(
    "said",
    [
        'token = "s3cret-s3cret"',
        'push_secret = "s3cret-s3cret"',
        'url = "ftp://me:s3cret-s3cret@x.example/"',
        'targets = [{ id = "a", url = "ftp://me:s3cret-s3cret@x.example/" }]',
        'targets = [{ id = "a", url = "https://me:s3cret-s3cret@x.example/" }]',
        'targets = [{ id = "a", url = "https://x.example/", key = "s3cret-s3cret" }]',
    ],
)
@pytest.mark.parametrize("kind", ["json", "statuspage", "mqtt", "ngsi"])
def test_a_secret_in_a_pack_is_refused_and_never_repeated(make: Make, kind: str, said: str) -> None:
    more = f'[[feeds]]\nid = "more"\nkind = "{kind}"\nevery = "1h"\n{said}\n'

    found = problems(make(more))

    assert found
    assert "s3cret" not in str(found)


def test_a_missing_pack_and_broken_toml_say_what_is_wrong(make: Make, tmp_path: Path) -> None:
    assert "there is no such file" in problems(tmp_path / "nowhere")[0]
    assert "is not valid TOML" in problems(make("[city"))[0]
    folder = make()
    (folder / "city.toml").write_bytes(b"[city]\nname = '\xe9'")
    assert "is not UTF-8" in problems(folder)[0]


def test_a_table_that_must_be_repeated_says_how_to_write_it(make: Make) -> None:
    folder = make(swap={"[[feeds]]": "[feeds]"})

    assert any("must be written [[feeds]], once for each" in text for text in problems(folder))


def test_a_pack_needs_city_districts_and_a_feed(make: Make) -> None:
    found = problems(make(toml=""))

    assert any("missing table [city]" in text for text in found)
    assert any("missing table [districts]" in text for text in found)
    assert any("needs at least one feed" in text for text in problems(make(toml="[city]\n")))


def test_the_parts_of_a_pack_become_entities(make: Make) -> None:
    pack = cities.load(
        make(
            '[[departments]]\nid = "roads"\nname = "Roads"\nmail = "r@example.org"',
            '[[services]]\nname = "Pothole"\ndepartment = "roads"\ndue_within = "3d"',
            '[[scenes]]\nid = "overview"\ntiles = ["srv.new"]\nhours = "07:00-19:30"',
            '[[calendar]]\nname = "Fair"\nstart = 2026-07-01\nend = 2026-07-03\nkind = "event"',
        )
    )

    assert pack.departments == (Department(id="roads", name="Roads", mail="r@example.org"),)
    assert pack.services == (
        Service(name="Pothole", department="roads", due_within=timedelta(days=3)),
    )
    assert (pack.scenes[0].tiles, pack.scenes[0].hours) == (("srv.new",), "07:00-19:30")
    assert pack.calendar == (CalendarEntry(name="Fair", start="2026-07-01", end="2026-07-03"),)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[[departments]]\nid = "a"\nname = "A"\n[[services]]\nname = "S"\ndepartment = "b"', "no department 'b'"),
        ('[[services]]\nname = "S"\n[[services]]\nname = "S"', "stands in more than one table"),
        ('[[scenes]]\nid = "overview"\ntiles = ["srv.nw"]', "'srv.nw' is not on in this pack; did you mean 'srv.new'?"),
        ('[[scenes]]\nid = "overview"\nhours = "7-19"', "should match pattern"),
        ('[[scenes]]\nid = "overview"\nseconds = 5', "greater than or equal to 30"),
        ('[[calendar]]\nname = "Fair"', "needs name and start, or ics"),
        ('[[calendar]]\nname = "Fair"\nstart = "soon"', "'soon' is no date"),
        ('[[calendar]]\nname = "Fair"\nstart = 2026-07-02\nend = 2026-07-01', "lies before"),
        ('[[calendar]]\nics = "none.ics"', "there is no file 'none.ics' in the pack"),
        ('[[services]]\nnam = "S"', "missing key 'name'; it is written 'nam'?"),
    ],
)  # fmt: skip
def test_a_bad_part_is_named(make: Make, table: str, said: str) -> None:
    assert any(said in text for text in problems(make(table)))


def test_a_calendar_may_be_an_icalendar_file(make: Make) -> None:
    folder = make('[[calendar]]\nics = "events.ics"\nkind = "holiday"')
    (folder / "events.ics").write_bytes(
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Saint-Jean\\, f\xc3\xaate\r\n  nationale\r\n"
        b"DTSTART;VALUE=DATE:20260624\r\nDTEND;VALUE=DATE:20260625\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nSUMMARY:Works\r\nDTSTART:20260701T080000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )

    assert cities.load(folder).calendar == (
        CalendarEntry(
            name="Saint-Jean, fête nationale", start="2026-06-24", end="2026-06-25", kind="holiday"
        ),
        CalendarEntry(name="Works", start="2026-07-01T08:00:00Z", kind="holiday"),
    )


def test_attributes_join_by_id(make: Make) -> None:
    folder = make(swap={'name = "title"': 'name = "title"\nattributes = "more.csv"'})
    (folder / "more.csv").write_text(
        "# counted in 2025\ncode,title,short,borough,population\n1,Left,L,Old town,1200\n2,,,,300\n",
        encoding="utf-8-sig",
    )

    pack = cities.load(folder)

    one, two = pack.districts.items
    assert (one.name, one.short, one.borough, one.population) == ("Left", "L", "Old town", 1200)
    assert (two.name, two.short, two.borough, two.population) == ("East", "East", None, 300)
    assert pack.city.population == 1500


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,title\n1,A\n1,B\n", "id '1' stands on more than one row"),
        ("key,title\n1,A\n", "has no column 'code' or 'id'"),
        ("", "has no column 'code' or 'id', or no row"),
        ("code,title\n9,A\n", "a district '9' that the shapes do not have"),
        ("code,population\n1,many\n", "population 'many' is not a number"),
    ],
)
def test_bad_attributes_are_named(make: Make, text: str, said: str) -> None:
    folder = make(swap={'name = "title"': 'name = "title"\nattributes = "more.csv"'})
    (folder / "more.csv").write_text(text, encoding="utf-8")

    assert any(said in problem for problem in problems(folder))


def test_ids_beside_the_properties_of_geojson_may_be_used(make: Make) -> None:
    folder = make(swap={'id = "code"': 'id = "id"'})
    shapes = (folder / "districts.geojson").read_text(encoding="utf-8")
    numbered = shapes.replace(
        '"type": "Feature", "properties": {"code": 1',
        '"type": "Feature", "id": 11, "properties": {"code": 1',
    )
    numbered = numbered.replace(
        '"type": "Feature", "properties": {"code": 2',
        '"type": "Feature", "id": 12, "properties": {"code": 2',
    )
    (folder / "districts.geojson").write_text(numbered, encoding="utf-8")

    assert cities.load(folder).districts.ids == ("11", "12")


def test_row_numbers_never_stand_in_for_ids(make: Make) -> None:
    assert any(
        "id = 'id': no feature has this property" in t
        for t in problems(make(swap={'id = "code"': 'id = "id"'}))
    )


def test_the_hash_changes_with_any_file_and_only_then(make: Make) -> None:
    folder = make()
    first = cities.load(folder).hash

    assert cities.load(folder).hash == first
    (folder / ".DS_Store").write_text("x", encoding="utf-8")
    assert cities.load(folder).hash == first
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    second = cities.load(folder).hash
    (folder / "notes.txt").rename(folder / "note.txt")
    assert len({first, second, cities.load(folder).hash}) == 3
    assert list(cities.pack_files(folder)) == [
        "city.toml",
        "districts.geojson",
        "note.txt",
        "requests.csv",
    ]
