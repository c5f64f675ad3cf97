"""CISA's known exploited vulnerabilities, against the list of what the city runs.

Docs: https://www.cisa.gov/known-exploited-vulnerabilities-catalog. Licence: CC0. No key. Quirks:
no versions, so a match may concern an asset and no more; a product may be a list of products or
"Multiple Products"; some entries of 2021 were due before they were added.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from feeds import kev_assets, times
from feeds.base import Kind, Take, Visit
from feeds.errors import FeedError
from feeds.kev_assets import Asset
from feeds.kev_catalogue import Catalogue, Entry, catalogue
from feeds.kev_match import Index, Listed, Match
from feeds.options import Duration, KindOptions
from feeds.standing import settled
from model import Fact, Feed, Notice, Observation, Parsed, Quality
from model.plain import instant

_WEEK = timedelta(days=7)
_HALF = 0.5


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    assets: str
    due: Literal["kev"] | Duration = "kev"
    overdue: Literal["exposed", "all"] = "exposed"
    possible: bool = True
    stale_after: Duration = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Hit:
    """One vulnerability that may concern one asset. ``how`` is ``named`` or ``possible``."""

    asset: Asset
    entry: Entry
    how: str

    @property
    def is_open(self) -> bool:
        """Whether nobody says that it was mended."""
        until = self.asset.patched_until
        is_covered = until is not None and self.entry.added <= until
        return self.entry.cve not in self.asset.patched and not is_covered

    @property
    def weight(self) -> tuple[bool, bool]:
        """Which of two for one asset counts."""
        return self.is_open, self.how == "named"


@dataclass(frozen=True, slots=True)
class Moment:
    """What the counting of one poll is about."""

    feed: Feed
    options: Options
    at: datetime
    released_at: datetime | None

    @property
    def zone(self) -> ZoneInfo:
        """Where days begin."""
        return ZoneInfo(self.feed.timezone)

    def due(self, entry: Entry) -> date:
        """Return the day until whose end a vulnerability is to be mended."""
        return entry.due if self.options.due == "kev" else entry.added + self.options.due


def parse(body: bytes, feed: Feed, fetched_at: datetime, assets: Sequence[Asset] = ()) -> Parsed:
    """Return what a catalogue means for the assets: counts per asset, or notices.

    Counts are ``kev_open`` for every asset, and ``kev_overdue`` and ``kev_overdue_week`` for those
    that are exposed, as of ``fetched_at`` by the days of the feed's zone.

    Raises:
        ValueError: if the body is no catalogue, or holds far fewer entries than it says.

    """
    found = catalogue(body, feed, fetched_at)
    options = Options.model_validate(dict(feed.options))
    moment = Moment(feed, options, fetched_at, found.released_at)
    return Parsed(_judged(found.entries, assets, moment), found.rejected, found.released_at)


def _judged(entries: Iterable[Entry], assets: Sequence[Asset], moment: Moment) -> list[Fact]:
    hits = [hit for hit in _hits(entries, assets) if hit.is_open]
    if not moment.options.possible:
        hits = [hit for hit in hits if hit.how == "named"]
    if moment.feed.gives == "notice":
        return [_notice(hit, moment) for hit in hits]
    return [*_counts(hits, assets, moment)]


def _hits(entries: Iterable[Entry], assets: Iterable[Asset]) -> list[Hit]:
    """Return what meets: every vulnerability of every asset once, mended or not.

    Of two products of one asset the unmended one counts, of those the surer match.
    """
    by_product: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        by_product.setdefault((entry.vendor, entry.product), []).append(entry)
    index = Index.of(by_product)
    met: dict[Listed, list[tuple[Match, Listed]]] = {}
    found: dict[tuple[str, str], Hit] = {}
    for asset in assets:
        pair = (asset.vendor, asset.product)
        if pair not in met:
            met[pair] = index.matches(*pair)
        for how, listed in met[pair]:
            for entry in by_product[listed]:
                hit, key = Hit(asset, entry, how), (asset.id, entry.cve)
                if key not in found or hit.weight > found[key].weight:
                    found[key] = hit
    return list(found.values())


def _counts(hits: Iterable[Hit], assets: Iterable[Asset], moment: Moment) -> list[Observation]:
    today = moment.at.astimezone(moment.zone).date()
    exposed: dict[str, bool] = {}
    for asset in assets:
        exposed[asset.id] = exposed.get(asset.id, False) or asset.is_exposed
    late: dict[str, list[timedelta]] = {name: [] for name in exposed}
    for hit in hits:
        late[hit.asset.id].append(today - moment.due(hit.entry))
    found: list[Observation] = []
    for name, days in late.items():
        found.append(_count(name, "kev_open", len(days), moment))
        if exposed[name] or moment.options.overdue == "all":
            overdue = [some for some in days if some > timedelta(0)]
            week = [some for some in days if some > _WEEK]
            found.append(_count(name, "kev_overdue", len(overdue), moment))
            found.append(_count(name, "kev_overdue_week", len(week), moment))
    return found


def _count(site: str, quantity: str, count: int, moment: Moment) -> Observation:
    released = moment.released_at
    is_old = released is not None and moment.at - released > moment.options.stale_after
    return Observation(
        feed_id=moment.feed.id,
        site_id=site,
        quantity=quantity,
        value=float(count),
        unit="count",
        observed_at=moment.at,
        fetched_at=moment.at,
        published_at=released,
        quality=Quality.UNCERTAIN if is_old else Quality.GOOD,
    )


def _notice(hit: Hit, moment: Moment) -> Notice:
    sure = "" if hit.how == "named" else ", possibly: the products' names agree in part"
    about = f"{hit.asset.id}: {hit.entry.title} ({hit.entry.cve})"
    added = datetime.combine(hit.entry.added, time(), moment.zone)
    return Notice(
        feed_id=moment.feed.id,
        notice_id=f"{hit.entry.cve}/{hit.asset.id}",
        headline=f"{about}, due {moment.due(hit.entry)}{sure}"[:300],
        effective=added.astimezone(UTC),
        fetched_at=moment.at,
        published_at=moment.released_at,
        severity="minor",
        event=hit.entry.cve,
        area=hit.asset.id,
    )


def read(visit: Visit) -> Take:
    """Read the catalogue, or judge what is remembered of it where it is as it was."""
    options = Options.model_validate(dict(visit.feed.options))
    listed = _listed(options.assets, visit.feed.id)
    assets, refused = kev_assets.read(listed, visit.feed, visit.now)
    known, mark = visit.memory.get("kev", {}), hashlib.sha256(listed).hexdigest()
    url, is_same = visit.feed.url or "", known.get("assets") == mark
    if not is_same:  # what is remembered was matched with another list
        visit.get.validators.pop(url, None)
    document = visit.get(url, is_conditional=True, accept="application/json")
    if document.not_modified:
        released = known["released"]
        entries = [Entry.of(texts) for texts in known["entries"]]
        found = Catalogue(entries, [], times.instant(released) if released else None)
    else:
        found = catalogue(document.content, visit.feed, visit.now)
        known = {"assets": mark, "n": len(found.entries)} | _remembered(found, assets, known, visit)
    moment = Moment(visit.feed, options, visit.now, found.released_at)
    told, memory = _judged(found.entries, assets, moment), {"kev": known}
    if visit.feed.gives == "notice":
        notices = [fact for fact in told if isinstance(fact, Notice)]
        ended, memory["standing"] = settled(notices, visit.memory.get("standing", {}), visit.now)
        told = [*ended]
    rejected = [*found.rejected, *([] if is_same else refused)]
    return Take(Parsed(told, rejected, found.released_at), memory)


def _remembered(
    found: Catalogue, assets: Sequence[Asset], known: Mapping[str, Any], visit: Visit
) -> dict[str, Any]:
    """Return of a catalogue what concerns the assets; one that lost half of it is not believed.

    Raises:
        FeedError: if it shrank so.

    """
    if len(found.entries) < _HALF * known.get("n", 0):
        reason = f"the catalogue shrank from {known['n']} to {len(found.entries)} entries"
        raise FeedError(visit.feed.id, f"{reason}: not believed", permanent=True)
    met = dict.fromkeys(hit.entry for hit in _hits(found.entries, assets))
    released = instant(found.released_at) if found.released_at else None
    return {"entries": [entry.plain() for entry in met], "released": released}


def _listed(path: str, feed_id: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        name = Path(path).name
        raise FeedError(feed_id, f"{name}: {problem.strerror}", permanent=False) from problem


KIND = Kind(
    name="kev",
    options=Options,
    read=read,
    parse=parse,
    standard="CISA Known Exploited Vulnerabilities catalogue, JSON",
    gives=frozenset({"observation", "notice"}),
    measures=frozenset({"kev_open", "kev_overdue", "kev_overdue_week"}),
)
