"""The load meter: how many alarms asked for a person lately, against what a person can bear."""

import dash_svg as svg
from dash import html

from figures import svg as draw
from layouts import states
from layouts.component import LiveComponent, Props
from layouts.ids import part
from layouts.parts import aria, texts
from layouts.view import View
from model import Snapshot

NAME = "load"
SIZE = (560.0, 84.0)
ROOM = 112.0  # px right of the columns for the words at the lines
SLOTS = 24
LIMITS = ((2, "2 manageable"), (5, "5 over-demanding"), (10, "10 flood"))  # per 10 min, EEMUA 191
HOUR, DAY, STANDING, SHELVED = 12, 300, 10, 10  # most that one position can manage, ISA-18.2
KPIS = (
    ("hour", "last hour"),
    ("day", "last 24 h"),
    ("standing", "standing"),
    ("shelved", "shelved"),
)


def load(scene: str) -> LiveComponent:
    """Return the load meter of a scene."""
    return LiveComponent(
        id=NAME,
        build=lambda view: _build(scene, view),
        props=lambda snapshot, view: _props(scene, snapshot, view),
    )


def _build(scene: str, view: View) -> html.Section:
    t = view.t
    now = html.B(id=part(scene, NAME, "now"))
    return html.Section(
        [
            html.Div([now, html.Span(t("alarms in the last 10 min"))], className="bz-load__now"),
            _chart(scene, view),
            html.Dl([_figure(scene, *kpi, view) for kpi in KPIS], className="bz-load__kpis"),
        ],
        className="bz-load bz-card",
        **aria(t("Alarm load")),
    )


def _chart(scene: str, view: View) -> svg.Svg:
    width, height = SIZE
    limits = "".join(draw.across(draw.level(limit, height), width - ROOM) for limit, _ in LIMITS)
    return svg.Svg(
        [
            svg.Path(d=limits, className="bz-rate__lim"),
            *(
                svg.Text(
                    view.t(word),
                    x=f"{width - ROOM + 6:.0f}",
                    y=f"{draw.level(limit, height) + 5:.0f}",
                    className="bz-chart__tick",
                )
                for limit, word in LIMITS
            ),
            svg.Path(id=part(scene, NAME, "bars"), d="", className="bz-rate__bar"),
            svg.Path(id=part(scene, NAME, "last"), d="", className="bz-rate__bar is-now"),
            svg.Path(d=draw.across(height - 0.5, width - ROOM), className="bz-chart__axis"),
        ],
        className="bz-load__chart",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        **aria(view.t("alarms per 10 minutes over the last 4 hours")),
    )


def _figure(scene: str, key: str, word: str, view: View) -> html.Div:
    value = html.Span(id=part(scene, NAME, key))
    most = html.Small(id=part(scene, NAME, f"{key}-of"))
    return html.Div([html.Dt(view.t(word)), html.Dd([value, most])])


def _props(scene: str, snapshot: Snapshot, view: View) -> Props:
    width, height = SIZE
    counts = snapshot.load.per_10_min[-SLOTS:]
    bars, last = draw.columns(
        (0,) * (SLOTS - len(counts)) + tuple(counts), width=width - ROOM, height=height
    )
    looks = [states.look(a) for a in snapshot.alerts if states.is_listed(a)]
    standing = sum(seen.is_active for seen in looks)
    shelved = sum(a.shown == "SHELVED" for a in snapshot.alerts)
    pairs = {
        "hour": (snapshot.load.last_hour, HOUR),
        "day": (snapshot.load.last_day, DAY),
        "standing": (standing, STANDING),
        "shelved": (shelved, SHELVED),
    }
    said = {"now": view.t.number(snapshot.load.last_10_min)}
    for key, (n, most) in pairs.items():
        said[key] = view.t.number(n)
        said[f"{key}-of"] = view.t(" of {n} at most", n=most)
    return {
        **texts(scene, NAME, said),
        part(scene, NAME, "bars"): {"d": bars},
        part(scene, NAME, "last"): {"d": last},
    }
