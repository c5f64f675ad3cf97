"""The list of feeds: fixed slots, one per feed that the list shows."""

import math
from collections.abc import Sequence
from datetime import timedelta

import dash_svg as svg
from dash import html

from layouts import plaintext
from layouts.component import LiveComponent, Props
from layouts.desk import links, values
from layouts.desk.feedlists import DOMAIN, WORST, arranged, slots
from layouts.ids import part, slot
from layouts.parts import age, classes, ms, texts
from layouts.view import View
from model import FeedState, Snapshot

ROWS = "rows"
POLLS = 48
POLL_SIZE = (150.0, 17.0)
KINDS = ("ok", "late", "rej", "x")
_HEIGHT = {"ok": 7.0, "same": 7.0, "late": 12.0, "rejects": 12.0, "error": 17.0}
_CLASS = {"ok": "ok", "same": "ok", "late": "late", "rejects": "rej", "error": "x"}
COLUMNS = (
    ("", "State"),
    ("", "Feed"),
    ("is-num", "Due every"),
    ("is-num", "Age"),
    ("bz-fage__h", ""),
    ("", "Last 48 polls"),
    ("is-num", "Accepted"),
    ("is-num", "Rejected"),
    ("is-num", "In a district"),
)


def rows(scene: str, kept: str) -> LiveComponent:
    """Return a list, a slot for every feed that it has room for."""
    return LiveComponent(
        id=ROWS,
        build=lambda view: _build(scene, kept, view),
        props=lambda snapshot, view: _props(scene, kept, snapshot, view),
    )


def age_share(age_s: float | None, due: timedelta) -> int:
    """Return where an age lies on a log scale of its cadence: 1× at 50 %, 10× near the end.

    >>> age_share(300.0, timedelta(minutes=5)), age_share(None, timedelta(minutes=5))
    (50, 100)

    """
    if age_s is None:
        return 100
    times = max(age_s, 0.0) / max(due.total_seconds(), 1.0)
    return round(min(100.0, max(2.0, 50.0 + 50.0 * math.log10(max(times, 1e-6)))))


def polls(marks: Sequence[str]) -> dict[str, str]:
    """Draw the last polls, newest at the right: a path per kind (ok, late, rejects, error)."""
    width, height = POLL_SIZE
    step = width / POLLS
    drawn = dict.fromkeys(KINDS, "")
    shown = list(marks)[-POLLS:]
    for n, mark in enumerate(shown):
        x = (POLLS - len(shown) + n) * step + 0.5
        tall = _HEIGHT.get(mark, 7.0)
        drawn[_CLASS.get(mark, "ok")] += f"M{x:.1f},{height:g}v-{tall:g}h{step - 1.2:.1f}v{tall:g}Z"
    return drawn


def coverage(feed: FeedState, view: View) -> str:
    """Return the share of facts that fell into a district; empty where none was placed."""
    placed = feed.matched + feed.unmatched
    return view.t.quantity(100 * feed.matched / placed, "%") if placed else ""


def _build(scene: str, kept: str, view: View) -> html.Table:
    head = html.Tr(
        [
            html.Th(
                [html.I("1×"), html.I("3×"), html.I("10×")]
                if look == "bz-fage__h"
                else view.t(word),
                className=look,
                scope="col",
            )
            for look, word in COLUMNS
        ]
    )
    return html.Table(
        [
            html.Colgroup([html.Col(className=f"bz-fcol--{n}") for n, _ in enumerate(COLUMNS)]),
            html.Thead(head),
            html.Tbody(
                [
                    row
                    for n in range(slots(kept, view))
                    for row in _rows(scene, kept, slot("row", n))
                ]
            ),
        ],
        className="bz-table bz-ftable",
    )


def _rows(scene: str, kept: str, name: str) -> list[html.Tr]:
    """Return a row, under a heading that is there where its group begins."""
    if kept != DOMAIN:
        return [_row(scene, name)]
    head = html.Th(id=part(scene, name, "domain"), colSpan=len(COLUMNS), scope="colgroup")
    return [
        html.Tr(head, id=part(scene, name, "group"), className="bz-fgroup is-none"),
        _row(scene, name),
    ]


def _row(scene: str, name: str) -> html.Tr:
    def text(key: str, look: str = "") -> html.Span:
        return html.Span(id=part(scene, name, key), className=look)

    strip = svg.Svg(
        [
            svg.Path(id=part(scene, name, f"poll-{kind}"), d="", className=f"bz-polls__{kind}")
            for kind in KINDS
        ],
        className="bz-polls",
        viewBox=f"0 0 {POLL_SIZE[0]:g} {POLL_SIZE[1]:g}",
        id=part(scene, name, "polls"),
        role="img",
    )
    return html.Tr(
        [
            html.Td([text("glyph"), text("state")]),
            html.Td(
                [
                    html.A(
                        html.B(id=part(scene, name, "name")),
                        id=part(scene, name, "open"),
                        className="bz-row__open",
                        href="/feeds",
                    ),
                    text("kind", "bz-frow__kind"),
                    text("err", "bz-frow__err"),
                ]
            ),
            html.Td(text("due"), className="is-num is-dim"),
            html.Td([html.B(age(id=part(scene, name, "age"))), text("never")], className="is-num"),
            html.Td(html.Span(id=part(scene, name, "bar"), className="bz-fage")),
            html.Td(strip),
            *(
                html.Td(text(key), className="is-num is-dim")
                for key in ("accepted", "rejected", "coverage")
            ),
        ],
        id=part(scene, name, "root"),
        className="bz-frow is-none",
    )


def _props(scene: str, kept: str, snapshot: Snapshot, view: View) -> Props:
    found = arranged(kept, snapshot, view)
    props: Props = {}
    before = ""
    for n in range(slots(kept, view)):
        name = slot("row", n)
        group, feed = found[n] if n < len(found) else ("", None)
        props.update(_row_props(scene, name, feed, snapshot, view))
        query = None if kept == WORST else kept
        href = links.feed(view, feed.id if feed else None, list=query)
        props[part(scene, name, "open")] = {"href": href}
        if kept == DOMAIN:
            is_first = bool(group) and group != before
            props[part(scene, name, "domain")] = {"children": view.t(group) if is_first else ""}
            props[part(scene, name, "group")] = {
                "className": classes("bz-fgroup", "" if is_first else "is-none")
            }
            before = group or before
    return props


def _row_props(
    scene: str, name: str, feed: FeedState | None, snapshot: Snapshot, view: View
) -> Props:
    t = view.t
    keys = ("state", "name", "kind", "err", "due", "never", "accepted", "rejected", "coverage")
    said, look, share, seen = dict.fromkeys(keys, ""), "", 2, None
    if feed is not None:
        seen = feed.last_observed_at
        age_s = (snapshot.published_at - seen).total_seconds() if seen else None
        look, share = feed.state.value.lower(), age_share(age_s, feed.due_every)
        said = {
            "state": t(values.QUALITY_WORDS[feed.state]).capitalize(),
            "name": feed.name,
            "kind": feed.kind,
            "err": plaintext.line(feed.last_error or "", 120) if feed.failures else "",
            "due": t.every(feed.due_every),
            "never": "" if seen else t("never"),
            "accepted": t.compact(feed.accepted),
            "rejected": t.compact(feed.rejected),
            "coverage": coverage(feed, view),
        }
    props = texts(scene, name, said)
    props[part(scene, name, "glyph")] = {"className": f"bz-q bz-q--{look}" if look else ""}
    props[part(scene, name, "age")] = {"data-at": ms(seen)}
    props[part(scene, name, "bar")] = {
        "className": classes("bz-fage", f"is-{look}" if look else ""),
        "style": {"--x": f"{share}%"},
    }
    props[part(scene, name, "root")] = {
        "className": f"bz-frow is-{look}" if feed else "bz-frow is-none",
        "data-feed": feed.id if feed else None,
    }
    marks = feed.polls if feed else ()
    for kind, path in polls(marks).items():
        props[part(scene, name, f"poll-{kind}")] = {"d": path}
    errors = sum(mark == "error" for mark in marks)
    props[part(scene, name, "polls")] = {
        "aria-label": t.plural(
            "{n} of {of} polls failed", "{n} of {of} polls failed", errors, of=len(marks)
        )
    }
    return props
