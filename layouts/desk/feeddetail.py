"""The feed that was chosen: its trouble, what it freezes, what was refused, its three clocks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from layouts import states
from layouts.component import Props
from layouts.desk import links, values
from layouts.desk.feedpanel import CHOOSE, CLAIMS, INDICATORS, NAME, REASONS, SCOPE, key
from layouts.desk.feedrows import coverage
from layouts.ids import slot
from layouts.parts import classes, ms, texts
from layouts.view import View
from model import FeedState, Reject, Snapshot

SAMPLE = 80  # letters of a refused row that are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """All that the panel tells of. ``rejects`` is ``None`` where the store does not answer."""

    feed: FeedState | None = None
    rejects: Sequence[Reject] | None = ()
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
    return {
        **found,
        **texts(SCOPE, NAME, _words(feed, snapshot, view)),
        key("glyph"): {"className": f"bz-q bz-q--{feed.state.value.lower()}"},
        key("age"): {"data-at": ms(feed.last_observed_at)},
        key("error"): {
            "children": feed.last_error or view.t("no failure since the last good answer"),
            "className": "bz-code" if feed.last_error else "bz-fsec__note",
        },
        **_indicator_props(feed, snapshot, view),
        **_alarm_props(feed, snapshot, view),
        **_reject_props(subject.rejects, feed, view),
    }


def _words(feed: FeedState, snapshot: Snapshot, view: View) -> dict[str, str]:
    t = view.t
    quality = t(values.QUALITY_WORDS[feed.state]).capitalize()
    due = t.every(feed.due_every)
    if feed.last_observed_at is None:
        before, after = t("{quality}, has never delivered", quality=quality), ""
    else:
        before, after = t.parts(
            "{quality}, {age} old, due every {every}", "age", quality=quality, every=due
        )
    share = coverage(feed, view)
    if share:
        after += ", " + t("{share} in a district", share=share)
    zone = view.city.timezone

    def at(value: datetime | None) -> str:
        return values.moment(value, view, snapshot)

    def exact(value: datetime | None) -> str:
        return values.moment(value, view, snapshot, seconds=True)

    next_at = feed.next_due_at
    return {
        "title": feed.name,
        "said-before": before,
        "said-after": after,
        "key": feed.id,
        "next": t.clock(next_at, zone, seconds=True) if next_at else t("unknown"),
        "tries": t.number(feed.failures),
        "when": at(feed.last_error_at),
        "asked": at(feed.last_fetched_at),
        "observed": exact(feed.last_observed_at),
        "published": exact(feed.last_published_at) if feed.last_published_at else t("not stated"),
        "fetched": exact(feed.last_fetched_at),
        "owner": feed.owner or t("not stated"),
        "licence": feed.licence or t("not stated"),
        "kind": feed.kind + (f", {t('recorded data, replayed')}" if feed.replay else ""),
        "gives": t(GIVES.get(feed.gives, feed.gives)),
    }


GIVES: Mapping[str, str] = {
    "observation": "measured values",
    "case": "requests for service",
    "notice": "public notices",
}


def _indicator_props(feed: FeedState, snapshot: Snapshot, view: View) -> Props:
    known = [one for one in feed.indicators if one in view.indicators]
    found: Props = {}
    for n in range(INDICATORS):
        name = slot("ind", n)
        indicator = view.indicators[known[n]] if n < len(known) else None
        said, look = "", ""
        if indicator is not None:
            reading = snapshot.reading(indicator.id)
            said, look = values.amount(reading, indicator, view), values.look(reading)
        found[key(name)] = {"className": look if indicator else "is-none"}
        found[key(f"{name}-name")] = {
            "children": view.t(indicator.title) if indicator else "",
            "href": links.indicator(view, indicator.id if indicator else None),
        }
        found[key(f"{name}-value")] = {"children": said}
    more = len(known) - INDICATORS
    text = view.t.plural("and {n} more", "and {n} more", more) if more > 0 else ""
    if not known:
        text = view.t("No indicator of this city rests on it now.")
    found[key("more")] = {"children": text}
    return found


def _alarm_props(feed: FeedState, snapshot: Snapshot, view: View) -> Props:
    """Return the alarms that stand on this feed's data, its own first."""
    own = [a for a in snapshot.alerts if a.feed == feed.id]
    some = [a for a in states.ranked(snapshot.alerts) if a.indicator in feed.indicators]
    found: Props = {}
    standing = [*own, *some]
    for n in range(CLAIMS):
        name = slot("alarm", n)
        alert = standing[n] if n < len(standing) else None
        word, subject, href = "", "", links.to(view, links.ALERTS)
        if alert is not None:
            subject = f"{values.subject(alert, view)}, {values.place(alert, view)}"
            word = view.t(states.look(alert).word)
            href = links.alert(view, alert.occurrence)
        found[key(name)] = {"className": "" if alert else "is-none"}
        found[key(f"{name}-name")] = {"children": subject, "href": href}
        found[key(f"{name}-value")] = {"children": word}
    return found


def _reject_props(rejects: Sequence[Reject] | None, feed: FeedState, view: View) -> Props:
    t = view.t
    groups = Counter(reject.reason for reject in rejects or ())
    newest: dict[str, Reject] = {}
    for reject in rejects or ():
        newest.setdefault(reject.reason, reject)
    title = t.plural(
        "Quarantine, {n} row refused so far", "Quarantine, {n} rows refused so far", feed.rejected
    )
    if rejects is None:
        title = t("Quarantine: the store does not answer")
    elif 1 < len(rejects) < feed.rejected:
        title += ", " + t("the last {n} by reason", n=len(rejects))
    found: Props = {key("quarantine"): {"children": title}}
    common = groups.most_common(REASONS)
    for n in range(REASONS):
        name = slot("rej", n)
        reason, count = common[n] if n < len(common) else ("", 0)
        sample = newest.get(reason)
        found[key(name)] = {"className": "" if sample else "is-none"}
        found[key(f"{name}-reason")] = {"children": reason}
        found[key(f"{name}-n")] = {"children": t.number(count) if sample else ""}
        found[key(f"{name}-line")] = {"children": str(sample.line) if sample else ""}
        found[key(f"{name}-raw")] = {
            "children": sample.raw[:SAMPLE] if sample else "",
            "title": sample.raw[:500] if sample else "",
        }
    return found
