"""One folder or file with all that a house knows: both memories, and a list with digests.

The store is written first, then the history. What the history holds more of than the store said
is skipped when the store's stream is read again; nothing is missing and nothing comes twice.
"""

import base64
import gzip
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import history
import store
from history import backups as tables
from history.copying import Tell
from house.lock import Taken, hold
from model.plain import instant
from store import embedded
from store.dumping import Dump, Entry

FORMAT = 1
_LIST, _DIGEST, _STORE, _KEY = "manifest.json", "manifest.sha256", "store.jsonl.gz", "secret.key"


class Refused(Exception):  # noqa: N818 - read as a sentence
    """A backup that cannot be made or brought back; the message is for a person."""


@dataclass(frozen=True, slots=True)
class About:
    """What a backup says of the house that it was made of."""

    city: str
    pack_hash: str
    settings: tuple[str, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """What is saved: the store at a URL, the history, and the key that signs, if at all."""

    store_url: str
    history_place: str
    key: Path | None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup is brought back to."""

    data: Path
    redis_url: str | None
    history_place: str


def place_of(redis_url: str | None, data: Path) -> str:
    """Return where the store of a running house is.

    Raises:
        Refused: the embedded store does not run.

    """
    url = redis_url or embedded.attach(data)
    if url is None:
        raise Refused(
            f"no store runs on {data}: start the house, or copy the folder while it is stopped"
        )
    return url


def save(place: Path, source: Source, about: About, tell: Tell) -> None:
    """Write a backup: a folder, or one file where ``place`` ends in ``.tar``.

    It is there under its name only when it is whole.

    Raises:
        Refused: something stands there already.
        StoreError: the store does not answer.
        HistoryError: the history does not.

    """
    if place.exists():
        raise Refused(f"{place} is there already: name a new place")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=place.parent) as folder:
        whole = Path(folder) / "whole"
        whole.mkdir(mode=0o700)
        _write(whole, source, about, tell)
        if place.suffix == ".tar":
            packed = Path(folder) / "whole.tar"
            with tarfile.open(packed, "w") as tar:
                tar.add(whole, arcname=".")
            packed.chmod(0o600)
            whole = packed
        whole.rename(place)


def _write(folder: Path, source: Source, about: About, tell: Tell) -> None:
    n_keys = _write_store(folder / _STORE, source.store_url)
    kept = history.open(source.history_place, writer=False)
    try:
        with kept.engine.snapshot() as view:
            told = tables.export(view, folder / "history", tell)
    finally:
        kept.close()
    if source.key is not None:
        _copy_key(source.key, folder / _KEY)
    listed: dict[str, Any] = {
        "format": FORMAT,
        "made_at": instant(about.now),
        "city": about.city,
        "pack": about.pack_hash,
        "settings": list(about.settings),
        "history": told,
        "store": {"keys": n_keys, "sha256": tables.sha256(folder / _STORE)},
        "key": tables.sha256(folder / _KEY) if source.key else None,
    }
    path = folder / _LIST
    path.write_text(json.dumps(listed, indent=1, ensure_ascii=False), "utf-8")
    (folder / _DIGEST).write_text(tables.sha256(path), "ascii")


def _write_store(path: Path, url: str) -> int:
    dump = Dump(url)
    try:
        entries = dump.entries()
    finally:
        dump.close()
    with gzip.open(path, "wt", encoding="ascii") as out:
        for entry in entries:
            key, body = (base64.b64encode(part).decode() for part in (entry.key, entry.body))
            out.write(json.dumps({"key": key, "ttl_ms": entry.ttl_ms, "body": body}) + "\n")
    return len(entries)


def _read_store(path: Path) -> Iterator[Entry]:
    with gzip.open(path, "rt", encoding="ascii") as lines:
        for line in lines:
            told = json.loads(line)
            key, body = base64.b64decode(told["key"]), base64.b64decode(told["body"])
            yield Entry(key, body, told["ttl_ms"])


def restore(place: Path, target: Target, tell: Tell, *, force: bool = False) -> None:
    """Bring a backup back, after all of it was seen to be as it was written.

    Raises:
        Refused: it is no backup, damaged, or newer; a house runs; or the place is not empty and
            nobody said ``force``.
        StoreError: the store does not answer, or cannot read it.
        HistoryError: the history cannot be written, or another process writes it.

    """
    with _unpacked(place) as folder:
        told = _checked(folder)
        try:
            with hold(target.data, "a restore"):
                _bring_back(folder, told, target, tell, force=force)
        except Taken:
            raise Refused(f"a house runs on {target.data}: stop it first") from None


@contextmanager
def _unpacked(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield place
        return
    if not place.is_file():
        raise Refused(f"{place} is no backup: no such folder or file")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=place.parent) as folder:
        try:
            with tarfile.open(place) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise Refused(f"{place} is no backup, or damaged: {error}") from error
        yield Path(folder)


def _checked(folder: Path) -> dict[str, Any]:
    path = folder / _LIST
    try:
        digest = (folder / _DIGEST).read_text("ascii").strip()
        if tables.sha256(path) != digest:
            raise Refused(f"the backup is damaged: {_LIST} is not what was written")
        told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise Refused(f"{folder} is no backup, or damaged: {name} is missing") from None
    if told["format"] > FORMAT:
        raise Refused(
            f"the backup has format {told['format']}, this version of Bartizan knows up to "
            f"{FORMAT}: use a newer one"
        )
    for name, expected in ((_STORE, told["store"]["sha256"]), (_KEY, told["key"])):
        if expected is not None and (
            not (folder / name).is_file() or tables.sha256(folder / name) != expected
        ):
            raise Refused(f"the backup is damaged: {name} is not what was written")
    tables.check(folder / "history", told["history"])
    return told


def _bring_back(
    folder: Path, told: dict[str, Any], target: Target, tell: Tell, *, force: bool
) -> None:
    kept = history.open(target.history_place, writer=True)
    try:
        with _store_of(target) as dump:
            if not force:
                _refuse_full(kept, dump)
            kept.engine.clear()
            dump.clear()
            tables.load(kept.engine, folder / "history", told["history"], tell)
            dump.load(_read_store(folder / _STORE))
    finally:
        kept.close()
    if told["key"] is not None and (force or not (target.data / _KEY).exists()):
        _copy_key(folder / _KEY, target.data / _KEY)


def _refuse_full(kept: history.History, dump: Dump) -> None:
    held = [name for name, n_rows in kept.counts().items() if n_rows]
    if held:
        raise Refused(f"the history is not empty, it holds {', '.join(held)}: --force deletes it")
    if not dump.is_empty():
        raise Refused("the store is not empty: --force deletes what it holds")


@contextmanager
def _store_of(target: Target) -> Iterator[Dump]:
    """Open the store; the embedded one is started for the while."""
    if target.redis_url is not None:
        opened = store.open(target.redis_url)
        try:
            if opened.workers():
                raise Refused("workers of a house use this store: stop them first")
        finally:
            opened.close()
    server = None if target.redis_url is not None else embedded.start(target.data)
    try:
        dump = Dump(target.redis_url or (server.url if server else ""))
        try:
            yield dump
        finally:
            dump.close()
    finally:
        if server is not None:
            server.stop()


def _copy_key(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Refused(f"{source} is not there: SECRET_KEY is set, or the house never ran")
    made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(made, "wb") as out, source.open("rb") as read:
        shutil.copyfileobj(read, out)
