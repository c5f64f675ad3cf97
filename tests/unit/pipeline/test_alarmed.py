from datetime import UTC, date, datetime, timedelta

from metrics.days import Days
from model import AlertEvent, Rule, State
from pipeline.alarmed import alarmed, calm, touches
from pipeline.likedays import LikeDays
from tests.unit.pipeline.test_likedays import FAST, History

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
RULES = {"slow": Rule(id="slow", title="Slow", indicator=FAST.id)}


def moved(hours: float, to: State, key: str = "slow:city", was: State = State.NORM) -> AlertEvent:
    return AlertEvent(
        event_id=f"{key}#{hours}",
        at=NOON + hours * HOUR,
        seq=1,
        key=key,
        rule=key.partition(":")[0],
        occurrence="A",
        kind="H1",
        outcome="applied",
        from_state=was,
        to_state=to,
        actor="system",
    )


def test_an_alarm_stands_from_its_call_until_it_is_normal_or_has_returned() -> None:
    lines = [
        moved(0, State.PEND),
        moved(1, State.UNACK),
        moved(2, State.ACKED),
        moved(3, State.CLRA),
        moved(4, State.NORM),
        moved(6, State.UNACK),
        moved(7, State.RTNU),
    ]

    assert alarmed(lines, RULES) == {
        (FAST.id, "city"): [(NOON + HOUR, NOON + 4 * HOUR), (NOON + 6 * HOUR, NOON + 7 * HOUR)]
    }


def test_one_that_stands_has_no_end_and_other_rules_do_not_count() -> None:
    lines = [moved(0, State.UNACK, "slow:d1"), moved(0, State.UNACK, "gone:city")]
    found = alarmed(lines, RULES)

    assert list(found) == [(FAST.id, "d1")]
    assert touches(found[FAST.id, "d1"], NOON + 9_999 * HOUR, NOON + 10_000 * HOUR)


def test_spans_that_only_meet_do_not_touch() -> None:
    assert not touches([(NOON, NOON + HOUR)], NOON + HOUR, NOON + 2 * HOUR)


def test_what_alarms_for_weeks_is_how_it_is() -> None:
    assert calm([1, 2, 3, 4, 5, 6, 7], [True, *[False] * 6]) == [2, 3, 4, 5, 6, 7]
    assert calm([1, 2, 3], [True, False, False]) == [1, 2, 3]


def test_hours_under_alarm_are_no_example() -> None:
    span = (NOON - WEEK, NOON - WEEK + HOUR)
    past = LikeDays(History(), Days("UTC"), {(FAST.id, "city"): [span]})  # type: ignore[arg-type]

    during = dict(past.hour(NOON)[FAST.id, "city"])
    after = dict(past.hour(NOON + HOUR)[FAST.id, "city"])

    assert date(2026, 2, 25) not in during
    assert date(2026, 2, 25) in after
