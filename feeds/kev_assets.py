"""The list of what a city runs: one line per asset and product.

Whom an asset belongs to is for the readers of the list: it is never told.
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime

from feeds.decode import raw, text
from model import Feed, Reject

_YES = frozenset({"1", "true", "t", "yes", "y", "oui", "o", "si", "sí", "ja", "x", ""})
_NO = frozenset({"0", "false", "f", "no", "n", "non", "nein"})
_NEEDED = ("asset", "vendor", "product")
_KNOWN = frozenset({*_NEEDED, "exposed", "owner", "version", "cpe", "patched"})
_CVE = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CPE = re.compile(r"cpe:(?:2\.3:|/)[aho]:([^:]+):([^:]+)", re.IGNORECASE)
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Asset:
    """One product on one asset.

    ``is_exposed``: it can be reached from outside, or nobody says. ``patched`` are vulnerabilities
    that were mended, ``patched_until`` the day until which everything known was.
    """

    id: str
    vendor: str
    product: str
    is_exposed: bool = True
    patched: frozenset[str] = frozenset()
    patched_until: date | None = None


def read(body: bytes, feed: Feed, at: datetime) -> tuple[list[Asset], list[Reject]]:
    """Return the assets of a CSV file with a header, and the refused lines.

    Raises:
        ValueError: if it has no header, lacks a column, or holds no asset that can be read.

    """
    said = text(body).replace("\r\n", "\n").replace("\r", "\n")
    lines = said.split("\n")
    header = next(
        (line for line in lines if line.strip() and not line.lstrip().startswith("#")), ""
    )
    separator = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(said), delimiter=separator)
    for _ in range(lines.index(header)):
        next(reader, None)
    names = [name.strip().lower() for name in next(reader, [])]
    if missing := [name for name in _NEEDED if name not in names]:
        known = ", ".join(sorted(_KNOWN))
        raise ValueError(f"the list of assets has no column {missing[0]!r}; it may have {known}")
    assets: list[Asset] = []
    rejected: list[Reject] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        try:
            assets.append(_asset(dict(zip(names, map(str.strip, cells), strict=False))))
        except ValueError as problem:
            rejected.append(
                Reject(
                    feed_id=feed.id,
                    line=reader.line_num,
                    reason=f"list of assets: {problem}",
                    raw=raw(separator.join(cells)),
                    at=at,
                )
            )
        if len(assets) > _MOST:
            raise ValueError(f"the list of assets has more than {_MOST} lines")
    if not assets:
        raise ValueError("the list of assets holds none that can be read")
    return assets, rejected


def _asset(row: dict[str, str]) -> Asset:
    name, vendor, product = (row.get(key, "") for key in _NEEDED)
    cpe = _CPE.match(row.get("cpe", ""))
    if cpe:
        vendor = vendor or cpe[1].replace("_", " ").replace("\\", "")
        product = product or cpe[2].replace("_", " ").replace("\\", "")
    if not name or not vendor or not product:
        raise ValueError("an asset needs a name, a vendor and a product (or a CPE)")
    cves, until = _patched(row.get("patched", ""))
    return Asset(name, vendor, product, _exposed(row.get("exposed", "")), cves, until)


def _exposed(written: str) -> bool:
    word = written.lower()
    if word not in _YES | _NO:
        raise ValueError(f"exposed is {written!r}, neither yes nor no")
    return word in _YES


def _patched(written: str) -> tuple[frozenset[str], date | None]:
    """Read vulnerabilities and days, in any order, between blanks, commas or semicolons."""
    cves: set[str] = set()
    days: list[date] = []
    for word in re.split(r"[\s,;|]+", written):
        if _CVE.fullmatch(word):
            cves.add(word.upper())
        elif _DAY.fullmatch(word):
            days.append(date.fromisoformat(word))
        elif word:
            raise ValueError(f"patched holds {word!r}, neither a CVE nor a day such as 2026-11-24")
    return frozenset(cves), max(days, default=None)
