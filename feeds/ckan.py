"""CKAN, OpenDataSoft and DKAN: rows of open-data portals, or the files that they list.

Docs: https://docs.ckan.org/en/latest/maintaining/datastore.html,
https://help.opendatasoft.com/apis/ods-explore-v2/, https://dkan.readthedocs.io/. No key is needed
for what is public. Quirks: a limit is lowered without a word; resources get new ids when staff
load them anew, so a pack may name the package; a resource may be a file only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from feeds import file, times
from feeds.base import Again, Kind, Take, Visit
from feeds.ckan_parse import Options, facts_of, parse, unwrapped
from feeds.ckan_walk import Walk, base, headers, ods_url
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.located import located, reread
from model import Parsed, Reject
from model.plain import instant


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a portal: when it changed, where its file is, whether it has rows."""

    id: str
    changed: str | None = None
    url: str | None = None
    format: str = ""
    has_rows: bool = True


def read(visit: Visit) -> Take:
    """Read the rows of a resource, or its file, when the portal says that it changed."""
    options = Options.model_validate(dict(visit.feed.options))
    resource = _resource(visit, options)
    if not resource.has_rows:
        return _as_file(visit, options, resource)
    known = dict(visit.memory.get("ckan", {}))
    walk = Walk(visit, options, resource.id)
    try:
        marks = _marks(walk, resource)
    except FeedError as failure:
        if not (failure.permanent and resource.url):
            raise
        return _as_file(visit, options, resource)
    if known.get("id") != resource.id:
        known = {}
    if _is_unchanged(known, marks, options, visit.now):
        return Take(Parsed(), {"ckan": known}, not_modified=True)
    return _rows(walk, _begun(known, options, visit.now), marks)


def _marks(walk: Walk, resource: Resource) -> dict[str, Any]:
    """Return by what a change is known; rows that are added do not always change the resource."""
    marks: dict[str, Any] = {"id": resource.id, "changed": resource.changed}
    if walk.options.dialect == "ckan":
        newest = walk.page(0, 1, "_id desc")
        row = newest.rows[0] if newest.rows else {}
        return {**marks, "total": newest.total, "newest": _id(row)}
    return marks


def _id(row: Any) -> str:
    return str(row.get("_id")) if isinstance(row, Mapping) else ""


def _is_unchanged(
    known: Mapping[str, Any], marks: Mapping[str, Any], options: Options, now: datetime
) -> bool:
    if known.get("more") or marks["changed"] is None or _is_due(known, options, now):
        return False
    return all(known.get(name) == value for name, value in marks.items())


def _is_due(known: Mapping[str, Any], options: Options, now: datetime) -> bool:
    counted = known.get("counted")
    return counted is None or times.instant(counted) <= now - options.recount_every


def _begun(known: Mapping[str, Any], options: Options, now: datetime) -> dict[str, Any]:
    """Return where to begin: where the last poll was cut off, after what was read, or anew."""
    if known.get("more") or (options.appends and not _is_due(known, options, now)):
        return dict(known)
    return {"counted": instant(now), "digest": known.get("digest")}


def _rows(walk: Walk, known: Mapping[str, Any], marks: Mapping[str, Any]) -> Take:
    rows = walk.rows(known)
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()
    after = {"counted": known["counted"], "digest": digest, **marks, **walk.state}
    if digest == known.get("digest"):
        return Take(Parsed(), {"ckan": after}, not_modified=True)
    parsed = facts_of(rows, walk.visit.feed, walk.visit.now)
    if walk.odd:
        parsed.rejected.insert(0, _told(walk.visit, walk.odd))
    published = _published(marks["changed"])
    return Take(replace(parsed, published_at=published), {"ckan": after})


def _told(visit: Visit, reason: str) -> Reject:
    return Reject(feed_id=visit.feed.id, line=0, reason=reason, raw="", at=visit.now)


def _published(said: str | None) -> datetime | None:
    """Return when a resource changed; CKAN means UTC and does not say so."""
    try:
        return times.instant(said or "")
    except ValueError:
        return None


def _resource(visit: Visit, options: Options) -> Resource:
    name = options.resource_id or ""
    if options.dialect == "dkan":
        return Resource(name)
    if options.dialect == "opendatasoft":
        return Resource(name, _ods_changed(_about(visit, options, ods_url(visit, name))))
    if options.package:
        return _newest(visit, options)
    url = f"{base(visit)}/api/3/action/resource_show"
    found = _about(visit, options, url, {"id": name})
    result = found.get("result")
    return _read(result) if isinstance(result, Mapping) and result.get("id") else Resource(name)


def _about(
    visit: Visit, options: Options, url: str, params: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Ask about a resource; a portal that keeps it to itself costs nothing but a full read."""
    try:
        document = visit.get(url, params, headers=headers(visit, options))
        found = from_json(document.content, document.charset)
    except FeedError as failure:
        if not failure.permanent:
            raise
        return {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ods_changed(found: Mapping[str, Any]) -> str | None:
    metas = found.get("metas")
    usual = metas.get("default") if isinstance(metas, Mapping) else None
    if not isinstance(usual, Mapping):
        return None
    said = [str(usual[name]) for name in ("data_processed", "modified") if usual.get(name)]
    return said[0] if said else None


def _newest(visit: Visit, options: Options) -> Resource:
    """Return the newest resource of a package that has the wanted name and format."""
    url = f"{base(visit)}/api/3/action/package_show"
    document = visit.get(url, {"id": options.package or ""}, headers=headers(visit, options))
    result = unwrapped(from_json(document.content, document.charset), visit.feed)
    listed = result.get("resources") if isinstance(result, Mapping) else None
    every = [one for one in listed or [] if isinstance(one, Mapping) and one.get("id")]
    found = [one for one in every if _is_wanted(one, options)]
    if not found:
        there = ", ".join(repr(f"{one.get('name')} ({one.get('format')})") for one in every[:12])
        raise FeedError(
            visit.feed.id,
            f"package {options.package!r} has no such resource; there are {there or 'none'}",
            permanent=True,
        )
    return _read(max(found, key=lambda one: _changed(one) or ""))


def _is_wanted(one: Mapping[str, Any], options: Options) -> bool:
    name = str(one.get("name") or "").strip().casefold()
    wanted = (options.resource_name or "*").casefold()
    kind = str(one.get("format") or "").strip().casefold().lstrip(".")
    is_format = options.resource_format is None or kind == options.resource_format.casefold()
    return is_format and fnmatchcase(name, wanted) and one.get("state", "active") == "active"


def _changed(one: Mapping[str, Any]) -> str | None:
    names = ("last_modified", "metadata_modified", "created")
    return next((str(one[name]) for name in names if one.get(name)), None)


def _read(one: Mapping[str, Any]) -> Resource:
    return Resource(
        str(one["id"]),
        _changed(one),
        str(one["url"]) if one.get("url") else None,
        str(one.get("format") or "").strip().lower().lstrip("."),
        one.get("datastore_active") is not False,
    )


def _as_file(visit: Visit, options: Options, resource: Resource) -> Take:
    """Read the file of a resource that has no rows, when it changed."""
    if not resource.url:
        raise FeedError(visit.feed.id, f"{resource.id} has neither rows nor a file", permanent=True)
    mark = {"id": resource.id, "changed": resource.changed}
    if resource.changed and visit.memory.get("file") == mark:
        return Take(Parsed(), not_modified=True)
    document = visit.get(resource.url)
    feed = replace(visit.feed, kind="file", options=options.as_file(visit.feed))
    about = file.About(f"{resource.id}.{resource.format}", document.charset)
    parsed = file.parse(document.content, feed, visit.now, about)
    return Take(replace(parsed, published_at=_published(resource.changed)), {"file": mark})


def again(asked: Again) -> Parsed:
    """Read refused rows once more, those of a file as the kind ``file`` does."""
    options = Options.model_validate(dict(asked.feed.options))
    if asked.memory.get("file") and file.KIND.again:
        feed = replace(asked.feed, kind="file", options=options.as_file(asked.feed))
        return file.KIND.again(replace(asked, feed=feed))
    return reread(asked, options, lambda rows: located(rows, options.location, asked.feed))


KIND = Kind(
    name="ckan",
    options=Options,
    read=read,
    parse=parse,
    standard="CKAN Action API 3, OpenDataSoft Explore 2.1, DKAN 2",
    gives=frozenset({"observation", "case", "notice"}),
    again=again,
)
