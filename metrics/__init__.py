"""Indicators: pure functions from what the city knows to readings.

``INDICATORS`` is the catalogue; ``measure`` answers one indicator for every district and for the
city at one instant. No clock, no log, no files.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from metrics import (
    air,
    crime,
    dataquality,
    delivery,
    digital,
    economy,
    heat,
    infrastructure,
    mobility,
    noise,
    opinion,
    punctuality,
    reliability,
    roads,
    safety,
    services,
    social,
    trade,
    transit,
    water,
    waterloss,
)
from metrics.scope import Question, Scope
from metrics.window import Window
from model import Indicator, Reading

__all__ = ["INDICATORS", "Scope", "Window", "measure"]

_MEASURES: tuple[tuple[Indicator, Callable[[Question], list[Reading]]], ...] = (
    (mobility.TTI, mobility.travel_time_index),
    (reliability.PTI, reliability.planning_time_index),
    (mobility.BIKES, mobility.bikes),
    (mobility.PARKING, mobility.parking),
    (roads.CLEARANCE, roads.clearance),
    (roads.KSI, roads.hurt),
    (transit.PUNCTUALITY, transit.on_time),
    (transit.SERVICE, transit.operated),
    (transit.RIDERSHIP, transit.ridership),
    (air.PM25, air.daily_mean),
    (air.NO2, air.daily_mean),
    (air.AQI, air.air_quality_index),
    (noise.NOISE, noise.night_level),
    (heat.HEAT, heat.apparent_temperature),
    (water.RIVER, water.river),
    (waterloss.WATER_LOSS, waterloss.unbilled),
    (services.NEW, services.new_requests),
    (services.BACKLOG, services.backlog),
    (services.NETFLOW, services.net_flow),
    (punctuality.OVERDUE, punctuality.overdue),
    (punctuality.SLA, punctuality.due_cohort),
    (punctuality.TTC, punctuality.time_to_close),
    (delivery.CALLS_30, delivery.calls_in_time),
    (delivery.WASTE, delivery.collections),
    (delivery.PERMITS, delivery.permits),
    (economy.FOOTFALL, economy.footfall),
    (trade.CARD, trade.card_spending),
    (trade.BUSINESS, trade.licences),
    (trade.CLAIMS, trade.jobless_claims),
    (trade.BUILDING, trade.dwellings),
    (economy.HOTELS, economy.hotels),
    (economy.ENERGY, economy.electricity),
    (safety.EMS, safety.ambulances),
    (safety.FIRE, safety.engines),
    (safety.CALLS_911, safety.emergency_calls),
    (crime.VIOLENT, crime.violent),
    (infrastructure.POWER, infrastructure.without_power),
    (infrastructure.WATER, infrastructure.without_water),
    (infrastructure.ASSETS, infrastructure.working),
    (digital.SERVICES, digital.burn),
    (digital.VULNERABILITIES, digital.overdue),
    (digital.OVER_A_WEEK, digital.overdue),
    (opinion.PARTICIPATION, opinion.participation),
    (opinion.SENTIMENT, opinion.tone),
    (social.SHELTER, social.shelters),
    (social.SCHOOL, social.attendance),
    (social.HOSPITAL, social.hospitals),
    (dataquality.FEEDS, dataquality.feeds_in_order),
)

INDICATORS: Mapping[str, Indicator] = {indicator.id: indicator for indicator, _ in _MEASURES}

_BY_ID = {indicator.id: measured for indicator, measured in _MEASURES}


def measure(indicator: Indicator, window: Window, at: datetime, scope: Scope) -> list[Reading]:
    """Return one reading per district of the scope, in its order, and last the city's.

    Only facts observed until ``at`` count, so the same call serves now and any past hour. What is
    unknown has value ``None``, quality NODATA and a reason.

    Raises:
        KeyError: if the catalogue has no such indicator.
        ValueError: if ``at`` carries no zone.

    """
    if at.tzinfo is None:
        raise ValueError(f"naive instant {at}: every instant carries a zone")
    if indicator.id not in _BY_ID:
        raise KeyError(f"unknown indicator {indicator.id!r}; known: {', '.join(sorted(_BY_ID))}")
    return _BY_ID[indicator.id](Question(indicator, window, at, scope))
