"""Texts and names of public alerts, whatever wire they come down."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

from feeds import times

SEVERITIES = ("extreme", "severe", "moderate", "minor", "unknown")
STATUSES = frozenset({"actual", "exercise", "system", "test", "draft"})
MESSAGES = frozenset({"alert", "update", "cancel", "ack", "error"})
DEFAULT_LIFE = timedelta(hours=24)

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)


def plain(written: Any) -> str | None:
    """Return a text without mark-up and line breaks, ``None`` where blank.

    >>> plain("winds &lt; 30<br/>  and gusts > 50")
    'winds < 30 and gusts > 50'

    """
    if written is None:
        return None
    bare = _TAG.sub(" ", html.unescape(_TAG.sub(" ", str(written))))
    return " ".join(bare.split()) or None


def name(sender: str, identifier: str, sent: datetime) -> str:
    """Return the name of a message as ``references`` say it, in UTC."""
    return f"{sender},{identifier},{sent:%Y-%m-%dT%H:%M:%SZ}"


def references(written: str, zone: str) -> tuple[str, ...]:
    """Return the names of the messages in ``sender,identifier,sent`` triples."""
    found: list[str] = []
    for triple in written.split():
        sender, _, rest = triple.partition(",")
        identifier, _, sent = rest.rpartition(",")
        try:
            found.append(name(sender, identifier, times.instant(sent, zone)))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def one_of(said: str, known: frozenset[str], what: str) -> str:
    """Return one of the known words in lower case.

    Raises:
        ValueError: if it is none of them.

    """
    if said.lower() not in known:
        raise ValueError(f"{what} {said!r} is none of {', '.join(sorted(known))}")
    return said.lower()


def severity(said: str | None) -> str:
    """Return one of the severities; what is none is unknown."""
    word = (said or "unknown").lower()
    return word if word in SEVERITIES else "unknown"
