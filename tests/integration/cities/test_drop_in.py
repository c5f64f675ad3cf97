"""Dropping a GeoJSON and a CSV with a mapping into a folder is enough."""

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import cities

pytestmark = pytest.mark.integration

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
Serve = Callable[[Path], str]

TOML = """
[city]
id = "smallport"
name = "Smallport"
timezone = "Europe/Lisbon"

[districts]
file = "wards.geojson"
id = "ward"
name = "label"
population = "people"

[[feeds]]
id = "complaints"
kind = "file"
{where}
every = "1d"
gives = "case"
separator = ";"
[feeds.columns]
case_id = "Nr"
opened_at = {{ column = "Opened", format = "%d.%m.%Y %H:%M" }}
closed_at = {{ column = "Closed", format = "%d.%m.%Y %H:%M", missing = ["-"] }}
service = "Kind"
lat = {{ column = "Lat", decimal = "," }}
lon = {{ column = "Lon", decimal = "," }}
district = "Ward"
"""

ROWS = """Nr;Opened;Closed;Kind;Lat;Lon;Ward
1;01.03.2026 08:00;-;Lamp;38,25;-9,25;
2;01.03.2026 09:00;02.03.2026 09:00;Tree;38,25;-8,75;
3;02.03.2026 10:00;-;Lamp;-9,25;38,25;
4;02.03.2026 11:00;-;Lamp;40,00;-9,25;
5;02.03.2026 12:00;-;Lamp;;;alfama
6;02.03.2026 13:00;-;Lamp;;;Alfma
7;02.03.2026 14:00;-;Lamp;;;
8;31.02.2026 14:00;-;Lamp;38,25;-9,25;
9;03.03.2026 10:00;-;Lamp;38,25;-9,25
"""

PUSHED = """
[[feeds]]
id = "air"
kind = "ngsi"
every = "5m"
gives = "observation"
push_secret = "env:AIR_KEY"
"""

SECOND = TOML.format(where='path = "complaints.csv"').partition("[[feeds]]")[2]
SECOND = "[[feeds]]" + SECOND.replace('"complaints"', '"others"')


def ward(number: int, label: str, west: float) -> dict[str, object]:
    ring = [[west, 38], [west + 0.5, 38], [west + 0.5, 38.5], [west, 38.5], [west, 38]]
    return {
        "type": "Feature",
        "properties": {"ward": number, "label": label, "people": 1000 * number},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def drop(folder: Path, where: str = 'path = "complaints.csv"') -> Path:
    folder.mkdir(exist_ok=True)
    wards = [ward(1, "Alfama", -9.5), ward(2, "Baixa", -9.0)]
    (folder / "city.toml").write_text(TOML.format(where=where), encoding="utf-8")
    (folder / "wards.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": wards}), encoding="utf-8"
    )
    (folder / "complaints.csv").write_text(ROWS, encoding="utf-8")
    return folder


def test_shapes_a_table_and_a_mapping_show_how_they_meet(tmp_path: Path) -> None:
    report = cities.check(drop(tmp_path / "smallport"), now=NOW)

    (feed,) = report.feeds
    assert report.ok
    assert report.exit_code == 0
    assert (feed.rows, feed.accepted) == (9, 7)
    assert sum(feed.rejected.values()) == 2
    assert feed.matched == 4  # 1, 2, 3 (swapped axes) and 5 (by name)
    assert feed.outside == 1  # 4
    assert feed.unplaced == 2  # 6 and 7
    assert [(one.name, one.count, one.nearest) for one in feed.unknown] == [("Alfma", 1, "Alfama")]
    assert feed.first_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert feed.last_at == datetime(2026, 3, 2, 14, tzinfo=UTC)


def test_the_text_says_the_same_as_the_plain_report(tmp_path: Path) -> None:
    report = cities.check(drop(tmp_path / "smallport"), now=NOW)

    text = "\n".join(report.lines())
    plain = json.loads(json.dumps(report.plain()))
    assert "Smallport: 2 districts, 1 feeds" in text
    assert "9 rows: 7 accepted, 2 rejected" in text
    assert "4 of 7 matched to a district, 1 outside all of them, 2 without a place" in text
    assert "1 × district 'Alfma' is unknown; did you mean 'Alfama'?" in text
    assert "complaints.csv" in text
    assert plain["ok"] is True
    assert plain["feeds"][0]["rows"] == 9
    assert plain["feeds"][0]["first_at"] == "2026-03-01T08:00:00Z"


def test_indicators_of_requests_are_on_without_a_word(tmp_path: Path) -> None:
    pack = cities.load(drop(tmp_path / "smallport"))

    assert {"srv.new", "srv.backlog", "srv.netflow"} <= {one.id for one in pack.indicators}
    assert pack.city.population == 3000


def test_a_bad_pack_is_reported_not_raised(tmp_path: Path) -> None:
    folder = drop(tmp_path / "smallport")
    text = (folder / "city.toml").read_text(encoding="utf-8")
    (folder / "city.toml").write_text(text.replace("people", "peopel"), encoding="utf-8")

    report = cities.check(folder, now=NOW)

    assert report.exit_code == 1
    assert "population = 'peopel': no feature has this property" in "\n".join(report.lines())
    assert report.plain()["problems"][0]["table"] == "[districts]"


def test_a_file_that_cannot_be_read_fails_the_check(tmp_path: Path) -> None:
    folder = drop(tmp_path / "smallport")
    (folder / "complaints.csv").unlink()

    report = cities.check(folder, now=NOW)

    assert report.exit_code == 1
    assert "ERROR no file matches" in "\n".join(report.lines())


def test_too_many_bad_rows_fail_the_check_and_show_why(tmp_path: Path) -> None:
    folder = drop(tmp_path / "smallport")
    (folder / "complaints.csv").write_text(
        ROWS.splitlines()[0] + "\n1;soon;-;Lamp;;;\n2;later;-;Lamp;;;\n", encoding="utf-8"
    )

    report = cities.check(folder, now=NOW)

    assert report.exit_code == 1
    assert sum(report.feeds[0].rejected.values()) == 2


def test_a_url_is_asked_once(tmp_path: Path, serve: Serve) -> None:
    base = serve(drop(tmp_path / "source"))
    folder = drop(tmp_path / "smallport", f'url = "{base}/complaints.csv"')

    report = cities.check(folder, now=NOW, live=True)

    assert report.ok
    assert report.feeds[0].accepted == 7


def test_a_url_that_is_not_there_fails_and_one_that_is_down_is_named(
    tmp_path: Path, serve: Serve
) -> None:
    base = serve(drop(tmp_path / "source"))

    gone = cities.check(drop(tmp_path / "a", f'url = "{base}/none.csv"'), now=NOW, live=True)
    down = cities.check(
        drop(tmp_path / "b", 'url = "http://127.0.0.1:9/x.csv"'), now=NOW, live=True
    )

    assert gone.exit_code == 1
    assert gone.feeds[0].error is not None
    assert down.exit_code == 0
    assert "skipped: not reachable now" in "\n".join(down.lines())


def test_no_url_is_asked_unless_somebody_says_so(tmp_path: Path) -> None:
    folder = drop(tmp_path / "smallport", 'url = "http://127.0.0.1:9/x.csv"')

    report = cities.check(folder, now=NOW)

    text = "\n".join(report.lines())
    assert report.ok
    assert "skipped: not asked: --live polls it once" in text
    assert "1 of 1 feeds were not asked" in text
    assert report.plain()["not_asked"] == 1


def test_the_first_bad_rows_are_shown_with_their_line(tmp_path: Path) -> None:
    report = cities.check(drop(tmp_path / "smallport"), now=NOW)

    (feed,) = report.feeds
    assert [row["line"] for row in feed.plain()["bad_rows"]] == [one.line for one in feed.bad]
    assert len(feed.bad) == 2
    lines = [line for line in report.lines() if line.startswith("    line ")]
    assert len(lines) == 2
    assert all(ROWS.splitlines()[one.line - 1].split(";")[0] in one.raw for one in feed.bad)


def test_a_secret_that_is_not_set_is_a_doubt_and_its_source_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIR_KEY", raising=False)
    folder = drop(tmp_path / "smallport")
    with (folder / "city.toml").open("a", encoding="utf-8") as toml:
        toml.write(PUSHED)

    unset = cities.check(folder, now=NOW, live=True)
    monkeypatch.setenv("AIR_KEY", "k")
    is_set = cities.check(folder, now=NOW)

    text = "\n".join(unset.lines())
    assert unset.ok
    assert "worth a look: feed air: AIR_KEY is not set in the environment" in text
    assert "pushed: it waits for POST /api/v1/feeds/air/push" in text
    assert is_set.doubts == ()


def test_a_source_that_hangs_costs_its_deadline_and_nothing_else(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as silent:
        port = silent.getsockname()[1]
        folder = drop(tmp_path / "smallport", f'url = "http://127.0.0.1:{port}/x.csv"')
        with (folder / "city.toml").open("a", encoding="utf-8") as toml:
            toml.write(SECOND)

        report = cities.check(folder, now=NOW, live=True, deadline=timedelta(seconds=0.4))

    slow, good = report.feeds
    assert report.ok
    assert slow.skipped
    assert good.accepted == 7


def test_a_feed_of_the_simulation_is_skipped_where_it_does_not_run() -> None:
    demo = Path(cities.__file__).parent / "montreal"

    report = cities.check(demo, now=NOW)

    assert report.ok
    assert report.districts == 58
    skipped = {feed.id: feed.skipped for feed in report.feeds if "{demo" in feed.source}
    assert len(skipped) > 4
    assert all((why or "").endswith("} stands for nothing here") for why in skipped.values())
