"""The quarantine of the chosen feed: why rows were refused, and the rows with their raw text.

Raw text comes from strangers. It is shown as text in full, with everything that hides or reorders
letters written out; nothing of it ever becomes markup or an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dash import html

from layouts import plaintext
from layouts.component import Props
from layouts.context import Cause, NoRows, Refused, RefusedPage
from layouts.desk import links, values
from layouts.desk.pulse import digest
from layouts.ids import part, slot
from layouts.parts import aria, classes
from layouts.view import View
from model import Snapshot

SCOPE, NAME = "feed", "quar"
REASONS, ROWS = 8, 10
SAMPLE, REASON_MOST = 60, 160  # letters that a table shows; the rest stands in the title
RAW_MOST = 16_384  # letters: as many as quarantine keeps
PAGERS = (
    ("newest", "newest rows"),
    ("older", "older rows"),
    ("every", "rows of every reason"),
)
TITLE, SILENT = "Quarantine", "Quarantine: the store does not answer"
NEVER = "Nothing was ever refused."
GONE = "Nothing is in quarantine now: what was refused has been read again or has run out."
NO_SUCH = "No row that is kept has this reason."
COLUMNS = (
    ("Reason", ""),
    ("Field", ""),
    ("Rows", "is-num"),
    ("Last", "is-num"),
    ("Sample as received", ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an address asks of a quarantine, and what the store says. ``None``: it is silent."""

    causes: Sequence[Cause] | None = ()
    page: RefusedPage | None = field(default_factory=NoRows)
    reason: str | None = None
    before: str | None = None
    kept: str | None = None  # the list of feeds beside it


def key(name: str) -> str:
    """Return the id of one part."""
    return part(SCOPE, NAME, name)


MARK = key("mark")  # its title says which rows are drawn, so that they are not sent again


def section(view: View) -> html.Section:
    """Return the empty section."""
    t = view.t
    return html.Section(
        [
            html.H3(html.Span(id=key("title"))),
            html.Span(id=MARK, title="", hidden=True),
            html.P(id=key("none"), className="bz-fsec__note"),
            html.Div(_table(view), id=key("causes"), className="is-none"),
            html.Div(
                [
                    html.H4(html.Span(id=key("rows-title"))),
                    *(_row(n) for n in range(ROWS)),
                    html.Nav(
                        [
                            html.A(t(word), id=key(name), className="is-none")
                            for name, word in PAGERS
                        ],
                        className="bz-rows__pages",
                        **aria(t("Pages of refused rows")),
                    ),
                ],
                id=key("rows"),
                className="is-none",
            ),
        ],
        id=key("root"),
        className="bz-fsec bz-fquar",
    )


def _table(view: View) -> html.Table:
    head = [html.Th(view.t(word), scope="col", className=look) for word, look in COLUMNS]
    return html.Table(
        [html.Thead(html.Tr(head)), html.Tbody([_cause(n) for n in range(REASONS)])],
        className="bz-table bz-table--plain bz-quar",
    )


def _cause(n: int) -> html.Tr:
    name = slot("why", n)
    return html.Tr(
        [
            html.Td(
                html.A(html.Bdi(id=key(f"{name}-reason")), id=key(f"{name}-link")),
                id=key(f"{name}-cell"),
            ),
            html.Td(html.Bdi(id=key(f"{name}-field"))),
            html.Td(id=key(f"{name}-n"), className="is-num"),
            html.Td(id=key(f"{name}-at"), className="is-num is-dim"),
            html.Td(html.Bdi(id=key(f"{name}-raw")), className="bz-code"),
        ],
        id=key(name),
        className="is-none",
    )


def _row(n: int) -> html.Details:
    name = slot("row", n)
    raw: dict[str, Any] = {"tabIndex": "0", "dir": "ltr"}
    return html.Details(
        [
            html.Summary(
                [
                    html.Span(id=key(f"{name}-at"), className="bz-rows__at"),
                    html.Bdi(id=key(f"{name}-why"), className="bz-rows__why"),
                    html.Bdi(id=key(f"{name}-sample"), className="bz-code bz-rows__sample"),
                ]
            ),
            html.P(id=key(f"{name}-where"), className="bz-fsec__note"),
            html.Pre(id=key(f"{name}-raw"), className="bz-code bz-rows__raw", **raw),
            html.Pre(id=key(f"{name}-context"), className="bz-code bz-rows__raw is-none", **raw),
        ],
        id=key(name),
        className="is-none",
    )


def props(feed_id: str, chosen: Chosen, refused: int, snapshot: Snapshot, view: View) -> Props:
    """Return every value of the section. ``refused`` is how many rows the feed ever lost."""
    page, causes = chosen.page, chosen.causes
    if page is None or causes is None:
        title, none = SILENT, ""
        page, causes = NoRows(), ()
    else:
        title, none = TITLE, _none(page, causes, refused, chosen)
    there = {"data-here": "true" if chosen.reason or chosen.before else None}
    return {
        key("root"): there,
        MARK: {"title": digest((feed_id, *(item.id for item in page.items)))},
        key("title"): {"children": _title(title, page, causes, view)},
        key("none"): {"children": view.t(none) if none else ""},
        key("causes"): {"className": "" if causes else "is-none"},
        **_cause_props(feed_id, causes, chosen, snapshot, view),
        **_page_props(feed_id, page, causes, chosen, view),
        **_row_props(page.items, snapshot, view),
    }


def _title(title: str, page: RefusedPage, causes: Sequence[Cause], view: View) -> str:
    kept = sum(cause.count for cause in causes)
    if not kept:
        return view.t(title)
    counted = view.t.plural("{n} row kept", "{n} rows kept", kept)
    if page.total > kept:
        counted += ", " + view.t("{n} refused ever", n=view.t.number(page.total))
    return f"{view.t(title)}, {counted}"


def _none(page: RefusedPage, causes: Sequence[Cause], refused: int, chosen: Chosen) -> str:
    if page.items:
        return ""
    if causes or chosen.reason:
        return NO_SUCH
    return GONE if page.total or refused else NEVER


def _cause_props(
    feed_id: str, causes: Sequence[Cause], chosen: Chosen, snapshot: Snapshot, view: View
) -> Props:
    found: Props = {}
    for n in range(REASONS):
        name = slot("why", n)
        cause = causes[n] if n < len(causes) else None
        reason = cause.reason if cause else ""
        is_on = bool(cause) and chosen.reason == reason
        href = links.feed(view, feed_id, list=chosen.kept, reason=reason)
        found[key(name)] = {
            "className": classes("" if cause else "is-none", "is-on" if is_on else "")
        }
        found[key(f"{name}-link")] = {"href": href}
        found[key(f"{name}-cell")] = {"title": plaintext.line(reason, REASON_MOST)}
        said = {
            "reason": plaintext.line(view.t(reason) if reason else "", REASON_MOST),
            "field": plaintext.line(cause.field or "", SAMPLE) if cause else "",
            "n": view.t.number(cause.count) if cause else "",
            "at": values.moment(cause.last_at, view, snapshot) if cause else "",
            "raw": plaintext.raw(cause.sample[:SAMPLE]) if cause else "",
        }
        found |= {key(f"{name}-{part_}"): {"children": text} for part_, text in said.items()}
    return found


def _page_props(
    feed_id: str, page: RefusedPage, causes: Sequence[Cause], chosen: Chosen, view: View
) -> Props:
    t, here = view.t, {"list": chosen.kept, "reason": chosen.reason}
    title = t("The newest rows as received")
    if chosen.reason:
        reason = plaintext.line(chosen.reason, REASON_MOST)
        title = t("Rows as received: {reason}", reason=reason)
    elif chosen.before:
        title = t("Older rows as received")
    wanted: tuple[tuple[str, bool, dict[str, str | None]], ...] = (
        ("newest", bool(chosen.before), {}),
        ("older", page.next is not None, {"before": page.next}),
        ("every", bool(chosen.reason) and bool(causes), {"reason": None}),
    )
    is_shown = bool(page.items or chosen.reason or chosen.before)
    return {
        key("rows"): {"className": "bz-rows" if is_shown else "is-none"},
        key("rows-title"): {"children": title},
        **{
            key(name): {
                "className": "" if is_there else "is-none",
                "href": links.feed(view, feed_id, **{**here, **more}),
            }
            for name, is_there, more in wanted
        },
    }


def _row_props(items: Sequence[Refused], snapshot: Snapshot, view: View) -> Props:
    found: Props = {}
    for n in range(ROWS):
        item = items[n] if n < len(items) else None
        name = slot("row", n)
        said = _words(item, snapshot, view)
        found[key(name)] = {"className": "bz-rows__row" if item else "is-none"}
        for part_, text in said.items():
            found[key(f"{name}-{part_}")] = {"children": text}
        found[key(f"{name}-context")]["className"] = classes(
            "bz-code bz-rows__raw", "" if said["context"] else "is-none"
        )
    return found


def without_rows(props_: Props) -> Props:
    """Return properties without those of the rows: they are long, and are drawn already."""
    rows = tuple(key(slot("row", n)) for n in range(ROWS))
    return {name: values_ for name, values_ in props_.items() if not name.startswith(rows)}


def _words(item: Refused | None, snapshot: Snapshot, view: View) -> dict[str, str]:
    if item is None:
        return dict.fromkeys(("at", "why", "sample", "where", "raw", "context"), "")
    reject, t = item.reject, view.t
    field_ = plaintext.line(reject.field or "", SAMPLE)
    reason = plaintext.line(t(reject.reason), REASON_MOST)
    where = [t("row {n}", n=reject.line)] if reject.line > 0 else [t("the whole document")]
    if field_:
        where.append(t("field {name}", name=field_))
    where.append(t.plural("{n} letter", "{n} letters", len(reject.raw)))
    where.append(t("refused {at}", at=values.stamp(reject.at, view, seconds=True)))
    return {
        "at": values.moment(reject.at, view, snapshot),
        "why": f"{field_}: {reason}" if field_ and field_ not in reason else reason,
        "sample": plaintext.line(reject.raw[: SAMPLE * 4], SAMPLE),
        "where": t.listing(where),
        "raw": plaintext.raw(reject.raw[:RAW_MOST]) or t("the row was empty"),
        "context": plaintext.raw(reject.context[:RAW_MOST]),
    }
