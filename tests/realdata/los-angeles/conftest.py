"""Where the records are: BARTIZAN_REALDATA, else ``../shared/data``."""

import os
from pathlib import Path

import pytest

import cities
from cities import Pack

ROOT = Path(os.environ.get("BARTIZAN_REALDATA") or Path(cities.__file__).parents[2] / "shared/data")
PACK = Path(__file__).parent


@pytest.fixture(scope="session")
def root() -> Path:
    if not (ROOT / "la").is_dir():
        pytest.skip(f"no records of Los Angeles under {ROOT}; set BARTIZAN_REALDATA")
    return ROOT


@pytest.fixture(scope="session")
def pack(root: Path) -> Pack:
    return cities.load(PACK, roots=[root])
