"""DATEX II situations to notices, one per record.

Quirks: a situation of several records has its comment at the first; times may hold line breaks;
``active`` and ``suspended`` overrule the written times; the end may be no time at all.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, tostring

from feeds import datex2_places, times
from feeds.datex2_options import Options
from feeds.datex2_places import Place
from feeds.datex2_xml import Header, attribute, child, children, said, spoken, type_of, within
from feeds.decode import local, raw
from model import Feed, Notice, Reject

_SEVERITIES = {
    "highest": "extreme",
    "high": "severe",
    "medium": "moderate",
    "low": "minor",
    "lowest": "minor",
    "none": "minor",
}
_STATUSES = {"securityexercise": "exercise", "technicalexercise": "exercise", "test": "test"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HEADLINE = 200
_BROKEN = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)


@dataclass(slots=True)
class Situations:
    """Gathers the notices of a document; of several versions of a record the highest stays."""

    feed: Feed
    options: Options
    fetched_at: datetime
    found: dict[str, tuple[float, Notice]] = field(default_factory=dict)
    rejected: list[Reject] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    line: int = 0

    def add(self, situation: Element, header: Header) -> None:
        """Read the records of a situation."""
        name = attribute(situation, "id")
        told = self._told(situation, name, header)
        for record in children(situation, "situationRecord"):
            self.line += 1
            self.record(record, header, told, situation)
        if not children(situation, "situationRecord"):
            self.skipped["situation without records"] += 1

    def record(
        self,
        record: Element,
        header: Header,
        told: Mapping[str, str],
        situation: Element | None = None,
    ) -> None:
        """Read one record; ``told`` is what its situation says."""
        name = f"{told.get('id', '')}/{attribute(record, 'id')}"
        kept = self.options.restriction(header, situation, record)
        if kept:
            self._refuse(f"confidentiality {kept}: not for this city", name, "confidentiality", {})
            return
        try:
            notice, place = self._notice(record, header, told)
        except _BROKEN as problem:
            words = str(problem) if isinstance(problem, ValueError) else repr(problem)
            self._refuse(words, record, None, told)
            return
        text = f"{notice.headline} {notice.area or ''} {_comment(record, '')}"
        if not self.options.is_near(place.parts, text):
            self.skipped["elsewhere"] += 1
            return
        for odd in place.odd:
            self._refuse(f"geometry: {odd}", record, "geometry", told)
        self._keep(notice, record)

    def _keep(self, notice: Notice, record: Element) -> None:
        version = _version(record)
        before = self.found.get(notice.notice_id)
        if before is None or version >= before[0]:
            self.found[notice.notice_id] = (version, notice)

    def _told(self, situation: Element, name: str, header: Header) -> dict[str, str]:
        """Return what the records of a situation share; also to read one of them again."""
        language = self.options.tongue(header)
        comments = (_comment(one, language) for one in children(situation, "situationRecord"))
        status = said(situation, "headerInformation", "informationStatus")
        return {
            "id": name,
            "headline": next((one for one in comments if one), "")[:_HEADLINE],
            "severity": said(situation, "overallSeverity"),
            "status": status or header.told.get("informationStatus", ""),
            "published": header.told.get("publicationTime", ""),
            "language": header.language,
        }

    def _notice(
        self, record: Element, header: Header, told: Mapping[str, str]
    ) -> tuple[Notice, Place]:
        if not attribute(record, "id") or not told.get("id"):
            raise ValueError("a situation or record without an id")
        published = self._instant(told.get("published", ""))
        version = self._instant(said(record, "situationRecordVersionTime")) or published
        start = self._start(record) or version
        if start is None:
            raise ValueError("overallStartTime is missing")
        end = self._end(record, told)
        if end is not None and end < start:
            raise ValueError(f"ends {end:%Y-%m-%d %H:%M} before it begins {start:%Y-%m-%d %H:%M}")
        state = said(record, "validity", "validityStatus").lower()
        is_over = _is_over(record)
        if state == "suspended" or is_over:
            stopped = version or self.fetched_at
            end = max(start, stopped if end is None else min(end, stopped))
        place = datex2_places.place(record)
        language = self.options.tongue(header)
        area = datex2_places.names(record, language)
        severity = said(record, "severity") or told.get("severity", "")
        notice = Notice(
            feed_id=self.feed.id,
            notice_id=f"{told['id']}/{attribute(record, 'id')}",
            headline=_headline(record, language, told.get("headline", "") or area or ""),
            effective=start,
            fetched_at=self.fetched_at,
            severity=_SEVERITIES.get(severity.lower(), "unknown"),
            status=_STATUSES.get(told.get("status", "").lower(), "actual"),
            msg_type="cancel" if is_over else ("update" if state == "suspended" else "alert"),
            event=_words(type_of(record)) or None,
            expires=end,
            published_at=version,
            geometry=place.wkt,
            area=area,
            url=_link(record),
        )
        return notice, place

    def _start(self, record: Element) -> datetime | None:
        written = said(record, "validity", "validityTimeSpecification", "overallStartTime")
        return self._instant(written) or self._instant(said(record, "situationRecordCreationTime"))

    def _end(self, record: Element, told: Mapping[str, str]) -> datetime | None:
        """Return the written end; one that is no time is refused alone, and none where overrun."""
        written = said(record, "validity", "validityTimeSpecification", "overallEndTime")
        if said(record, "validity", "overrunning").lower() in {"true", "1"}:
            return None
        try:
            return self._instant(written)
        except ValueError as problem:
            self._refuse(str(problem), record, "overallEndTime", told)
            return None

    def _instant(self, written: str) -> datetime | None:
        return times.instant(written, self.feed.timezone) if written else None

    def _refuse(
        self, reason: str, row: Element | str, name: str | None, told: Mapping[str, str]
    ) -> None:
        shown = row if isinstance(row, str) else tostring(row, encoding="unicode")
        self.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=self.line,
                reason=reason[:300],
                raw=raw(shown),
                at=self.fetched_at,
                field=name,
                context=json.dumps(dict(told), ensure_ascii=False) if told else "",
            )
        )

    @property
    def notices(self) -> list[Notice]:
        """The notices in the order in which they came."""
        return [notice for _, notice in self.found.values()]


def _version(record: Element) -> float:
    try:
        return float(attribute(record, "version") or 0)
    except ValueError:
        return 0.0


def _is_over(record: Element) -> bool:
    cycle = child(record, "management", "lifeCycleManagement")
    return any(said(cycle, name).lower() in {"true", "1"} for name in ("end", "cancel"))


def _comment(record: Element, language: str) -> str:
    """Return the first line that is meant for the public."""
    for comment in children(record, "generalPublicComment"):
        if said(comment, "commentType").lower() == "internalnote":
            continue
        lines = [" ".join(line.split()) for line in spoken(comment, language).splitlines()]
        if first := next((line for line in lines if line), ""):
            return first
    return ""


def _headline(record: Element, language: str, shared: str) -> str:
    """Return the record's own comment; else what it is, and what the situation is called."""
    if own := _comment(record, language):
        return own[:_HEADLINE]
    what = _words(type_of(record)) or "traffic situation"
    detail = next(
        (
            _words(" ".join((part.text or "").split()))
            for part in record
            if local(part).endswith("Type") and (part.text or "").strip()
        ),
        "",
    )
    told = f"{what}, {detail}" if detail and detail != what else what
    return (f"{told}: {shared}" if shared else told)[:_HEADLINE]


def _words(code: Any) -> str:
    """Return a code as words.

    >>> _words("RoadOrCarriagewayOrLaneManagement")
    'road or carriageway or lane management'

    """
    return _HUMP.sub(" ", str(code)).lower().strip()


def _link(record: Element) -> str | None:
    found = next((part for part in within(record, "urlLinkAddress")), None)
    url = "" if found is None else (found.text or "").strip()
    return url if url.startswith(("https://", "http://")) else None
