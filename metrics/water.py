"""Rivers against the level at which they flood."""

from datetime import timedelta

import numpy as np

from metrics.cells import Cells, nothing, readings
from metrics.columns import Floats, Ints
from metrics.grouping import deciding, total
from metrics.scope import Question
from metrics.series import FARTHEST
from metrics.sites import (
    current,
    feeds_by_cell,
    fit,
    names,
    newest_by_site,
    observed,
    share,
    tell,
)
from model import Indicator, Reading, Threshold

RIVER = Indicator(
    id="env.river",
    title="River level against flood stage",
    short="River, flood stage",
    unit="%",
    direction="lower",
    domain="environment",
    cadence=timedelta(minutes=15),
    window=timedelta(minutes=60),
    time_aggregation="newest level of each gauge",
    district_aggregation="maximum",
    definition=(
        "Level at the gauge that stands highest against its own flood stage: at 100 the river "
        "leaves its bed there. The flood stage is what the city pack says of the gauge, else what "
        "the source says."
    ),
    numerator="level at the deciding gauge, in metres",
    denominator="flood stage of the same gauge, in metres",
    source="gauges of the city or the river authority",
    standard="ISO 37123:2019 (resilience)",
    decimals=0,
    threshold=Threshold(warn=80.0, crit=100.0),
    target=70.0,
    normal=(10.0, 50.0),
    quantities=("river_level", "flood_stage"),
)


def river(question: Question) -> list[Reading]:
    """Return the highest level ÷ flood stage by district, in percent, with its gauge."""
    size = question.scope.size
    gauges = current(question, "river_level")
    stage = _stages(question, gauges.site)
    known = np.isfinite(stage)
    if len(gauges.site) and not known.any():
        return nothing(question, "no flood stage is known for any gauge")
    told, stage = gauges.where(known), stage[known]
    rows = deciding(told.group, size, told.value / stage)
    chosen = rows >= 0
    count = total(told.group, size)
    unknown = total(gauges.group[~known], size)
    cells = Cells(
        num=np.where(chosen, np.append(told.value, np.nan)[rows], np.nan),
        den=np.where(chosen, np.append(stage, np.nan)[rows], np.nan),
        n=count.astype(np.int64),
        observed=observed(told, size),
        scale=100.0,
        coverage=share(count, told.expected - unknown),
        because="no gauge with a flood stage reported in time",
        sites=names(question.window, told.site, rows),
        feeds=feeds_by_cell(question, told.site, told.group),
    )
    tell(cells, told, size)
    for some in np.unique(unknown[unknown > 0]).tolist():
        cells.note(unknown == some, f"{int(some)} left out: no flood stage known")
    return readings(question, cells)


def _stages(question: Question, site: Ints) -> Floats:
    """Return the flood stage of each gauge in metres, NaN where nobody has said."""
    window = question.window
    rows = window.rows("flood_stage", -FARTHEST, question.now)
    rows = rows.where(fit(rows, "flood_stage"))
    rows = rows.where(newest_by_site(rows))
    by_name = {window.name_of(s): v for s, v in zip(rows.site.tolist(), rows.value, strict=True)}
    said = question.scope.references
    gauge = [window.name_of(s) for s in site.tolist()]
    found = [said.get(("flood_stage", name), by_name.get(name, np.nan)) for name in gauge]
    stage = np.array(found, np.float64)
    return np.where(stage > 0, stage, np.nan)
