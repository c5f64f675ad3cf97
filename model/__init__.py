"""The nouns of Bartizan: frozen dataclasses, standard library only, no clock, no I/O."""

from model.alert import Alert, AlertEvent, Command, Level, Outcome, Rationale, Rule, State
from model.city import CalendarEntry, City, Department, District, SceneChoice, Service
from model.delivery import Delivery
from model.facts import Case, Fact, Notice, Observation, Parsed, Reject
from model.feed import Feed, FeedState
from model.indicator import Indicator, Threshold
from model.quality import Quality, worst
from model.reading import CITY, Reading, Trend, Usual
from model.score import (
    CityScore,
    Contribution,
    DomainScore,
    IndicatorScore,
    Movement,
    PlaceScore,
)
from model.snapshot import AlarmLoad, Snapshot

__all__ = [
    "CITY",
    "AlarmLoad",
    "Alert",
    "AlertEvent",
    "CalendarEntry",
    "Case",
    "City",
    "CityScore",
    "Command",
    "Contribution",
    "Delivery",
    "Department",
    "District",
    "DomainScore",
    "Fact",
    "Feed",
    "FeedState",
    "Indicator",
    "IndicatorScore",
    "Level",
    "Movement",
    "Notice",
    "Observation",
    "Outcome",
    "Parsed",
    "PlaceScore",
    "Quality",
    "Rationale",
    "Reading",
    "Reject",
    "Rule",
    "SceneChoice",
    "Service",
    "Snapshot",
    "State",
    "Threshold",
    "Trend",
    "Usual",
    "worst",
]
