"""An engine for a job, and the files that it reads, for as long as the job takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from analytics.engines import Engine, Local
from analytics.files import Files, files_of
from analytics.places import master_of
from history import History


@contextmanager
def opened(
    url: str | None, history: History, data: Path, *, span: tuple[datetime, datetime], name: str
) -> Iterator[tuple[Engine, Files]]:
    """Give the engine of an ``ANALYTICS_URL`` with the files of a history over a span.

    Raises:
        AnalyticsError: the URL names none, or what it names is not there.

    """
    master = master_of(url)
    with files_of(history, data, since=span[0], until=span[1], name=name) as files:
        engine = _engine(master, history, files)
        try:
            yield engine, files
        finally:
            engine.close()


@contextmanager
def asking(
    url: str | None, history: History, data: Path, *, span: tuple[datetime, datetime], name: str
) -> Iterator[Engine]:
    """Give an engine that need only answer queries: on this machine nothing is exported."""
    if master_of(url) is None:
        yield Local(history.engine)
        return
    with opened(url, history, data, span=span, name=name) as (engine, _):
        yield engine


def _engine(master: str | None, history: History, files: Files) -> Engine:
    if master is None:
        return Local(history.engine)
    from analytics.spark import Spark  # noqa: PLC0415 - its libraries are large, and optional

    return Spark(master, files)
