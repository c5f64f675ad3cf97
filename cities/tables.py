"""The tables of ``city.toml``, as pydantic models: what may be said, and of which type.

Nothing here looks at files, the catalogue or other tables: that is the business of the modules
that turn each table into an entity.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from cities.words import HOURS, Cadence, Duration

Text = Annotated[str, Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Priority = Annotated[int, Field(ge=0, le=3)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Table(BaseModel):
    """A table in which an unknown key is an error and a text is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class CityTable(Table):
    """``[city]``."""

    id: Slug
    name: Text
    timezone: Text
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en"
    simulated: bool = False
    population: Annotated[int, Field(ge=0)] | None = None
    country: Text | None = None
    region: Text | None = None


class DistrictsTable(Table):
    """``[districts]``: a file of shapes and the properties that hold what."""

    file: Text
    id: Text
    name: Text
    short: Text | None = None
    population: Text | None = None
    borough: Text | None = None
    attributes: Text | None = None
    crs: Text | None = None
    layer: Text | None = None


class FeedTable(BaseModel):
    """What every feed has; the rest of its table belongs to its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    id: Slug
    kind: Text
    every: Cadence
    gives: Literal["observation", "case", "notice"] | None = None
    name: str = ""
    url: Text | None = None
    path: Text | None = None
    timezone: Text | None = None
    latency: Duration = timedelta(0)
    owner: str = ""
    licence: str = ""
    replay: bool = False
    replay_gaps: Literal["none", "nearest"] = "none"
    backfill: Cadence | None = None
    references: dict[str, dict[str, Finite]] = Field(default_factory=dict)
    hosts: list[Text] = Field(default_factory=list)
    private: bool = False
    push_secret: Text | None = None
    subject: Slug | None = None


class ThresholdTable(Table):
    """A threshold that is more than a number."""

    kind: Literal["value", "band", "usual_ratio", "z", "funnel", "plan", "burn"] = "value"
    warn: Finite | None = None
    crit: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    crit_low: Finite | None = None
    crit_high: Finite | None = None
    plan: Annotated[Finite, Field(gt=0)] | None = None


class IndicatorTable(BaseModel):
    """``[[indicators]]``: one of the catalogue, with this city's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    id: Text
    warn: Finite | None = None
    crit: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    threshold: Finite | ThresholdTable | None = None
    plan: Annotated[Finite, Field(gt=0)] | None = None
    target: Finite | None = None
    normal: Annotated[list[Finite], Field(min_length=2, max_length=2)] | None = None
    owner: str | None = None
    weight: Annotated[Finite, Field(ge=0)] | None = None
    public: bool | None = None
    window: Cadence | None = None
    cadence: Cadence | None = None
    roll_up: list[Cadence] | None = None
    wording: Text | None = None


class ServiceTable(Table):
    """``[[services]]``."""

    name: Text
    department: Text | None = None
    due_within: Cadence | None = None


class DepartmentTable(Table):
    """``[[departments]]``."""

    id: Text
    name: Text
    mail: Text | None = None


class SceneTable(Table):
    """``[[scenes]]``."""

    id: Slug
    domain: Text | None = None
    components: list[Text] = Field(default_factory=list)
    tiles: list[Text] = Field(default_factory=list)
    seconds: Annotated[int, Field(ge=30)] = 30
    hours: Annotated[str, Field(pattern=HOURS)] | None = None


class CalendarTable(Table):
    """``[[calendar]]``: a dated event, or a file of them."""

    name: Text | None = None
    start: Any = None
    end: Any = None
    kind: Text = "event"
    ics: Text | None = None


class LevelsTable(Table):
    """One number for the warning and one for the critical level."""

    warn: Finite | None = None
    crit: Finite | None = None


class PrioritiesTable(Table):
    """The priority of each level."""

    warn: Priority = 3
    crit: Priority = 2


def _or(*names: str) -> Any:
    return Field(validation_alias=AliasChoices(*names))


class RuleTable(Table):
    """``[[rules]]``: a rationalised alarm.

    Where the record of the alarm philosophy has a longer name for a key, both are read.
    """

    id: Annotated[Slug, _or("id", "rule_id")]
    indicator: Annotated[Text, _or("indicator", "kpi_id")]
    title: Text
    scope: Literal["city", "district", "site"] = "city"
    districts: list[Text] = Field(default_factory=list)
    direction: Literal["high", "low", "band"] | None = None
    warn: Finite | None = None
    crit: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    crit_low: Finite | None = None
    crit_high: Finite | None = None
    setpoint: LevelsTable | None = None
    deadband: Annotated[Finite, Field(ge=0)] = 0.0
    on_delay: Duration = timedelta(0)
    crit_on_delay: Duration | None = None
    off_delay: Duration = timedelta(0)
    latching: bool = False
    priority: Priority | PrioritiesTable = PrioritiesTable()
    alarm_class: Annotated[
        Literal["safety", "service", "env", "cyber", "economy", "dq"], _or("class", "alarm_class")
    ] = "service"
    owner: str = ""
    version: Text | None = None
    cause: list[Text] = Field(default_factory=list)
    consequence: Annotated[str, _or("consequence", "consequence_if_ignored")] = ""
    action: Annotated[list[Text], Field(max_length=5), _or("action", "corrective_action")] = Field(
        default_factory=list
    )
    time_to_respond: Cadence | None = None
    verification: str = ""
    sop: Text | None = None
    # Kept in the pack's files for the audit of the rule; they change nothing in the evaluation.
    consequence_severity: Literal["severe", "major", "minor"] | None = None
    time_available: Duration | None = None
    test_case: Text | None = None
    approved_by: Text | None = None
    approved_at: Any = None
    review_due: Any = None
    moc_ref: Text | None = None


LATER_RULE_KEYS = ("escalation", "inhibit_by", "shelving_policy", "data_requirements")
"""Fields of the rationalisation record that this version does not act upon, so refuses."""
