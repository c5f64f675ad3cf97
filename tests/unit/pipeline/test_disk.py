"""How full the disk is, told once per crossing."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.disk import NOTE, DiskWatch, used_of
from store import MemoryStore


@pytest.fixture
def told() -> list[float]:
    """What the disk says next, in turn."""
    return []


@pytest.fixture
def watch(told: list[float], tmp_path: Path) -> DiskWatch:
    return DiskWatch(MemoryStore(), [tmp_path], look=lambda _: told.pop(0))


def test_each_crossing_is_told_once_and_a_level_is_left_below_it(
    watch: DiskWatch, told: list[float]
):
    told += [0.5, 0.8, 0.79, 0.81, 0.9, 0.95, 0.885, 0.87, 0.81, 0.779, 0.8]
    with capture_logs() as logs:
        levels = []
        while told:
            watch.step()
            levels.append(watch.level)

    assert levels == [None, 0.8, 0.8, 0.8, 0.9, 0.9, 0.9, 0.8, 0.8, None, 0.8]
    assert [(line["log_level"], line["used"]) for line in logs] == [
        ("warning", 0.8),
        ("warning", 0.9),
        ("info", 0.87),
        ("info", 0.779),
        ("warning", 0.8),
    ]


def test_a_jump_over_both_levels_is_told_as_the_higher(watch: DiskWatch, told: list[float]):
    told += [0.99]
    with capture_logs() as logs:
        watch.step()

    assert [line["level"] for line in logs] == [0.9]


def test_people_see_it_only_where_it_fills_up_and_machines_always(
    watch: DiskWatch, told: list[float]
):
    told += [0.25, 0.9178]

    watch.step()
    assert watch.shown() is None
    assert watch.store.memory(NOTE) == {"used": 0.25, "level": None}
    watch.step()
    assert watch.shown() == 0.91
    assert watch.store.memory(NOTE) == {"used": 0.9178, "level": 0.9}


def test_the_fullest_disk_counts_and_a_place_that_is_not_there_does_not(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    used = {"a": 0.1, "b": 0.85}
    places = [tmp_path / name for name in ("a", "b", "none")]
    watch = DiskWatch(MemoryStore(), places, look=lambda place: used[place.name])

    watch.step()

    assert watch.used == 0.85
    assert 0 < used_of(tmp_path) < 1
