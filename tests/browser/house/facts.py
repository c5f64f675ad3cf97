"""The facts that a house keeps, and those that its simulated city has told."""

from datetime import UTC, datetime, timedelta

import httpx
from deltalake import DeltaTable

import history
from tests.browser.house.houses import Home


def archive(home: Home, first: int, last: int) -> set[tuple[str, float]]:
    """Sites and instants of the river values that the demo has measured."""
    base = f"http://127.0.0.1:{home.demo_port}/sta/river/v1.1/Observations"
    span = [datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (first, last)]
    query = {
        "$filter": f"phenomenonTime ge {span[0]} and phenomenonTime le {span[1]}",
        "$top": 1000,
    }
    rows = httpx.get(base, params=query, trust_env=False).json()["value"]
    return {
        (
            row["@iot.id"].partition(".")[0],
            datetime.fromisoformat(row["phenomenonTime"]).timestamp(),
        )
        for row in rows
    }


def observations(home: Home) -> list[tuple]:
    """Every row that was ever written, versions and repeats too."""
    columns = ["feed_id", "site_id", "quantity", "observed_at", "value"]
    table = DeltaTable(home.folder / "history" / "observations").to_pyarrow_table(columns=columns)
    rows = zip(*(table[name].to_pylist() for name in columns), strict=True)
    return [(feed, site, what, at.timestamp(), value) for feed, site, what, at, value in rows]


def raw_now(home: Home, districts: set[str]) -> dict[str, dict]:
    """The unhidden newest readings of new requests, as the house keeps them for itself."""
    memory = history.open(str(home.folder / "history"), writer=False)
    try:
        now = datetime.now(UTC)
        rows = memory.readings("srv.new", start=now - timedelta(minutes=20), end=now)
        newest = {row["district"]: row for row in sorted(rows, key=lambda row: row["at"])}
    finally:
        memory.close()
    return {key: row for key, row in newest.items() if key in districts}


def feed(home: Home, key: str) -> dict:
    """How a feed is doing."""
    return next(item for item in home.json("/api/v1/feeds")["items"] if item["id"] == key)


def silences(home: Home) -> set[str]:
    """Occurrences of alarms that a feed is silent, standing and closed."""
    found = [*home.alerts(), *home.alerts("?state=closed")]
    return {alert["occurrence"] for alert in found if alert["rule"].startswith("dq.")}


def unseen(told: list[float], kept: set[float], blows: list[float]) -> list[float]:
    """Instants that a source told of and nobody kept; a blow may cut off the poll under way."""
    return [
        at
        for at in told
        if not any(-1 < at - blow < 3 for blow in blows)
        and not any(abs(at - other) < 0.5 for other in kept)
    ]


def is_small(row: dict) -> bool:
    """Whether a row tells of fewer than five cases."""
    by = {"srv.new": ("num",), "srv.backlog": ("num", "n"), "srv.netflow": ("num", "den")}
    figures = [row[name] for name in by.get(row["indicator"], ("n",))]
    return any(figure is not None and figure < 5 for figure in figures)
