"""Refused rows to be read once more: those whose raw text is whole, and those that stay."""

import json
from collections.abc import Iterable
from typing import Any

from model import Reject


def readable(rejects: Iterable[Reject]) -> tuple[list[tuple[Reject, Any]], list[Reject]]:
    """Return the refused rows that are whole JSON, each with its value, and the others."""
    whole: list[tuple[Reject, Any]] = []
    broken: list[Reject] = []
    for one in rejects:
        try:
            whole.append((one, json.loads(one.raw)))
        except (ValueError, RecursionError):
            broken.append(one)
    return whole, broken
