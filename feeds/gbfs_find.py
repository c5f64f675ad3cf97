"""Where the documents of a GBFS system are: gbfs.json, the list of its versions, a manifest."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from feeds.base import Visit
from feeds.decode import from_json
from feeds.errors import FeedError
from feeds.gbfs_parse import Options

_NEWEST = (3, 99)  # what we read: up to 3.x
_HOPS = 3  # from a manifest to the versions to gbfs.json


def feeds_of(body: bytes, language: str | None = None) -> dict[str, str]:
    """Return the documents that a gbfs.json lists, by name.

    Raises:
        ValueError: if it lists none, or none in the language.

    """
    return _listed(from_json(body)["data"], language)


def _listed(data: Any, language: str | None) -> dict[str, str]:
    if "feeds" not in data:  # before 3.0 there is a level of languages
        chosen = _spoken(data, language)
        if chosen is None:
            raise ValueError(f"no language {language!r}; there are {', '.join(map(repr, data))}")
        data = data[chosen]
    return {str(item["name"]).removesuffix(".json"): str(item["url"]) for item in data["feeds"]}


def _spoken(data: Mapping[str, Any], language: str | None) -> str | None:
    """Return the language itself, else one like it, such as fr for fr-CA."""
    if language is None or language in data:
        return language or next(iter(data), None)
    wanted = language.lower().split("-")[0]
    return next((name for name in data if name.lower().split("-")[0] == wanted), None)


def documents(visit: Visit, options: Options) -> dict[str, str]:
    """Return the addresses of the documents of a system, by name.

    Raises:
        FeedError: if the list cannot be had, or leads elsewhere.
        ValueError: if it is none.

    """
    url = visit.feed.url or ""
    for _ in range(_HOPS):
        listing = visit.get(url)
        data = from_json(listing.content)["data"]
        if "versions" in data:
            url = urljoin(listing.url, _newest(data["versions"]))
        elif "datasets" in data:
            url = urljoin(listing.url, _newest(_system(data["datasets"], options)["versions"]))
        else:
            found = _listed(data, options.language)
            return {name: urljoin(listing.url, link) for name, link in found.items()}
    raise FeedError(visit.feed.id, "the list of versions leads to no gbfs.json", permanent=True)


def _newest(versions: Any) -> str:
    """Return where the newest version is that we read."""
    known = {_number(one["version"]): str(one["url"]) for one in versions}
    readable = [number for number in known if number <= _NEWEST]
    if not readable:
        raise ValueError("no version that can be read: GBFS 1.0 to 3.x are")
    return known[max(readable)]


def _number(version: Any) -> tuple[int, ...]:
    parts = str(version).split("-")[0].split(".")
    return tuple(int(part) for part in parts)


def _system(datasets: Any, options: Options) -> Any:
    known = {str(one["system_id"]): one for one in datasets}
    if options.system_id is None and len(known) == 1:
        return next(iter(known.values()))
    if options.system_id not in known:
        raise ValueError(
            f"no system {options.system_id!r} in the manifest; there are"
            f" {', '.join(map(repr, list(known)[:12]))}: say which as system_id"
        )
    return known[options.system_id]
