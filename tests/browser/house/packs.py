"""Copies of the demo's pack with shorter times, and a source that the test itself may stop."""

import re
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from demo.sites import power
from tests.browser.house.houses import ROOT

MONTREAL = ROOT / "cities" / "montreal"
POWER_EVERY_S, POWER_LATENCY_S = 2, 1
POWER_LATE_S, POWER_STALE_S, POWER_NODATA_S = (
    POWER_LATENCY_S + round(factor * POWER_EVERY_S) for factor in (1.5, 3, 10)
)
QUICK_POWER = """[[feeds]]
id = "power"
name = "Power feeders"
kind = "file"
url = "{url}"
every = "{every}s"
latency = "{latency}s"
gives = "observation"
owner = "Emergency management"
licence = "simulated"
[feeds.columns]
site_id = "site"
observed_at = "at"
quantity = "quantity"
value = {{ column = "value", unit = "count" }}
district = "district"

"""
QUICK_RIVER = 'every = "10s"\nlatency = "2m"'  # a value a minute: its age never passes the limits
SLOW = {
    *("permits", "calls-311", "calls-911", "ambulances", "engines", "crime", "waste", "shelters"),
    *("cards", "prices", "licences", "claims", "building", "hotels", "electricity", "noise"),
    *("water", "water-balance", "road-incidents", "collisions", "hospitals"),
}
BACKFILL = re.compile(r'backfill = "\d+d"')
FEED = re.compile(r"^\[\[feeds\]\]\n.*?(?=^\[\[|^# ---)", re.MULTILINE | re.DOTALL)


def with_short_past(folder: Path, days: int) -> Path:
    """Write the demo's pack with a past of so many days, its requests without wider windows."""
    text = (MONTREAL / "city.toml").read_text(encoding="utf-8")
    text = text.replace('id = "srv.new"\n', 'id = "srv.new"\nroll_up = []\n')  # small cells
    return _write(folder, BACKFILL.sub(f'backfill = "{days}d"', text))


def with_quick_feeds(folder: Path, power_url: str) -> Path:
    """Write the demo's pack without a past; power comes from the test, rivers are asked often."""
    text = (MONTREAL / "city.toml").read_text(encoding="utf-8")
    text = BACKFILL.sub("", text)
    feeds = {
        re.findall(r'^id = "(.*)"', feed, re.MULTILINE)[0]: feed for feed in FEED.findall(text)
    }
    for name in SLOW & feeds.keys():  # they would keep a worker that starts from the quick ones
        text = text.replace(feeds[name], "")
    river = re.sub(r'every = "\w+"\nlatency = "\w+"', QUICK_RIVER, feeds["river"])
    mine = QUICK_POWER.format(url=power_url, every=POWER_EVERY_S, latency=POWER_LATENCY_S)
    return _write(folder, text.replace(feeds["power"], mine).replace(feeds["river"], river))


def _write(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "city.toml").write_text(text, encoding="utf-8")
    for table in MONTREAL.glob("*.csv"):
        (folder / table.name).write_bytes(table.read_bytes())
    return folder


class Source:
    """Power feeders as CSV over HTTP, measured whenever they are asked, until they are stopped."""

    def __init__(self) -> None:
        self.is_dead = False
        self.asked = 0
        self.served: list[float] = []
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                source.asked += 1
                if source.is_dead:
                    self.send_error(503)
                    return
                body = source.body(datetime.now(UTC)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/csv; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                source.served.append(time.time())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/power.csv"

    @staticmethod
    def body(at: datetime) -> str:
        """One customer in a thousand is out, and one more with each second of the minute."""
        lines = ["site,at,quantity,value,district"]
        for site in power():
            served = site.properties["customers_served"]
            for quantity, value in (
                ("customers_out", round(served / 1000) + at.second),
                ("customers_served", served),
            ):
                lines.append(f"{site.id},{at.isoformat()},{quantity},{value:.0f},{site.district}")
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
