import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = ["requirements.txt", "requirements-dev.txt", "requirements-spark.txt"]


def pinned(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [re.split(r"==|\[", line)[0] for line in lines if line and line[0].isalnum()]


@pytest.mark.parametrize("name", [name for file in FILES for name in pinned(file)])
def test_every_requirement_says_why_it_is_here(name):
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")

    assert f"`{name}`" in text


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_pinned(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()

    pin = re.compile(r"[\w.-]+(\[[\w,]+\])?==[\w.]+")
    for line in lines:
        assert not line or line[0] in "#-" or pin.fullmatch(line), line


def test_every_call_of_the_api_is_documented():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    paths = json.loads((ROOT / "api" / "openapi.json").read_text(encoding="utf-8"))["paths"]

    for path in paths:
        if path != "/api/v1/readings.csv":
            assert re.sub(r"\{(\w+)\}", r"<\1>", path) in text, path


def test_every_target_of_make_says_what_it_does():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):", text, re.MULTILINE)

    for target in targets:
        assert re.search(rf"^{target}:.*## \S", text, re.MULTILINE), target
    assert {"run", "test", "test-unit", "test-all", "bench", "fix", "help"} <= set(targets)
