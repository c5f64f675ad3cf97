"""The feed that was chosen: its trouble, what it freezes, what was refused, its three clocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from layouts import plaintext, states
from layouts.component import Props
from layouts.desk import feedform, feedhours, feedquarantine, lineage, links, values
from layouts.desk.feedpanel import CHOOSE, NAME, SCOPE, key
from layouts.desk.feedquarantine import Chosen
from layouts.desk.feedrows import coverage
from layouts.parts import classes, ms, texts
from layouts.view import View
from model import Alert, FeedState, Snapshot

ERROR_MOST = 600  # letters
LEAST_S = 0.01  # what took less is not told more exactly
GIVES: Mapping[str, str] = {
    "observation": "measured values",
    "case": "requests for service",
    "notice": "public notices",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that the panel tells of."""

    feed: FeedState | None = None
    chosen: Chosen = field(default_factory=Chosen)
    is_asked: bool = False


def props(subject: Subject, snapshot: Snapshot | None, view: View) -> Props:
    """Return every value of the panel."""
    feed = subject.feed
    none = "There is no such feed." if subject.is_asked else CHOOSE
    found: Props = {
        key("none"): {
            "children": "" if feed else view.t(none),
            "className": classes("bz-detail__none", "is-none" if feed else ""),
        },
        key("body"): {"className": "bz-detail__body" if feed else "is-none"},
    }
    if feed is None or snapshot is None:
        return found
    own = next((a for a in snapshot.alerts if a.feed == feed.id), None)
    kept = sum(cause.count for cause in subject.chosen.causes or ())
    return {
        **found,
        **texts(SCOPE, NAME, _words(feed, own, snapshot, view)),
        key("glyph"): {"className": f"bz-q bz-q--{feed.state.value.lower()}"},
        key("age"): {"data-at": ms(feed.last_observed_at)},
        key("key"): {
            "children": f"dq.{feed.id}",
            "href": links.alert(view, own.occurrence) if own else None,
        },
        key("error"): _error(feed, snapshot, view),
        **feedform.props(feed, kept, subject.chosen.reason, view),
        **lineage.props(feed, snapshot, view),
        **feedhours.props(feed, snapshot.published_at, view),
        **feedquarantine.props(feed.id, subject.chosen, feed.rejected, snapshot, view),
    }


def _error(feed: FeedState, snapshot: Snapshot, view: View) -> dict[str, str]:
    """Return the last error with its time; a failure that is over says so."""
    if not feed.last_error:
        return {
            "children": view.t("no failure since the last good answer"),
            "className": "bz-fsec__note",
        }
    said = plaintext.line(feed.last_error, ERROR_MOST)
    if feed.last_error_at:
        said = f"{values.moment(feed.last_error_at, view, snapshot, seconds=True)} {said}"
    if not feed.failures:
        said += " – " + view.t("it has answered since")
    return {"children": said, "className": "bz-code"}


def _words(feed: FeedState, own: Alert | None, snapshot: Snapshot, view: View) -> dict[str, str]:
    t = view.t
    before, after = _state(feed, own, view)

    def exact(value: datetime | None) -> str:
        return values.moment(value, view, snapshot, seconds=True)

    return {
        "title": feed.name,
        "said-before": before,
        "said-after": after,
        "next": _next(feed, snapshot, view),
        "tries": _tries(feed, view),
        "took": _seconds(feed.answer_s, view),
        "asked": values.moment(feed.last_fetched_at, view, snapshot, seconds=True),
        "observed": exact(feed.last_observed_at),
        "published": exact(feed.last_published_at) if feed.last_published_at else t("not stated"),
        "fetched": exact(feed.last_fetched_at),
        "owner": feed.owner or t("not stated"),
        "licence": feed.licence or t("not stated"),
        "kind": feed.kind + (f", {t('recorded data, replayed')}" if feed.replay else ""),
        "gives": t(GIVES.get(feed.gives, feed.gives)),
    }


def _state(feed: FeedState, own: Alert | None, view: View) -> tuple[str, str]:
    """Return what stands before and after the age: state, cadence, place, and who has it."""
    t = view.t
    quality = t(values.QUALITY_WORDS[feed.state]).capitalize()
    if feed.last_observed_at is None:
        before, after = t("{quality}, has never delivered", quality=quality), ""
    else:
        before, after = t.parts(
            "{quality}, {age} old, due every {every}",
            "age",
            quality=quality,
            every=t.every(feed.due_every),
        )
    said = [after] if after else [""]
    share = coverage(feed, view)
    if share:
        said.append(t("{share} in a district", share=share))
    if own is not None and own.acked_by:
        said.append(t("{name} has it", name=plaintext.line(own.acked_by, 40)))
    elif own is not None and states.is_unacked(own):
        said.append(t("nobody has it"))
    return before, ", ".join(said)


def _next(feed: FeedState, snapshot: Snapshot, view: View) -> str:
    """Return when the feed is asked next; those that are not asked say how they come in."""
    t, at = view.t, feed.next_due_at
    if not feed.is_polled:
        return t(feedform.waited_for(feed))
    if at is None:
        return t("unknown")
    if at <= snapshot.published_at:
        return t("now")
    clock = t.clock(at, view.city.timezone, seconds=True)
    return t("{clock}, in {time}", clock=clock, time=t.duration(at - snapshot.published_at))


def _tries(feed: FeedState, view: View) -> str:
    """Return how often it failed in a row, and how long it waits because of that."""
    t = view.t
    if not feed.failures or not feed.is_polled or not feed.next_due_at or not feed.last_error_at:
        return t.number(feed.failures)
    wait = t.duration(feed.next_due_at - feed.last_error_at)
    return t("{n}, waits {time}", n=feed.failures, time=wait)


def _seconds(took: float | None, view: View) -> str:
    if took is None:
        return view.t("not measured yet")
    if took < LEAST_S:
        return "<\xa0" + view.t.quantity(LEAST_S, "s", 2)
    return view.t.quantity(took, "s", 2 if took < 1 else 1)
