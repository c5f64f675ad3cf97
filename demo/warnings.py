"""Public warnings of the simulated city: which were issued when, for what and where.

Weather warnings follow the simulated weather, a flood warning follows the flood incident. Each is a
chain of messages (Alert, Update, Cancel); a message is known from its ``sent`` instant on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from demo import weather
from demo.almanac import DAY, HOUR
from demo.incidents import MINUTE, Incident, World
from demo.noise import Floats, Ints

SHOWN = 3 * DAY
"""How long a message stays in the index after it was sent."""

_LEAD = 3 * HOUR  # a weather warning is sent that long before its onset
_LONGEST = 4 * DAY


@dataclass(frozen=True)
class Hazard:
    """A kind of warning in the words of CAP; texts are English, then French."""

    event: tuple[str, str]
    category: str
    severity: str
    urgency: str
    response: str
    text: tuple[str, str]
    instruction: tuple[str, str]


@dataclass(frozen=True)
class Message:
    """One CAP message; instants are whole seconds. ``riverside`` tells the area."""

    hazard: Hazard
    msg_type: str
    sent: int
    onset: int
    expires: int
    chain: tuple[tuple[str, int], ...]  # identifier and sent instant of the earlier messages
    is_riverside: bool
    identifier: str


HAZARDS: Mapping[str, Hazard] = {
    "rain": Hazard(
        ("Rainfall warning", "Avertissement de pluie"),
        "Met",
        "Moderate",
        "Future",
        "Prepare",
        ("Heavy rain is expected on the island.", "De fortes pluies sont prévues sur l'île."),
        ("Keep street drains clear.", "Dégagez les puisards."),
    ),
    "snow": Hazard(
        ("Snowfall warning", "Avertissement de neige"),
        "Met",
        "Moderate",
        "Future",
        "Prepare",
        ("Heavy snow is expected on the island.", "De fortes chutes de neige sont prévues."),
        ("Avoid travel that can wait.", "Reportez les déplacements non essentiels."),
    ),
    "wind": Hazard(
        ("Wind warning", "Avertissement de vent"),
        "Met",
        "Moderate",
        "Future",
        "Prepare",
        ("Gusts of 70 km/h or more are expected.", "Des rafales de 70 km/h ou plus sont prévues."),
        ("Secure loose objects.", "Fixez les objets légers."),
    ),
    "cold": Hazard(
        ("Extreme cold warning", "Avertissement de froid extrême"),
        "Met",
        "Severe",
        "Future",
        "Prepare",
        ("Very cold air covers the island.", "De l'air très froid recouvre l'île."),
        ("Dress warmly, check on neighbours.", "Habillez-vous chaudement."),
    ),
    "heat": Hazard(
        ("Heat warning", "Avertissement de chaleur"),
        "Met",
        "Severe",
        "Future",
        "Prepare",
        ("It will be hot and humid.", "Il fera chaud et humide."),
        ("Drink water, rest in cool places.", "Buvez de l'eau, restez au frais."),
    ),
}

FLOOD = Hazard(
    ("Flood warning", "Avertissement d'inondation"),
    "Met",
    "Severe",
    "Immediate",
    "Evacuate",
    (
        "The Rivière des Prairies rises towards flood stage at Sainte-Geneviève.",
        "La rivière des Prairies monte vers le seuil d'inondation à Sainte-Geneviève.",
    ),
    (
        "Move belongings out of basements; follow the directions of the fire service.",
        "Videz les sous-sols; suivez les consignes du service d'incendie.",
    ),
)

_TESTS: Mapping[str, Callable[[int, Ints], Floats]] = {
    "rain": lambda seed, at: (weather.soaked(seed, at, hours=24) > 17.0).astype(np.float64),
    "snow": lambda seed, at: (weather.soaked(seed, at, hours=24, snow=True) > 11.0).astype(float),
    "wind": lambda seed, at: (weather.wind(seed, at) > 36.0).astype(np.float64),
    "cold": lambda seed, at: (weather.temperature(seed, at) < -24.0).astype(np.float64),
    "heat": lambda seed, at: (weather.temperature(seed, at) > 30.0).astype(np.float64),
}


def known(world: World, *, now: int) -> list[Message]:
    """Return the messages sent in the last three days, newest first."""
    found = [
        message
        for message in (*_from_weather(world.seed, now), *_from_floods(world, now))
        if now - SHOWN <= message.sent <= now
    ]
    return sorted(found, key=lambda message: (-message.sent, message.identifier))


def named(world: World, identifier: str, *, now: int) -> Message | None:
    """Return one known message, or ``None``."""
    return next((item for item in known(world, now=now) if item.identifier == identifier), None)


def _from_weather(seed: int, now: int) -> Iterator[Message]:
    first = (now - SHOWN - _LONGEST) // HOUR * HOUR
    at = np.arange(first, now + _LEAD + _LONGEST, HOUR, dtype=np.int64)
    for name, test in _TESTS.items():
        flags = np.concatenate([[0.0], test(seed, at), [0.0]])
        begins = np.flatnonzero(np.diff(flags) > 0.0)
        ends = np.flatnonzero(np.diff(flags) < 0.0)
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
            if begin > 0:  # one that began before the window has its first message there
                yield from _weather_chain(name, int(at[begin]), first + end * HOUR)


def _weather_chain(name: str, onset: int, end: int) -> Iterator[Message]:
    """Return the messages of one spell: an alert, a daily update, a cancel at its end."""
    sent = onset - _LEAD
    sending = [(sent, "Alert"), *((day, "Update") for day in range(sent + DAY, end, DAY))]
    sending.append((end, "Cancel"))
    chain: tuple[tuple[str, int], ...] = ()
    for at, msg_type in sending:
        identifier = f"bartizan-demo-{name}-{onset}-{at}"
        expires = at + HOUR if msg_type == "Cancel" else max(onset, at) + 26 * HOUR
        yield Message(
            HAZARDS[name],
            msg_type,
            at,
            onset,
            expires,
            chain,
            is_riverside=False,
            identifier=identifier,
        )
        chain = (*chain, (identifier, at))


def _from_floods(world: World, now: int) -> Iterator[Message]:
    for incident in world.incidents("flood", now - SHOWN, now):
        yield from _flood_chain(incident)


def _flood_chain(incident: Incident) -> Iterator[Message]:
    """Return an alert two minutes in, an update at the crest and a cancel after the end."""
    sending = [(incident.started + 2 * MINUTE, "Alert")]
    crest = incident.started + 16 * MINUTE
    if crest < incident.ends:
        sending.append((crest, "Update"))
    sending.append((incident.ends + 15 * MINUTE, "Cancel"))
    chain: tuple[tuple[str, int], ...] = ()
    for at, msg_type in sending:
        identifier = f"bartizan-demo-flood-{incident.started}-{at}"
        expires = at + HOUR if msg_type == "Cancel" else at + 6 * HOUR
        yield Message(
            FLOOD,
            msg_type,
            at,
            incident.started,
            expires,
            chain,
            is_riverside=True,
            identifier=identifier,
        )
        chain = (*chain, (identifier, at))
