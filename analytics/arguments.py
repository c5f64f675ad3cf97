"""How the jobs are asked for on the command line."""

import argparse
import re
from datetime import date, datetime, timedelta
from typing import Any

CALLS = ("remeasure", "rollup", "backtest")

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_LIMITS = ("warn", "crit", "low", "high", "crit-low", "crit-high", "deadband")
_DELAYS = ("on-delay", "crit-on-delay", "off-delay")


def add(calls: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the jobs to a parser."""
    again = calls.add_parser("remeasure", help="measure the past again and write what differs")
    _span(again, is_needed=True)
    again.add_argument("--indicator", action="extend", nargs="+", metavar="ID", default=[])
    again.add_argument(
        "--recorded",
        action="store_true",
        help="at every instant that has a reading too, not at the hours alone",
    )
    _span(calls.add_parser("rollup", help="roll the readings of a span up again"), is_needed=True)
    played = calls.add_parser("backtest", help="play a rule over the recorded past")
    played.add_argument("rule", metavar="RULE", help="its id in the pack")
    _span(played, is_needed=False)
    for name in _LIMITS:
        played.add_argument(f"--{name}", type=float, metavar="X", help="instead of the rule's")
    for name in _DELAYS:
        played.add_argument(f"--{name}", type=duration, metavar="10m", help="instead of the rule's")
    played.add_argument(
        "--ack-after",
        type=duration_or_never,
        default=timedelta(minutes=5),
        metavar="5m",
        help="how long a person takes to acknowledge; never: nobody does",
    )
    played.add_argument(
        "--known",
        choices=("then", "now"),
        default="then",
        help="the readings as the room saw them (the default), or as they stand now",
    )
    played.add_argument("--json", action="store_true", help="answer as JSON")


def _span(parser: argparse.ArgumentParser, *, is_needed: bool) -> None:
    text = "a day of the city (2026-03-01) or an instant with its zone"
    default = "" if is_needed else "; unsaid: 90 days before the end"
    parser.add_argument(
        "--since", type=moment, required=is_needed, metavar="D", help=text + default
    )
    parser.add_argument("--until", type=moment, metavar="D", help=f"{text}; unsaid: now")


def moment(text: str) -> date | datetime:
    """Read a day, or an instant with a zone.

    Raises:
        argparse.ArgumentTypeError: if it is neither.

    """
    try:
        if len(text) == len("2026-03-01"):
            return date.fromisoformat(text)
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write a day such as 2026-03-01, or an instant such as 2026-03-01T06:00Z"
        )
    return found


def duration(text: str) -> timedelta:
    """Read ``90s``, ``10m``, ``1h30m``, ``2d``.

    >>> duration("1h30m")
    datetime.timedelta(seconds=5400)

    Raises:
        argparse.ArgumentTypeError: if it is none.

    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"{text!r}: write a duration such as 90s, 10m, 1h30m, 2d")
    return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


def duration_or_never(text: str) -> timedelta | None:
    """Read a duration, or ``never``."""
    return None if text == "never" else duration(text)


def changes(wanted: argparse.Namespace) -> dict[str, Any]:
    """Return what is to be other than in the rule, by field."""
    names = [name.replace("-", "_") for name in (*_LIMITS, *_DELAYS)]
    return {name: getattr(wanted, name) for name in names if getattr(wanted, name) is not None}
