"""``/api/v1/readings``: the past of indicators, by district and instant, in several formats.

JSON comes in pages. A file comes whole, or not at all: it is written to the end before its first
byte leaves, so that an answer that is too large, or breaks half way, is an error and no half file.
"""

import hashlib
from collections.abc import Iterator
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response, request

from api import words
from api.about import About, about
from api.asked import known_names, number
from api.door import Door
from api.formats import FORMATS, Format
from api.past import Place, Row, rows
from api.problems import bad_parameter
from api.wanted import cursor, wanted

MOST = 100_000
IN_MEMORY = 8_000_000  # bytes of a file; a larger one waits on the disk
CHUNK = 256_000
PARAMETERS = (
    "indicator",
    "district",
    "start",
    "end",
    "resolution",
    "known_at",
    "limit",
    "cursor",
)


def answer_readings(door: Door) -> Response:
    """Return a page of rows as JSON."""
    known_names(*PARAMETERS)
    asked, place = wanted(door)
    limit = number("limit", usual=10_000, most=MOST)
    found = list(islice(rows(door, asked, place), limit + 1))
    more = cursor(asked, found[limit - 1][0]) if len(found) > limit else None
    content = words.page((words.row(row) for _, row in found[:limit]), more)
    told = about(door, asked)
    body = orjson.dumps(content)
    answer = _tagged(body, hashlib.blake2s(body).hexdigest())
    answer.mimetype = "application/json"
    return _told(answer, told, more)


def answer_file(door: Door, kind: str) -> Response:
    """Return rows as a file of one format; with ``limit`` a ``Link`` header names the next page."""
    form = FORMATS[kind]
    is_paged = not form.is_newest
    known_names(*(name for name in PARAMETERS if is_paged or name not in UNPAGED))
    asked, place = wanted(door)
    if form.is_newest and len(asked.indicators) > 1:
        bad_parameter("indicator", f".{kind} shows one at a time")
    limit = number("limit", usual=form.most, most=form.most)
    counted = _Counted(rows(door, asked, place), limit, form, is_cut="limit" in request.args)
    told = about(door, asked)
    target = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    try:
        form.write(iter(counted), target, told)  # type: ignore[arg-type]  # a file
    except BaseException:
        target.close()
        raise
    answer = _file(target, counted.digest(kind, told), form, kind)
    more = cursor(asked, counted.last) if counted.is_more and counted.last else None
    return _told(answer, told, more)


UNPAGED = ("limit", "cursor", "resolution")


class _Counted:
    """Rows on their way into a file: counted against its limit, and digested."""

    def __init__(
        self, found: Iterator[tuple[Place, Row]], limit: int, form: Format, *, is_cut: bool
    ) -> None:
        self._found, self._limit, self._form, self._is_cut = found, limit, form, is_cut
        self._seen = hashlib.blake2s()
        self.last: Place | None = None
        self.is_more = False

    def __iter__(self) -> Iterator[Row]:
        for count, (place, row) in enumerate(self._found):
            if count == self._limit:
                self.is_more = True
                if not self._is_cut:
                    _too_many(self._form)
                return
            self.last = place
            self._seen.update(repr([row.get(name) for name in words.ROW]).encode())
            yield row

    def digest(self, kind: str, told: About) -> str:
        """Return a tag of the content; the hour of the export is no part of it."""
        self._seen.update(repr((kind, told.filters, told.complete_since)).encode())
        return self._seen.hexdigest()


def _too_many(form: Format) -> None:
    bad_parameter(
        "start",
        f"more than {form.most} rows, which is the most in this format; ask a shorter span, one "
        "district or a coarser resolution, or take pages by limit",
    )


def _file(target: Any, tag: str, form: Format, kind: str) -> Response:
    answer = _tagged(None, tag)
    if answer.status_code == 304:  # noqa: PLR2004 - not modified
        target.close()
        return answer
    size = target.tell()
    target.seek(0)
    answer.response = _chunks(target)
    answer.headers["Content-Type"] = form.mimetype
    answer.headers["Content-Length"] = str(size)
    answer.headers["Content-Disposition"] = f'attachment; filename="readings.{kind}"'
    return answer


def _chunks(target: Any) -> Iterator[bytes]:
    with target:
        yield from iter(lambda: target.read(CHUNK), b"")


def _tagged(body: bytes | None, tag: str) -> Response:
    """Return the answer with its tag, or that nothing changed since the client's last one."""
    etag = tag[:32]
    asked = request.if_none_match
    if any(asked.contains_weak(f"{etag}{suffix}") for suffix in ("", ":br", ":gzip")):
        body, status = b"", 304
    else:
        status = 200
    answer = Response(body, status=status)
    answer.set_etag(etag)
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _told(answer: Response, told: About, more: str | None) -> Response:
    """Add where it goes on, and since when the history is complete."""
    if told.complete_since is not None:
        answer.headers["Complete-Since"] = told.complete_since
    if more is not None:
        query = request.args.copy()
        query["cursor"] = more
        text = urlencode(list(query.items(multi=True)))
        answer.headers["Link"] = f'<{request.path}?{text}>; rel="next"'
    return answer
