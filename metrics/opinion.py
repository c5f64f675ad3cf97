"""How many take part, and what is said in public; never who."""

from datetime import timedelta

import numpy as np

from metrics.cells import UNKNOWN, Cells, nothing, readings
from metrics.columns import Floats
from metrics.grouping import latest, total
from metrics.scope import Question
from metrics.series import Rows
from metrics.sites import feeds_by_cell, fit
from model import Indicator, Reading, Threshold

_PER = 1_000  # residents

PARTICIPATION = Indicator(
    id="par.participation",
    title="Acts of participation, 28 days",
    short="Participation, 28 d",
    unit="per 1 000",
    direction="higher",
    domain="participation",
    cadence=timedelta(days=1),  # 28 days that move on: a week would hide when a consultation began
    window=timedelta(days=28),
    time_aggregation="sum",
    district_aggregation="rate",
    definition=(
        "What was done in consultations over 28 days (votes, supports, comments or whatever the "
        "sources count), per 1 000 residents. It counts acts, not distinct people: who takes part "
        "twice counts twice, for nobody is told apart. Who takes part chose to: it is no survey. "
        "Under 75 % of the plan for 28 days, which the city sets, it is a warning, under 50 % "
        "critical; without a plan there is no verdict."
    ),
    numerator="acts of participation within 28 days",
    denominator="residents",
    source="the city's participation platform",
    standard="SDG 11.3.2",
    decimals=1,
    threshold=Threshold(kind="plan", warn=75.0, crit=50.0),
    statistic="rate",
    is_counted=True,
    quantities=("participants",),
)

SENTIMENT = Indicator(
    id="par.sentiment",
    title="Tone of public posts, 24 h",
    short="Public tone, 24 h",
    unit="% net",
    direction="higher",  # limits lie below only: talk that turns good needs nobody
    domain="participation",
    cadence=timedelta(hours=1),
    window=timedelta(hours=24),
    time_aggregation="pooled",
    district_aggregation="pooled",
    definition=(
        "Posts of good tone less posts of bad tone, as a share of all posts of the last 24 hours. "
        "The tone comes from a short list of words per language and is often wrong about a single "
        "post. Those who post are not the public: it shows when talk turns, and no mood of the "
        "city. Under 100 posts it is unknown. For the journal, never for an alarm that wakes."
    ),
    numerator="posts of good tone less posts of bad tone",
    denominator="posts",
    source="public posts and headlines about the city",
    decimals=0,
    min_n=100,
    threshold=Threshold(kind="z", warn=2.0, crit=3.0),
    statistic="sentiment",
    target=0.0,
    quantities=("posts", "posts_positive", "posts_negative"),
)


def participation(question: Question) -> list[Reading]:
    """Return acts of participation within 28 days per 1 000 residents."""
    rows, scope = _within(question, "participants"), question.scope
    if not len(rows):
        return nothing(question, "no participation was counted within 28 days")
    group = scope.groups(question.window, rows.district)
    count = total(group, scope.size)
    residents = scope.residents
    whole = scope.population or (float(residents.sum()) if len(residents) else np.nan)
    cells = Cells(
        num=np.where(count > 0, total(group, scope.size, rows.value), np.nan),
        den=np.append(residents, whole),
        n=count.astype(np.int64),
        observed=latest(group, scope.size, rows.at),
        scale=float(_PER),
        because="its number of residents is not known, or no participation is counted by district",
        feeds=feeds_by_cell(question, rows.site, group),
    )
    return readings(question, cells)


def tone(question: Question) -> list[Reading]:
    """Return (posts of good tone − of bad tone) ÷ posts over 24 hours, in percent."""
    window, size, least = question.window, question.scope.size, question.indicator.min_n
    posts = _within(question, "posts")
    if not len(posts):
        return nothing(question, "no posts were counted within 24 hours")
    group = question.scope.groups(window, posts.district)
    count = total(group, size, posts.value)
    is_few = count < least
    net = _sum(question, "posts_positive") - _sum(question, "posts_negative")
    cells = Cells(
        num=np.where(is_few, np.nan, net),
        den=np.where(is_few, np.nan, count),
        n=np.where(is_few, UNKNOWN, count).astype(np.int64),
        observed=latest(group, size, posts.at),
        scale=100.0,
        because=f"fewer than {least} posts",
        feeds=feeds_by_cell(question, posts.site, group),
    )
    return readings(question, cells)


def _sum(question: Question, quantity: str) -> Floats:
    rows = _within(question, quantity)
    group = question.scope.groups(question.window, rows.district)
    return total(group, question.scope.size, rows.value)


def _within(question: Question, quantity: str) -> Rows:
    """Return the fit counts of the window; a count that was put right stands once."""
    rows = question.window.rows(quantity, question.start, question.now)
    return rows.where(fit(rows, quantity))
