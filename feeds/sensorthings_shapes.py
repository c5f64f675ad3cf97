"""What OGC SensorThings may send, brought to one shape: Things with Datastreams with Observations.

Pages, lists and single entities; Things, Datastreams, MultiDatastreams and Observations; the
compact ``dataArray`` with its ``components``; observations of a broker, whose topic names the
datastream.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

STREAMS, MULTI = "Datastreams", "MultiDatastreams"
_ID, _NAME = "@iot.id", "name"
_LINKED = re.compile(r"Datastreams\('?([^')]+)'?\)")
_THING = re.compile(r"Things\('?([^')]+)'?\)")
_OF_A_STREAM = frozenset({"ObservedProperty", "ObservedProperties", "unitOfMeasurement",
                          "unitOfMeasurements", "observationType", "Observations"})  # fmt: skip
_OF_A_THING = frozenset({STREAMS, MULTI, "Locations", "Datastreams@iot.navigationLink"})
_OF_AN_OBSERVATION = frozenset({"result", "phenomenonTime"})

Row = Mapping[str, Any]


def things_of(document: Any, topic: str = "") -> list[Any]:
    """Return the Things of a document; loose datastreams and observations get one of their own.

    Raises:
        ValueError: if the document holds nothing of the standard.

    """
    rows = document
    if isinstance(document, Mapping):
        rows = document.get("value") if isinstance(document.get("value"), list) else [document]
    if not isinstance(rows, list):  # a number or a text
        raise ValueError(  # noqa: TRY004 - the body is malformed
            "no page of Things, Datastreams or Observations"
        )
    loose: dict[str, dict[str, Any]] = {}
    things: list[Any] = []
    problems: list[Exception] = []
    for row in rows:
        try:
            things.append(_thing(row, loose, topic))
        except (ValueError, TypeError, AttributeError) as problem:
            problems.append(problem)
            things.append([row])  # no Thing: refused alone, by whoever reads it
    if problems and len(problems) == len(rows):
        raise ValueError(str(problems[0]))
    return [thing for thing in things if thing is not None]


def _thing(row: Any, loose: dict[str, dict[str, Any]], topic: str) -> Any:
    """Return the Thing of a row; ``None`` where its observations joined one that is there."""
    if not isinstance(row, Mapping):
        return row  # refused alone, by whoever reads it
    names = row.keys()
    if "dataArray" in names and "components" in names:
        return _loose(row, [row], loose, topic)
    if names & _OF_A_THING:
        return row
    if names & _OF_A_STREAM:
        return _around(row, _holder(row, topic))
    if names & _OF_AN_OBSERVATION:
        return _loose(row, [row], loose, topic)
    if not (_ID in row or _NAME in row):
        raise ValueError("no page of Things, Datastreams or Observations")
    return row


def _loose(row: Row, rows: list[Any], loose: dict[str, dict[str, Any]], topic: str) -> Any:
    """Put observations to the datastream that they, or their topic, name."""
    stream = row.get("Datastream") or row.get("MultiDatastream") or {}
    link = row.get("Datastream@iot.navigationLink") or ""
    found = _LINKED.search(str(link)) or _LINKED.search(topic)
    name = stream.get(_ID, found[1] if found else None)
    if str(name) in loose:
        loose[str(name)]["Observations"].extend(rows)
        return None
    about = {**stream, _ID: name, "Observations": list(rows)}
    if name is not None:
        loose[str(name)] = about
    return _around(about, _holder(about, f"{link} {topic}"))


def _holder(stream: Row, said: str) -> dict[str, Any]:
    """Return the Thing that a datastream, a link or a topic names, empty where none does."""
    known = stream.get("Thing")
    if isinstance(known, Mapping):
        return dict(known)
    found = _THING.search(said)
    return {_ID: found[1]} if found else {}


def _around(stream: Row, thing: dict[str, Any]) -> dict[str, Any]:
    key = MULTI if "ObservedProperties" in stream else STREAMS
    return thing | {key: [stream]}


def streams_of(thing: Row) -> Iterator[Any]:
    """Yield the datastreams of a Thing; those of several properties one by one."""
    yield from thing.get(STREAMS) or []
    for multi in thing.get(MULTI) or []:
        yield from _split(multi)


def _split(multi: Row) -> Iterator[Row]:
    units = multi.get("unitOfMeasurements") or []
    for place, prop in enumerate(multi.get("ObservedProperties") or []):
        yield {
            _ID: f"{multi.get(_ID)}.{place}",
            _NAME: multi.get(_NAME),
            "ObservedProperty": prop,
            "unitOfMeasurement": units[place] if place < len(units) else None,
            "Observations": [_part(row, place) for row in observations(multi)],
        }


def _part(row: Any, place: int) -> Any:
    results = row.get("result") if isinstance(row, Mapping) else None
    if not isinstance(results, list) or place >= len(results):
        return row
    return {**row, "result": results[place]}


def observations(stream: Row) -> Iterator[Any]:
    """Yield the observations of a datastream, those of a ``dataArray`` as objects too."""
    held = stream.get("Observations") or []
    blocks: Iterable[Any] = [held] if isinstance(held, Mapping) else held
    for row in blocks:
        if isinstance(row, Mapping) and "dataArray" in row:
            names = [str(name).rsplit("/", 1)[-1] for name in row.get("components") or []]
            for cells in row["dataArray"]:
                is_fit = isinstance(cells, list) and len(cells) == len(names)
                yield dict(zip(names, cells, strict=True)) if is_fit else cells
        else:
            yield row
