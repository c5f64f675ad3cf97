"""What others bring us: a pushed body or a message of a broker, before it is parsed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One body as it came in. ``topic`` is a broker's topic, ``media_type`` what the sender said.

    ``received_at`` is our clock; it says nothing of when the facts in it were true.
    """

    feed_id: str
    body: bytes
    received_at: datetime
    media_type: str = ""
    topic: str = ""
