"""Samples to observations: one value per site, and rates of counters from two polls."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from feeds import times
from feeds.options import Duration
from feeds.prometheus_parse import Sample
from feeds.units import conversion
from model import Feed, Observation, Quality, Reject
from model.plain import instant

Counters = Mapping[str, tuple[float, str]]
_OLDEST = 5  # cadences: a rate over a longer pause tells nothing of now
_JOINS: Mapping[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "max": max,
    "min": min,
    "mean": lambda some: sum(some) / len(some),
}


class Wanted(BaseModel):
    """What a metric means. ``rate`` is per that time; ``site`` and the like are names of labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    quantity: str
    unit: str | None = None
    site: str | None = None
    district: str | None = None
    lat: str | None = None
    lon: str | None = None
    rate: Duration | None = None
    increase: bool = False
    join: Literal["sum", "max", "min", "mean"] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Wanted":
        conversion(self.quantity, self.unit)
        if self.rate is not None and (self.increase or self.rate <= timedelta(0)):
            raise ValueError("say either rate, over a positive time, or increase")
        if (self.lat is None) is not (self.lon is None):
            raise ValueError("lat and lon belong together")
        return self

    @property
    def is_counter(self) -> bool:
        """Whether two polls make one value."""
        return self.rate is not None or self.increase

    @property
    def joined(self) -> str | None:
        """How series of one site become one value; increases add up."""
        return self.join or ("sum" if self.is_counter else None)


@dataclass(slots=True)
class Counting:
    """Gathers the observations of one poll. ``after`` is what to remember of counters."""

    feed: Feed
    fetched_at: datetime
    before: Counters = field(default_factory=dict)
    quality: Quality = Quality.GOOD
    accepted: list[Observation] = field(default_factory=list)
    rejected: list[Reject] = field(default_factory=list)
    after: dict[str, tuple[float, str]] = field(default_factory=dict)

    def add(self, wanted: Wanted, samples: Iterable[Sample]) -> None:
        """Add the samples that one selector chose."""
        sites: dict[str, dict[str, Sample]] = {}
        for sample in samples:
            site = sample.labels.get(wanted.site, "") if wanted.site else self.feed.id
            if not site:
                self._refuse(sample, f"no label {wanted.site!r} says which site this is")
                continue
            series = sites.setdefault(site, {})
            if (twin := series.get(sample.series)) is None:
                series[sample.series] = sample
            elif twin.value != sample.value:
                self._refuse(sample, f"the series stands in line {twin.line} with another value")
        for site, series in sites.items():
            self._site(wanted, site, list(series.values()))

    def _site(self, wanted: Wanted, site: str, samples: list[Sample]) -> None:
        if wanted.joined is None and len(samples) > 1:
            for sample in samples[1:]:
                why = "a label as site that tells them apart, or join"
                self._refuse(sample, f"a second series of site {site!r}: declare {why}")
            samples = samples[:1]
        values = [self._value(wanted, sample) for sample in samples]
        if wanted.is_counter:  # the first sample of a series says nothing yet
            values = [value for value in values if value is not None]
            if not values:
                return
        known = [value for value in values if value is not None]
        value = float(_JOINS[wanted.joined or "sum"](known)) if len(known) == len(values) else None
        self._accept(wanted, site, value, samples)

    def _value(self, wanted: Wanted, sample: Sample) -> float | None:
        if not wanted.is_counter or sample.value is None:
            return sample.value
        key = f"{wanted.quantity} {sample.series}"
        self.after[key] = (sample.value, instant(sample.at))
        if key not in self.before:
            return None
        value, at = self.before[key]
        seconds = (sample.at - times.instant(at)).total_seconds()
        if seconds <= 0 or seconds > _OLDEST * self.feed.every.total_seconds():
            return None
        grown = sample.value - value if sample.value >= value else sample.value  # it began again
        return grown if wanted.rate is None else grown * wanted.rate.total_seconds() / seconds

    def _accept(
        self, wanted: Wanted, site: str, value: float | None, samples: list[Sample]
    ) -> None:
        change = conversion(wanted.quantity, wanted.unit)
        labels = samples[0].labels
        lat, lon = _degrees(labels, wanted.lat), _degrees(labels, wanted.lon)
        self.accepted.append(
            Observation(
                feed_id=self.feed.id,
                site_id=site,
                quantity=wanted.quantity,
                value=None if value is None else value * change.factor + change.offset,
                unit=change.unit,
                observed_at=min(sample.at for sample in samples),
                fetched_at=self.fetched_at,
                quality=self.quality,
                lat=lat if lon is not None else None,
                lon=lon if lat is not None else None,
                district_id=labels.get(wanted.district) or None if wanted.district else None,
            )
        )

    def _refuse(self, sample: Sample, reason: str) -> None:
        self.rejected.append(
            Reject(
                feed_id=self.feed.id,
                line=sample.line,
                reason=reason,
                raw=sample.raw,
                at=self.fetched_at,
                field=sample.name,
            )
        )


def _degrees(labels: Mapping[str, str], name: str | None) -> float | None:
    try:
        return float(labels[name or ""])
    except (KeyError, ValueError):
        return None
