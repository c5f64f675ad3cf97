"""OpenAQ v3: air measured by public and low-cost stations around the world.

Docs: https://docs.openaq.org. A key is needed (``X-API-Key``); 60 requests a minute and 2 000 an
hour. Licence: each provider's own, to be named. Quirks: see ``openaq_parse``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from pydantic import Field

from feeds import times
from feeds.areas import AreaOptions
from feeds.base import Again, Kind, Take, Visit
from feeds.errors import FeedError
from feeds.gathered import read_again, together
from feeds.openaq_parse import (
    QUANTITIES,
    STRANGER,
    Network,
    from_rows,
    network,
    parse,
    results,
)
from feeds.options import Duration, KindOptions
from feeds.secrets import Secret
from feeds.waits import remaining
from model import Feed, Parsed, Reject
from model.plain import instant

_PAGE = 1000
_MOST_PAGES = 50
_FARTHEST_KM = 25.0
_FIRST_LOOK_BACK = timedelta(days=1)
_GONE = ("HTTP 404", "HTTP 410")
_SOONEST = timedelta(hours=1)


class Options(AreaOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    key: Secret | None = None
    locations: tuple[int, ...] = ()
    quantities: tuple[str, ...] = tuple(dict.fromkeys(QUANTITIES.values()))
    detail: Literal["latest", "hours", "measurements"] = "latest"
    monitors_only: bool = False
    max_age: Duration = timedelta(hours=3)
    silent_after: Duration = timedelta(days=7)
    locations_every: Duration = timedelta(days=1)
    requests: int = Field(default=50, ge=2, le=2000)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = [*KindOptions.problems(self, feed), *self.area_problems(_FARTHEST_KM)]
        if self.key is None:
            found.append('key: OpenAQ answers nobody without one: key = "env:OPENAQ_KEY"')
        if sum(map(bool, (self.area, self.bbox, self.locations))) != 1:
            found.append("say one of area = [lat, lon, km], bbox = [w, s, e, n], locations = [ids]")
        if strange := set(self.quantities) - set(QUANTITIES.values()):
            found.append(f"quantities: {', '.join(sorted(strange))} is none of this source")
        return found

    def where(self) -> dict[str, str]:
        """Return the area as the service asks for it."""
        if self.area:
            lat, lon, km = self.area
            return {"coordinates": f"{lat:.6f},{lon:.6f}", "radius": str(round(km * 1000))}
        return {"bbox": ",".join(f"{edge:.6f}" for edge in self.bbox or ())}


@dataclass(slots=True)
class _Asking:
    """Asks within the rate limit. ``is_spent`` says that the rest must wait for the next poll."""

    visit: Visit
    options: Options
    asked: int = 0
    left: int | None = None

    @property
    def is_spent(self) -> bool:
        return self.asked >= self.options.requests or self.left == 0

    def pages(self, path: str, params: Mapping[str, str]) -> Iterator[list[Any]]:
        """Yield page after page until a short one."""
        base = (self.visit.feed.url or "").rstrip("/").removesuffix("/locations")
        key = self.visit.secret(self.options.key or "")
        for page in range(1, _MOST_PAGES + 1):
            answer = self.visit.get(
                f"{base}/{path}",
                {**params, "limit": str(_PAGE), "page": str(page)},
                headers={"X-API-Key": key},
                accept="application/json",
            )
            self.asked += 1
            self.left = remaining(answer.headers)
            rows, found = results(answer.content)
            yield rows
            is_last = isinstance(found, int) and page * _PAGE >= found
            if len(rows) < _PAGE or is_last:
                return


def read(visit: Visit) -> Take:
    """Read the newest values, station by station; the service knows no area for them."""
    options = Options.model_validate(dict(visit.feed.options))
    asking = _Asking(visit, options)
    known, at = _stations(asking, visit.memory.get("openaq", {}))
    after = visit.memory.get("openaq", {}).get("next", "")
    todo = _questions(options, known, visit)
    start = next((n for n, one in enumerate(todo) if one[0] == after), 0)
    todo = [*todo[start:], *todo[:start]]
    answers, rest = _answers(asking, todo, known)
    parsed = together(answers)
    if known.n_silent:
        parsed.skipped["a station that fell silent"] = known.n_silent
    if any(one.reason.startswith(STRANGER) for one in parsed.rejected):
        is_old = times.instant(at) < visit.now - _SOONEST
        at = "" if is_old else at  # there are new stations: they are read at the next poll
    memory: dict[str, Any] = {"openaq": {"network": known.plain(), "at": at, "next": rest}}
    if options.detail != "latest" and not rest:
        memory["since"] = instant(visit.now)
    return Take(parsed, memory)


def _answers(
    asking: _Asking, todo: list[tuple[str, str | None, dict[str, str]]], known: Network
) -> tuple[list[Parsed], str]:
    """Ask what can be asked now; return the answers, and where to go on at the next poll."""
    visit, options = asking.visit, asking.options
    max_age = options.max_age if options.detail == "latest" else None
    answers: list[Parsed] = []
    n_rows = 0
    for path, sensor, params in todo:
        if asking.is_spent:
            return answers, path
        try:
            for rows in asking.pages(path, params):
                first, n_rows = n_rows + 1, n_rows + len(rows)
                answers.append(
                    from_rows(
                        rows,
                        visit.feed,
                        visit.now,
                        known=known,
                        sensor=sensor,
                        max_age=max_age,
                        first=first,
                    )
                )
        except FeedError as problem:
            if problem.reason.startswith(_GONE):
                answers.append(Parsed(skipped={"a station that is gone": 1}))
            elif problem.permanent or not answers:
                raise
            else:  # a limit was hit, or the service failed: what was had is kept
                return answers, path
    return answers, ""


def _stations(asking: _Asking, memory: Mapping[str, Any]) -> tuple[Network, str]:
    """Return the stations of the area, read anew when what is known of them is old."""
    visit, options = asking.visit, asking.options
    read_at = memory.get("at")
    if read_at and times.instant(read_at) > visit.now - options.locations_every:
        return Network.of(memory["network"]), read_at
    rows: list[Any] = []
    if options.locations:
        for one in options.locations:
            rows += [row for page in asking.pages(f"locations/{one}", {}) for row in page]
    else:
        only = {"monitor": "true"} if options.monitors_only else {}
        rows = [r for page in asking.pages("locations", options.where() | only) for r in page]
    wanted = frozenset(options.quantities)
    heard_since = visit.now - options.silent_after
    found = network(rows, wanted, monitors_only=options.monitors_only, heard_since=heard_since)
    if not found.sensors:
        raise FeedError(
            visit.feed.id,
            f"none of {len(rows)} stations there measures what is wanted and is alive",
            permanent=True,
        )
    return found, instant(visit.now)


def _questions(
    options: Options, known: Network, visit: Visit
) -> list[tuple[str, str | None, dict[str, str]]]:
    """Return path, sensor and parameters of every question of a poll."""
    if options.detail != "latest":
        since = visit.memory.get("since")
        start = times.instant(since) - options.max_age if since else visit.now - _FIRST_LOOK_BACK
        span = {"datetime_from": instant(start), "datetime_to": instant(visit.now)}
        return [(f"sensors/{one}/{options.detail}", one, span) for one in sorted(known.sensors)]
    sites = sorted({sensor.site for sensor in known.sensors.values()})
    return [(f"locations/{site}/latest", None, {}) for site in sites]


def again(what: Again) -> Parsed:
    """Read refused rows once more, with the stations as they are known by now."""
    memory = what.memory.get("openaq", {})
    known = Network.of(memory["network"]) if memory else Network()

    def read_row(row: Any, one: Reject) -> Parsed:
        sensor = one.context or None
        return from_rows([row], what.feed, what.now, known=known, sensor=sensor, first=one.line)

    return read_again(what.rejects, read_row)


KIND = Kind(
    name="openaq",
    options=Options,
    read=read,
    parse=parse,
    standard="OpenAQ API v3",
    gives=frozenset({"observation"}),
    again=again,
)
