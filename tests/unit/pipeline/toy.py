"""A kind of feed that is polled, pushed, heard and read again, for the worker's own tests."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from feeds import Ear, KindOptions
from feeds.base import Again, Kind, Take
from model import Delivery, Feed, Observation, Parsed, Reject

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ToyOptions(KindOptions):
    """Nothing of its own."""

    def problems(self, _: Feed) -> list[str]:
        return []


@dataclass
class Toy:
    """What the kind does; tests change it."""

    scale: float | None = None  # None: "21,5" is no number; else commas are read
    heard: list[Ear] = field(default_factory=list)
    stopped: int = 0
    trouble: Exception | None = None
    polled: list[datetime] = field(default_factory=list)
    during_poll: Any = lambda: None

    def rows(self, rows: list[Any], feed: Feed, at: datetime) -> Parsed:
        accepted: list[Any] = []
        rejected = []
        for line, row in enumerate(rows, 1):
            try:
                value = self.number(row["v"])
            except (ValueError, KeyError, TypeError):
                said = row.get("v") if isinstance(row, dict) else row
                raw = json.dumps(row)
                rejected.append(
                    Reject(
                        feed_id=feed.id,
                        line=line,
                        reason=f"{said!r} is no number",
                        raw=raw,
                        at=at,
                        field="v",
                    )
                )
                continue
            accepted.append(
                Observation(
                    feed_id=feed.id,
                    site_id=str(row.get("s", "1")),
                    quantity="pm25",
                    value=value,
                    unit="µg/m³",
                    observed_at=datetime.fromisoformat(row["at"]) if "at" in row else at,
                    fetched_at=at,
                )
            )
        return Parsed(accepted, rejected)

    def number(self, text: Any) -> float:
        if isinstance(text, str) and self.scale is not None:
            text = text.replace(",", ".")
        return float(text)

    def receive(self, delivery: Delivery, feed: Feed) -> Parsed:
        if delivery.body == b"boom":
            raise RuntimeError("a defect of the kind")
        if delivery.body == b"naive":
            naive = delivery.received_at.replace(tzinfo=None).isoformat()
            return self.rows([{"v": 1, "at": naive}], feed, delivery.received_at)
        return self.rows(json.loads(delivery.body), feed, delivery.received_at)

    def again(self, what: Again) -> Parsed:
        rows = [json.loads(one.raw) for one in what.rejects]
        return self.rows(rows, what.feed, what.now)

    def read(self, visit: Any) -> Take:
        self.polled.append(visit.now)
        self.during_poll()
        if self.trouble:
            raise self.trouble
        return Take(self.rows([{"v": 5}], visit.feed, visit.now), {"n": len(self.polled)})

    def listen(self, ear: Ear) -> "Toy":
        if self.trouble:
            raise self.trouble
        self.heard.append(ear)
        return self

    def stop(self) -> None:
        self.stopped += 1

    def kind(self, name: str = "toy", **more: Any) -> Kind:
        return Kind(
            name=name,
            options=ToyOptions,
            read=self.read,
            parse=self.rows,
            standard="none",
            gives=frozenset({"observation"}),
            receive=self.receive,
            again=self.again,
            **more,
        )


def feed(name: str = "air", kind: str = "toy", **more: Any) -> Feed:
    given: dict[str, Any] = {"every": timedelta(minutes=1), "push_secret": "env:K"} | more
    return Feed(id=name, kind=kind, gives="observation", **given)


def delivery(body: Any, feed_id: str = "air", at: datetime = NOW) -> Delivery:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(feed_id=feed_id, body=sent, received_at=at)
