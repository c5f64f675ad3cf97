"""Works and notices in force: the most impact first, each with its place, its end and its source.

The headline is a stranger's text and is shown as text; its address becomes a link only where it is
one of the web.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import dash_svg as svg
from dash import html

from figures import signs
from layouts import notices
from layouts.component import LiveComponent, Props
from layouts.ids import part, slot
from layouts.notices import Standing
from layouts.parts import HIDDEN, classes
from layouts.view import View
from model import Snapshot

NAME = "notices"
SLOTS = 30
SEVERITY = {
    "extreme": "extreme",
    "severe": "severe",
    "moderate": "moderate",
    "minor": "minor",
    "unknown": "severity not stated",
}
_SIZE, _SIGN = 20.0, 14.0


def notice_list(scene: str, district: str | None = None) -> LiveComponent:
    """Return the list, of the whole city or of what concerns one district."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _props(scene, snapshot, view, district),
    )


def listed(snapshot: Snapshot, view: View, district: str | None = None) -> Sequence[Standing]:
    """Return what the list tells of, the most impact first."""
    standing = notices.standing(snapshot, view)
    if district is None:
        return standing
    return [one for one in standing if district in one.notice.districts]


def _build(scene: str, view: View) -> html.Section:
    return html.Section(
        [
            html.Header(
                [
                    html.H2(view.t("Works and notices"), className="bz-card__title"),
                    html.Span(id=part(scene, NAME, "sub"), className="bz-card__sub"),
                ],
                className="bz-card__head",
            ),
            html.P(view.t("Not known yet."), id=part(scene, NAME, "none"), className="bz-feednone"),
            html.Ol(
                [_row(scene, n) for n in range(SLOTS)],
                className="bz-feedlist bz-feedlist--notes",
                tabIndex="0",
            ),
        ],
        className="bz-home__col",
    )


def _row(scene: str, n: int) -> html.Li:
    row = slot(NAME, n)
    return html.Li(
        [
            svg.Svg(
                svg.Path(id=part(scene, row, "sign"), d="", className="bz-note__sign"),
                viewBox=f"0 0 {_SIZE:g} {_SIZE:g}",
                className="bz-note__key",
                **HIDDEN,
            ),
            html.Div(
                [
                    html.A(
                        html.B(id=part(scene, row, "head")),
                        id=part(scene, row, "link"),
                        rel="noopener noreferrer",
                        target="_blank",
                    ),
                    html.P(id=part(scene, row, "text")),
                ]
            ),
        ],
        id=part(scene, row, "root"),
        className="is-none",
    )


def _props(scene: str, snapshot: Snapshot, view: View, district: str | None) -> Props:
    day = view.t.date(snapshot.published_at, view.city.timezone)
    key = (notices.mark(snapshot), day, tuple(f.id for f in snapshot.feeds if f.gives == "notice"))
    return view.remembered(
        f"{scene}-{NAME}-{district or ''}",
        key,
        lambda: _drawn(scene, snapshot, view, listed(snapshot, view, district)),
    )


def _drawn(scene: str, snapshot: Snapshot, view: View, standing: Sequence[Standing]) -> Props:
    t, more = view.t, len(standing) - SLOTS
    props: Props = {
        part(scene, NAME, "sub"): {
            "children": t("{n} in force, the first {of}", n=len(standing), of=SLOTS)
            if more > 0
            else t("{n} in force", n=len(standing))
            if standing
            else ""
        },
        part(scene, NAME, "none"): {
            "children": "" if standing else _none(snapshot, view),
            "className": classes("bz-feednone", "is-none" if standing else ""),
        },
    }
    for n in range(SLOTS):
        one = standing[n] if n < len(standing) else None
        props.update(_filled(scene, slot(NAME, n), one, snapshot, view))
    return props


def _filled(scene: str, row: str, one: Standing | None, snapshot: Snapshot, view: View) -> Props:
    sign = signs.sign(one.kind, _SIZE / 2, _SIZE / 2, _SIGN) if one else ""
    look = "is-none"
    if one is not None:
        look = classes("is-doubtful" if one.is_doubtful else "", "" if one.is_real else "is-done")
    return {
        part(scene, row, "sign"): {"d": sign},
        part(scene, row, "head"): {"children": notices.headline(one, view) if one else ""},
        part(scene, row, "link"): {"href": web_address(one.notice.url) if one else None},
        part(scene, row, "text"): {"children": _text(one, snapshot, view) if one else ""},
        part(scene, row, "root"): {"className": look},
    }


def _text(one: Standing, snapshot: Snapshot, view: View) -> str:
    t, now, notice = view.t, snapshot.published_at, one.notice
    said = [t(notices.WORDS[one.kind])]
    if notice.severity in SEVERITY and notice.severity != "unknown":
        said.append(t(SEVERITY[notice.severity]))
    said += notices.places(notice, view) or [t("place not stated")]
    said += [notices.until(notice, view, now=now), notices.source(one, view, now=now)]
    return t.listing(said)


def _none(snapshot: Snapshot, view: View) -> str:
    feeds = [feed for feed in snapshot.feeds if feed.gives == "notice"]
    if not feeds:
        return view.t("This city reads no notices.")
    if any(feed.state.is_frozen for feed in feeds):
        return view.t("Not known now: a feed of notices is silent.")
    return view.t("Nothing is announced now.")


def web_address(url: str | None) -> str | None:
    """Return an address of the web; ``None`` for any other, which must not become a link.

    >>> web_address("https://city.example/works"), web_address("javascript:alert(1)")
    ('https://city.example/works', None)

    """
    if not url or len(url) > _LONGEST or not url.isprintable():
        return None
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.netloc else None


_LONGEST = 2000
