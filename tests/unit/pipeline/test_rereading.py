from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feeds
from model import Feed
from pipeline.rereading import judge
from store import Quarantined

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
HEADER = "Nr;Opened;Kind\n"


def declared(path, form: str) -> Feed:
    columns = {
        "case_id": "Nr",
        "opened_at": {"column": "Opened", "format": form},
        "service": "Kind",
    }
    return Feed(
        id="c",
        kind="file",
        gives="case",
        every=timedelta(days=1),
        path=str(path),
        options={"separator": ";", "quarantine_limit": 1.0, "columns": columns},
    )


def test_rows_of_a_table_are_read_again_once_its_format_was_mended(tmp_path):
    path = tmp_path / "x.csv"
    good = "".join(f'{n};01.03.2026 08:00;"Tree\nbig"\n' for n in range(700))
    path.write_text(HEADER + good + "800;soon;Lamp\n801;03/04/2026 08:00;Lamp\n", encoding="utf-8")
    feed = declared(path, "%d-%m-%Y %H:%M")
    with feeds.open_client("tests") as client:
        refused = feeds.poll(feed, client, {}, now=NOW).parsed.rejected
    rows = [Quarantined(f"{number}-0", reject) for number, reject in enumerate(refused)]
    mended = declared(path, "%d.%m.%Y %H:%M")

    before = judge(feed, rows, {}, now=NOW)
    after = judge(mended, rows, {}, now=NOW)

    assert len(rows) == 702
    assert (before.accepted, before.refused, before.unreadable) == (0, 702, 0)
    assert before.changes == {}, "refused for the same reason: they stay as they are"
    assert (after.accepted, after.refused, after.unreadable) == (700, 2, 0)
    assert len(after.facts) == 700
    renamed = after.changes["700-0"]
    assert renamed == replace(
        rows[700].reject, reason="'soon' is no time as %d.%m.%Y %H:%M", field="opened_at"
    )
