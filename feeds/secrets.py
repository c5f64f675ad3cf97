"""Secrets stand in the environment; a pack names them: ``key = "env:OPENAQ_KEY"``.

A secret is looked up when it is used, and never shown: not in a pack, a log, an error or a
refused row.
"""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Annotated
from urllib.parse import quote, quote_plus

from pydantic import AfterValidator

from feeds.errors import FeedError

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
UNSET = "is not set in the environment"
_SHOWN = "•••"
_SHORTEST = 4  # shorter texts would be found everywhere


def reference(text: str) -> str:
    """Return a reference such as ``env:OPENAQ_KEY`` as it is.

    Raises:
        ValueError: for anything else; the text is not repeated, it may be the secret itself.

    """
    if not _REFERENCE.fullmatch(text):
        raise ValueError(
            "a secret never stands in a pack: write 'env:NAME' and set NAME in the environment"
        )
    return text


Secret = Annotated[str, AfterValidator(reference)]


def reveal(feed_id: str, name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the secret behind a reference.

    Raises:
        FeedError: if it is not set.

    """
    match = _REFERENCE.fullmatch(name)
    if match is None:
        raise FeedError(feed_id, "a secret is not written as 'env:NAME'", permanent=True)
    found = (os.environ if environment is None else environment).get(match[1], "").strip()
    if not found:
        raise FeedError(feed_id, f"{match[1]} {UNSET}", permanent=True)
    return found


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text with every secret in it covered, also where it was written for a URL.

    >>> hidden("GET /?key=s%2Bcret 403", ["s+cret"])
    'GET /?key=••• 403'

    """
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            for spelling in {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}:
                text = text.replace(spelling, _SHOWN)
    return text
