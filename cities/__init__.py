"""City packs: one folder per city, loaded and checked."""

from cities.loader import load
from cities.pack import Pack, pack_files
from cities.problems import PackError, Problem

__all__ = ["Pack", "PackError", "Problem", "load", "pack_files"]
