"""What an ArcGIS server says of a layer: its fields, what it can do, when it was last edited."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from feeds.errors import FeedError

Labels = dict[str, str]  # text of a code → label

_OIDS = ("objectid", "fid", "oid", "objectid_1", "esri_oid")
_USUAL_SIZE = 1_000
_TOKEN_CODES = {498, 499}
_BUSY_CODES = {429, 500, 502, 503, 504}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's metadata. ``edited`` is epoch ms; ``None`` where the server does not say."""

    oid: str | None = None
    names: tuple[str, ...] = ()
    dates: frozenset[str] = frozenset()
    labels: Mapping[str, Labels] = field(default_factory=dict)
    type_field: str | None = None
    type_labels: Mapping[tuple[str, str], Labels] = field(default_factory=dict)
    edited: int | None = None
    size: int = _USUAL_SIZE
    can_page: bool = False
    is_wall_clock: bool = False

    def label(self, name: str, value: Any, subtype: Any) -> Any:
        """Return the label of a coded value, the value itself where it has none."""
        own = self.type_labels.get((str(subtype), name)) or self.labels.get(name)
        return own.get(str(value), value) if own and value is not None else value


def complain(document: Any, feed_id: str) -> None:
    """Raise what a server reports, which it does under 200.

    Raises:
        FeedError: if it reports an error.

    """
    error = document.get("error") if isinstance(document, Mapping) else None
    if not error:
        return
    about = error if isinstance(error, Mapping) else {"message": error}
    code, details = about.get("code"), about.get("details")
    parts = [about.get("message"), *(details if isinstance(details, list) else [])]
    said = "; ".join(dict.fromkeys(str(part)[:200] for part in parts if part)) or "no reason"
    if code in _TOKEN_CODES:
        raise FeedError(
            feed_id, f'the server wants a valid token = "env:NAME" ({code}: {said})', permanent=True
        )
    raise FeedError(
        feed_id, f"the server reports {code}: {said}", permanent=code not in _BUSY_CODES
    )


def layer_of(document: Any, feed_id: str) -> Layer:
    """Read a layer's metadata.

    Raises:
        FeedError: if it is none, such as a service with several layers.

    """
    complain(document, feed_id)
    if not isinstance(document, Mapping):
        raise FeedError(feed_id, "no metadata of a layer", permanent=True)
    if not document.get("fields") and isinstance(document.get("layers"), list):
        listed = [*document["layers"], *(document.get("tables") or [])]
        shown = ", ".join(
            f"{one.get('id')} ({one.get('name')})" for one in listed if isinstance(one, Mapping)
        )
        raise FeedError(
            feed_id, f"the url names a service; add the number of a layer: {shown}", permanent=True
        )
    fields = [one for one in _listed(document, "fields") if one.get("name")]
    return Layer(
        oid=_oid(document, fields),
        names=tuple(str(one["name"]) for one in fields),
        dates=frozenset(str(one["name"]) for one in fields if _is_date(one)),
        labels={str(one["name"]): found for one in fields if (found := _labels(one.get("domain")))},
        type_field=_text(document.get("typeIdField") or document.get("subtypeField")),
        type_labels=_type_labels(document),
        edited=_edited(document.get("editingInfo")),
        size=_positive(document.get("maxRecordCount")) or _USUAL_SIZE,
        can_page=_can_page(document),
        is_wall_clock=document.get("datesInUnknownTimezone") is True,
    )


def _listed(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = document.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _oid(document: Mapping[str, Any], fields: list[Mapping[str, Any]]) -> str | None:
    """Return the field with the object ids, also where old servers do not name it."""
    said = document.get("objectIdField") or document.get("objectIdFieldName")
    if said:
        return str(said)
    typed = [str(one["name"]) for one in fields if one.get("type") == "esriFieldTypeOID"]
    named = [str(one["name"]) for one in fields if str(one["name"]).lower() in _OIDS]
    return next(iter([*typed, *named]), None)


def _is_date(one: Mapping[str, Any]) -> bool:
    return one.get("type") == "esriFieldTypeDate"


def _labels(domain: Any) -> Labels:
    if not isinstance(domain, Mapping) or domain.get("type") != "codedValue":
        return {}
    return {
        str(one.get("code")): str(one["name"])
        for one in _listed(domain, "codedValues")
        if one.get("name") is not None
    }


def _type_labels(document: Mapping[str, Any]) -> dict[tuple[str, str], Labels]:
    """Return the labels that hold for one subtype only, by subtype and field."""
    found: dict[tuple[str, str], Labels] = {}
    for one in [*_listed(document, "types"), *_listed(document, "subtypes")]:
        domains = one.get("domains")
        kind = str(one.get("id", one.get("code")))
        for name, domain in domains.items() if isinstance(domains, Mapping) else ():
            if labels := _labels(domain):
                found[kind, str(name)] = labels
    return found


def _edited(info: Any) -> int | None:
    if not isinstance(info, Mapping):
        return None
    return _positive(info.get("dataLastEditDate")) or _positive(info.get("lastEditDate"))


def _can_page(document: Mapping[str, Any]) -> bool:
    can = document.get("advancedQueryCapabilities")
    if isinstance(can, Mapping) and "supportsPagination" in can:
        return can["supportsPagination"] is True
    return document.get("supportsPagination") is True


def _positive(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 < value < 1e15 else None  # noqa: PLR2004 - far beyond any


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
