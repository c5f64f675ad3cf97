"""The strip above the list: how all feeds are doing together.

The states are streamed. The rows of the last day are kept beside the snapshot, so they are filled
when the page is drawn and again with the panel.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import fmean

from dash import html

from layouts.component import LiveComponent, Props
from layouts.ids import part
from layouts.parts import aria, texts
from layouts.view import View
from model import FeedState, Quality, Snapshot

PAGE, SUM = "feeds", "sum"
DAY = timedelta(hours=24)
SUMMARY = (
    ("good", (Quality.GOOD,), "good", "on time and sound"),
    ("uncertain", (Quality.UNCERTAIN,), "uncertain", "shown with ~"),
    ("late", (Quality.LATE,), "late", "age badge only"),
    ("stale", (Quality.STALE,), "stale", "frozen, hatched"),
    ("nodata", (Quality.NODATA, Quality.BAD), "no data", "or not believed"),
)
WIDE = (
    ("share", "of feed time good, 30 days"),
    ("accepted", "rows accepted, 24 h"),
    ("silent", "longest silence"),
)


def summary(scene: str) -> LiveComponent:
    """Return the strip: how many feeds in which state, and how well they deliver."""
    return LiveComponent(
        id=SUM,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def _build(scene: str, view: View) -> html.Section:
    t = view.t
    cells = [
        html.Div(
            [
                html.B("0", id=part(scene, SUM, key)),
                html.Span([t(word), html.Small(t(more))]),
            ],
            id=part(scene, SUM, f"{key}-box"),
            className="bz-fsum__i",
        )
        for key, _, word, more in SUMMARY
    ]
    wide = []
    for key, word in WIDE:
        where = PAGE if key == "accepted" else scene
        said = html.Span(
            [
                html.Span(t(word), id=part(where, SUM, f"{key}-word")),
                html.Small(id=part(where, SUM, f"{key}-more")),
            ]
        )
        wide.append(html.Div([html.B(id=part(where, SUM, key)), said], className="bz-fsum__wide"))
    return html.Section([*cells, *wide], className="bz-fsum", **aria(t("Feeds together")))


def _props(scene: str, snapshot: Snapshot, view: View) -> Props:
    said: dict[str, str] = {}
    found: Props = {}
    for key, kinds, _, _ in SUMMARY:
        n = sum(feed.state in kinds for feed in snapshot.feeds)
        said[key] = str(n)
        bad = key in ("stale", "nodata") and n
        found[part(scene, SUM, f"{key}-box")] = {
            "className": "bz-fsum__i" + (" is-bad" if bad else "")
        }
    said["share"], said["share-more"] = _share(snapshot, view)
    said["silent"], said["silent-more"] = _silent(snapshot, view)
    return {**texts(scene, SUM, said), **found}


def _share(snapshot: Snapshot, view: View) -> tuple[str, str]:
    """Return the mean share of time in which feeds were good, and the worst of them."""
    t = view.t
    known = [(f.good_share, f) for f in snapshot.feeds if f.good_share is not None]
    if not known:
        return t("unknown"), t("not measured yet")
    share, worst = min(known, key=lambda pair: pair[0])
    mean = _percent(fmean(pair[0] for pair in known), view)
    return mean, t("worst: {feed}, {share}", feed=worst.name, share=_percent(share, view))


def _percent(share: float, view: View) -> str:
    """Return a share; one that is not whole is never rounded up to 100 %."""
    return view.t.quantity(int(share * 1000) / 10, "%", 0 if share == 1 else 1)


def _silent(snapshot: Snapshot, view: View) -> tuple[str, str]:
    """Return the longest silence beyond what was due, and whose it is."""
    t = view.t
    heard = [(f.last_observed_at + f.due_every, f) for f in snapshot.feeds if f.last_observed_at]
    if not heard:
        return t("unknown"), ""
    _, oldest = min(heard, key=lambda pair: pair[0])
    silent = snapshot.published_at - (oldest.last_observed_at or snapshot.published_at)
    return t.duration(silent), oldest.name


def day_props(states: Mapping[str, FeedState], snapshot: Snapshot | None, view: View) -> Props:
    """Return what the rows of the last day add up to; since the beginning where no hour is kept."""
    if snapshot is None:
        return {}
    t = view.t
    kept = [states.get(feed.id, feed) for feed in snapshot.feeds]
    is_day = any(feed.hours for feed in kept)
    if is_day:
        pairs = [day(feed, snapshot.published_at) for feed in kept]
    else:
        pairs = [(feed.accepted, feed.rejected) for feed in snapshot.feeds]
    accepted, rejected = sum(a for a, _ in pairs), sum(r for _, r in pairs)
    share = 100 * rejected / (accepted + rejected) if accepted + rejected else 0.0
    said = {
        "accepted": t.compact(accepted),
        "accepted-word": t("rows accepted, 24 h") if is_day else t("rows accepted so far"),
        "accepted-more": t(
            "{n} rejected, {share}", n=t.number(rejected), share=t.quantity(share, "%", 2)
        ),
    }
    return texts(PAGE, SUM, said)


def day(feed: FeedState, now: datetime) -> tuple[int, int]:
    """Return how many rows were accepted and rejected in the last 24 hours of whole clock hours."""
    first = now - DAY
    rows = [(a, r) for at, a, r in feed.hours if datetime.fromisoformat(at) > first]
    return sum(a for a, _ in rows), sum(r for _, r in rows)
