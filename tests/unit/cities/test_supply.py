"""What a city's feeds can serve, what the others lack, and the examples of the catalogue's page."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from cities.catalogue import indicators
from cities.supply import is_served, lacking
from cities.tally import Tally
from metrics import INDICATORS
from model import Feed

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")
EXAMPLES = [
    tomllib.loads(block)["indicators"][0]
    for block in re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
]


def feed(**more: object) -> Feed:
    base = {"id": "f", "kind": "file", "gives": "observation", "every": timedelta(minutes=5)}
    return Feed(**(base | more))  # type: ignore[arg-type]  # names are right


def test_a_city_without_feeds_lacks_every_quantity() -> None:
    assert lacking(INDICATORS["mob.tti"], ()) == ("speed",)
    assert lacking(INDICATORS["srv.new"], ()) == ("case:requests",)


def test_a_feed_that_names_the_quantity_serves() -> None:
    speeds = feed(options={"columns": {"quantity": {"value": "speed"}}})

    assert is_served(INDICATORS["mob.tti"], [speeds])
    assert lacking(INDICATORS["mob.tti"], [speeds]) == ()


def test_cases_about_something_else_do_not_serve() -> None:
    permits = feed(gives="case", subject="permits")

    assert lacking(INDICATORS["srv.new"], [permits]) == ("case:requests",)
    assert lacking(INDICATORS["srv.new"], [feed(gives="case")]) == ()


def test_what_needs_no_facts_lacks_none() -> None:
    assert lacking(INDICATORS["dq.feeds"], ()) == ()


def test_there_is_an_example_for_every_indicator() -> None:
    assert [example["id"] for example in EXAMPLES] != []
    assert {example["id"] for example in EXAMPLES} == set(INDICATORS)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: str(one["id"]))
def test_an_example_of_the_page_gives_the_limits_beside_it(example: dict[str, object]) -> None:
    tally = Tally("city.toml")

    (found,) = indicators([example], (), tally)

    assert tally.problems == []
    assert found.threshold == INDICATORS[found.id].threshold
    assert found.target == INDICATORS[found.id].target
