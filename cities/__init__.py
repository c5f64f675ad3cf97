"""City packs: one folder per city, loaded and checked."""

from cities.checking import check
from cities.daysoff import days_of
from cities.loader import load
from cities.pack import Pack, pack_files
from cities.problems import PackError, Problem
from cities.pushing import NoPushError, push_secret
from cities.report import FeedReport, Report
from cities.supply import is_served, lacking

__all__ = [
    "FeedReport",
    "NoPushError",
    "Pack",
    "PackError",
    "Problem",
    "Report",
    "check",
    "days_of",
    "is_served",
    "lacking",
    "load",
    "pack_files",
    "push_secret",
]
