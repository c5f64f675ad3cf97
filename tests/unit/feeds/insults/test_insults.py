"""Every kind over one list of insults: facts, rejects or a FeedError, and nothing else."""

import gzip
import io
import json
import os
import random
import struct
import time
import zipfile
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from feeds import KINDS, FeedError
from model import Observation, Parsed, Reject

from .damage import CALM, at, damaged, dumped, everywhere, places, put, rows_at
from .samples import NOW, SAMPLES, SECRET, Sample
from .sound import keys, refused, sound, told

IS_LONG = bool(os.environ.get("BARTIZAN_LONG"))

every = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES.keys())
IN_JSON = {name: sample for name, sample in SAMPLES.items() if sample.is_json}
of_json = pytest.mark.parametrize("sample", IN_JSON.values(), ids=IN_JSON.keys())
ASKED = {name: sample for name, sample in SAMPLES.items() if not sample.is_pushed}
asked = pytest.mark.parametrize("sample", ASKED.values(), ids=ASKED.keys())
IN_TEXT = {name: sample for name, sample in SAMPLES.items() if sample.is_text}
LINES = {
    name: sample
    for name, sample in IN_TEXT.items()
    if not (sample.is_json or sample.is_xml or sample.alone)
}
of_lines = pytest.mark.parametrize("sample", LINES.values(), ids=LINES.keys())
KEYED = {name: sample for name, sample in SAMPLES.items() if sample.env is not None}
of_text = pytest.mark.parametrize("sample", IN_TEXT.values(), ids=IN_TEXT.keys())


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("INSULT_KEY", SECRET)
    monkeypatch.setenv("INSULT_PUSH", "who-may-push")


def says_nothing(sample: Sample, body: bytes) -> bool:
    """Whether a body is refused and said to be, or costs a document beside the facts only."""
    found = told(sample, body)
    return found is None or (sample.is_beside and bool(found.accepted))


def test_every_kind_is_insulted_and_every_way_in():
    assert {sample.kind for sample in SAMPLES.values()} == set(KINDS)
    pushed = {sample.kind for sample in SAMPLES.values() if sample.is_pushed}
    assert pushed == {name for name, kind in KINDS.items() if kind.receive}


@every
def test_the_good_body_is_good(sample):
    found = told(sample, sample.body)

    assert len(found.accepted) == sample.count
    assert found.rejected == []


@every
@pytest.mark.parametrize("body", [b"", b" \r\n\t ", b"\xef\xbb\xbf", b"\x00" * 40, b"null", b"0"])
def test_an_empty_body_is_an_error_and_never_an_empty_city(sample, body):
    if sample.kind == "mqtt" and body in {b"null", b"0"}:
        pytest.skip("a message may be a bare number")
    assert says_nothing(sample, body)


PAGES = (
    b"<!DOCTYPE html><html><title>Sign in</title></html>",
    b"\n\n<html lang='en'><body>Blocked</body></html>",
    b"\xef\xbb\xbf<HTML></HTML>",
    b"<!-- waf --><!doctype HTML><html></html>",
    b"<html><body>" + b"<p>Please log in.</p>\n" * 500 + b"</body></html>",
)


@every
@pytest.mark.parametrize("page", PAGES, ids=range(len(PAGES)))
def test_a_web_page_under_200_is_an_error(sample, page):
    assert says_nothing(sample, page)


@of_text
def test_a_byte_order_mark_is_no_part_of_the_data(sample):
    found = told(sample, b"\xef\xbb\xbf" + sample.body)

    assert found is not None
    assert keys(found) == keys(sample.hear()[0])


@of_text
def test_latin_1_that_was_declared_as_utf_8_is_read(sample):
    body = sample.body.decode("utf-8").replace("µg/m³", "ug/m3").replace("’", "'")

    found = told(sample, body.encode("latin-1"))

    assert found is not None
    assert len(found.accepted) == sample.count


@of_text
def test_utf_8_that_was_declared_as_latin_1_is_read(sample):
    if sample.is_pushed or sample.kind == "statuspage":
        pytest.skip("nothing is declared")
    wrong = httpx.Response(
        200, content=sample.body, headers={"content-type": "text/plain; charset=iso-8859-1"}
    )
    answer = sample.answer(sample.body)

    def mislabelled(request):
        found = answer(request)
        return wrong if found.content == sample.body else found

    assert keys(sample.ask(mislabelled)[0]) == keys(sample.hear()[0])


@every
def test_a_body_cut_off_anywhere_never_tells_more_than_the_whole(sample):
    whole = set(keys(sample.hear()[0]))
    step = max(1, len(sample.body) // (400 if IS_LONG else 50))
    ends = {*range(0, len(sample.body) - 2, step), len(sample.body) - 8}
    for end in sorted(ends):
        found = told(sample, sample.body[:end])
        if sample.whole and found is not None:
            assert len(set(keys(found)) - whole) <= 1  # the row in which it was cut
        elif not sample.is_beside and sample.body[:2] != b"PK" and sample.kind != "gtfs-rt":
            assert found is None, sample.body[:end][-40:]
        elif found is not None and not sample.is_beside:
            assert set(keys(found)) <= whole


@every
def test_one_day_later_nothing_has_become_younger(sample):
    first = sample.hear()[0]
    later = sample.hear(now=NOW + timedelta(days=1))[0]

    sound(later, sample, NOW + timedelta(days=1))
    if not sample.is_clocked:
        then = {fact.key: fact.observed_at for fact in first.accepted}
        for fact in later.accepted:
            assert fact.observed_at == then.get(fact.key, fact.observed_at)
            assert not isinstance(fact, Observation) or fact.observed_at <= NOW


@asked
def test_the_same_body_again_tells_nothing_else(sample):
    first, memory = sample.hear()
    second, _ = sample.hear(memory=json.loads(json.dumps(memory)))

    assert set(keys(second)) <= set(keys(first)) or sample.kind in {"consul", "decidim"}
    sound(second, sample)


@asked
def test_damage_after_a_good_body_leaves_what_is_remembered_usable(sample):
    memory = json.loads(json.dumps(sample.hear()[1]))
    dice = random.Random(1)
    for _ in range(200 if IS_LONG else 15):
        told(sample, damaged(sample.body, dice), memory=memory)
    found, _ = sample.hear(memory=memory)

    sound(found, sample)


@of_text
def test_rows_that_come_twice_and_in_another_order_are_told_once(sample):
    found = told(sample, twice(sample))

    assert found is not None
    assert set(keys(found)) == set(keys(sample.hear()[0]))
    if sample.is_clocked:  # counts of rows count each of them once
        assert values(found) == values(sample.hear()[0])


def values(parsed: Parsed) -> dict[tuple[str, ...], float | None]:
    return {one.key: one.value for one in parsed.accepted if isinstance(one, Observation)}


def twice(sample: Sample) -> bytes:
    """Repeat the rows of a body, in reverse."""
    if sample.is_json:
        return json.dumps(doubled(json.loads(sample.body))).encode()
    if sample.is_xml:
        root = ET.fromstring(sample.body)
        for parent in root.iter():
            rows = list(parent)
            if len({row.tag for row in rows}) == 1 and len(rows) == sample.n:
                parent.extend(deepcopy(row) for row in reversed(rows))
        _double_items(root, sample.n)
        return ET.tostring(root, encoding="utf-8", xml_declaration=True)
    lines = sample.body.splitlines(keepends=True)
    rows = [line if line.endswith(b"\n") else line + b"\n" for line in lines[-sample.n :]]
    return b"".join([*lines[: -sample.n], *rows[::-1], *rows])


def _double_items(root: ET.Element, n: int) -> None:
    """Repeat rows that stand beside other things, such as items of a channel."""
    for parent in root.iter():
        rows = [one for one in parent if sum(one.tag == other.tag for other in parent) == n]
        if rows and len(rows) < len(parent):
            parent.extend(deepcopy(row) for row in reversed(rows))


def doubled(value: Any) -> Any:
    """Repeat the rows of every list of objects, in reverse."""
    if isinstance(value, list):
        items = [doubled(item) for item in value]
        is_rows = bool(items) and all(isinstance(item, dict) for item in items)
        is_fields = is_rows and set(items[0]) <= {"name", "type"}
        return items[::-1] + items if is_rows and not is_fields else items
    if isinstance(value, dict):
        return {name: doubled(item) for name, item in value.items()}
    return value


@of_json
def test_numbers_as_text_are_read_alike_or_refused(sample):
    found = told(sample, json.dumps(spelt(json.loads(sample.body))).encode())

    if found is not None:
        whole = {fact.key: fact for fact in sample.hear()[0].accepted}
        for fact in found.accepted:
            if isinstance(fact, Observation) and fact.key in whole:
                assert fact.value == whole[fact.key].value


@of_json
@pytest.mark.parametrize("comma", ["{},5", "{} 5", "{}'000", "{}٫5"])
def test_numbers_as_nobody_declared_them_are_never_misread(sample, comma):
    found = told(sample, json.dumps(spelt(json.loads(sample.body), comma)).encode())

    if found is not None:
        whole = {fact.key: fact for fact in sample.hear()[0].accepted}
        for fact in found.accepted:
            if isinstance(fact, Observation) and fact.key in whole and not sample.is_clocked:
                assert fact.value in {None, whole[fact.key].value}


def spelt(value: Any, form: str = "{}") -> Any:
    if isinstance(value, list):
        return [spelt(item, form) for item in value]
    if isinstance(value, dict):
        return {name: spelt(item, form) for name, item in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return form.format(value)
    return value


@of_json
@pytest.mark.parametrize(
    "shape", [None, {}, {"type": "Point"}, {"type": "Point", "coordinates": []}, "POINT", [None]]
)
def test_a_geometry_that_is_none_costs_the_place_at_most(sample, shape):
    document = json.loads(sample.body)
    spots = [path for path in places(document) if path[-1] in {"geometry", "location"}]
    for path in spots:
        found = told(sample, dumped(put(document, path, shape)))
        if not sample.alone and not path_is_single(document, path):
            assert found is not None, path


def path_is_single(document: Any, path: tuple[Any, ...]) -> bool:
    """Whether what stands there belongs to no row among others."""
    return not any(isinstance(part, int) for part in path) or len(at(document, path[:1])) == 1


@every
def test_nothing_that_stands_in_a_body_gets_through_unsound(sample):
    """Put every nasty thing into every place, one at a time."""
    bodies = list(everywhere(sample.body))
    if not IS_LONG:
        dice = random.Random(len(bodies))
        size = 40 if sample.is_packed else 220
        bodies = dice.sample(bodies, min(size, len(bodies)))
    for body in bodies:
        told(sample, body)


@of_json
def test_a_bad_row_never_costs_the_good_ones(sample):
    """Spoil one leaf of the first row: the other rows are told as before."""
    document = json.loads(sample.body)
    path = rows_at(document)
    if sample.alone or path is None:
        pytest.skip(sample.alone or "no list of rows")
    rows = at(document, path)
    others = set(keys(sample.hear(dumped(put(document, path, rows[1:])))[0]))
    for leaf in [(), *places(rows[0])]:
        for nasty in CALM:
            spoilt = put(rows[0], leaf, nasty)
            body = dumped(put(document, path, [spoilt, *rows[1:]]))
            found = told(sample, body)
            assert found is not None, (leaf, nasty)
            assert others <= set(keys(found)), (leaf, nasty)


@of_lines
def test_a_row_that_is_cut_in_the_middle_of_others_costs_itself(sample):
    lines = sample.body.decode().splitlines(keepends=True)
    for n in range(len(lines) - sample.n, len(lines)):
        body = "".join([*lines[:n], lines[n][: len(lines[n]) // 2] + "\n", *lines[n + 1 :]])
        found = told(sample, body.encode())
        assert found is not None
        assert len(found.accepted) >= sample.count * (sample.n - 1) // sample.n - 1


def bomb(name: str, size: int = 60_000_000) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, b"0" * size)
    return written.getvalue()


def nested(depth: int = 40) -> bytes:
    body = b"x" * 1000
    for _ in range(depth):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            archive.writestr("x.zip", body)
        body = written.getvalue()
    return body


BOMBS = {
    "entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "' + b"x" * 1000 + b'">'
    b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>',
    "laughs": b'<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
    + b"]><feed>&a11;</feed>",
    "external": b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    "file": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<feed>&x;</feed>",
    "tags": b"<a>" * 50_000,
    "tags-closed": b"<a>" * 50_000 + b"</a>" * 50_000,
    "attributes": b"<a " + b" ".join(b'x%d="1"' % n for n in range(50_000)) + b"/>",
    "lists": b"[" * 100_000,
    "lists-closed": b"[" * 100_000 + b"]" * 100_000,
    "objects": b'{"a":' * 100_000,
    "digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "number": b'[{"a": ' + b"1" * 1_000_000 + b"}]",
    "gzip-cut": b"\x1f\x8b\x08\x00" + b"\x00" * 30,
    "gzip": gzip.compress(b"x" * 60_000_000, mtime=0),
    "gzip-twice": gzip.compress(gzip.compress(b"0" * 60_000_000, mtime=0), mtime=0),
    "zip": bomb("proposals.csv"),
    "zip-table": bomb("stops.txt"),
    "zip-sheet": bomb("xl/workbook.xml"),
    "zip-nested": nested(),
    "bytes": bytes(range(256)) * 40,
    "varints": b"\xff" * 10_000,
    "lengths": b"\x12" + b"\xff\xff\xff\xff\x07" + b"x" * 100,
    "parquet": b"PAR1" + b"\x00" * 200 + struct.pack("<I", 2**31 - 1) + b"PAR1",
    "quotes": b'"' * 100_000,
    "commas": b"," * 100_000,
    "line": b"x" * 1_000_000,
    "lines": b"\n" * 300_000,
    "braces": b"a{" * 50_000,
    "backslashes": b'{"a": "' + b"\\" * 99_999 + b'"}',
}


@every
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_do_not_go_off(sample, bomb):
    began = time.process_time()

    found = told(sample, bomb) or Parsed()

    assert sample.is_beside or not found.accepted
    assert time.process_time() - began < 10


@pytest.mark.parametrize("sample", KEYED.values(), ids=KEYED.keys())
def test_secrets_are_in_no_error_and_no_refused_row(sample):
    """A source that sends back what it was asked with, wherever it can."""
    document = json.loads(sample.body) if sample.is_json else None
    answers = [
        lambda r: httpx.Response(403, text=f"bad key {SECRET} in {r.url} {r.headers}"),
        lambda r: httpx.Response(500, text=f"{r.headers}"),
        lambda _: httpx.Response(200, text=f"denied: {SECRET}"),
        lambda _: httpx.Response(200, json={"error": {"message": SECRET}, "errors": [SECRET]}),
        lambda _: httpx.Response(302, headers={"location": f"https://x.example/?k={SECRET}"}),
    ]
    for answer in answers:
        with pytest.raises(FeedError) as caught:
            sample.ask(answer)
        refused(caught.value, sample)
    if document is not None:
        for path in places(document):
            told(sample, dumped(put(document, path, SECRET)))
            told(sample, dumped(put(document, path, [f"x {SECRET}"])))


@every
@pytest.mark.fuzz
def test_random_damage_does_no_harm(sample):
    dice = random.Random(7)
    for _ in range(3_000 if IS_LONG else 40):
        told(sample, damaged(sample.body, dice))


AGAIN = {name: sample for name, sample in SAMPLES.items() if sample.can_again}


@pytest.mark.parametrize("sample", AGAIN.values(), ids=AGAIN.keys())
def test_rows_that_are_read_again_may_be_anything(sample):
    """Raw texts that were cut off, spoilt or never of this kind, under any context."""
    spoilt = list(islice(everywhere(sample.body), 0, None, 7))
    kept = []
    for body in spoilt[: 400 if IS_LONG else 60]:
        try:
            kept += sample.hear(body)[0].rejected[:2]
        except FeedError as error:
            kept += error.rejects[:2]
    example = kept[0] if kept else None
    for one in kept[:40]:
        for raw in (one.raw[: len(one.raw) // 2], one.raw + "x", f"[{one.raw}]"):
            reread(sample, [replace(one, raw=raw)])
        for context in ("", "x", "{}", "[1]", "2026-13-45", one.context[:-1], one.context * 2):
            reread(sample, [replace(one, context=context)])
        reread(sample, [replace(one, line=0), replace(one, line=10**9)])
    for raw in GARBAGE:
        reread(sample, [blank(raw), *([example] if example else [])])


GARBAGE = (
    "", " ", "null", "0", "true", '"x"', "[]", "{}", "[[]]", "[null]", "{", "\x00", "<", "<a/>",
    "<a", "é" * 8_000, "[" * 8_000, '{"a":' * 3_000, "1,2,3", ";;;", "9" * 5_000, "NaN",
    '{"type": "Feature"}', '{"id": null}', "PK\x03\x04", "\ud7ff", "2026-11-24T11:00:00Z",
)  # fmt: skip


def blank(raw: str) -> Reject:
    return Reject(feed_id="f1", line=3, reason="x", raw=raw, at=NOW)


def reread(sample: Sample, rejects: list[Reject]) -> None:
    try:
        found = sample.again(rejects)
    except FeedError as error:
        refused(error, sample)
        return
    sound(found, sample)  # rows that give nothing stay in quarantine: pipeline.rereading
