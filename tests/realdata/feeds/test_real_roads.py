"""Finnish DATEX II messages and examples of WZDx, counted by other means."""

import json
import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from feeds import datex2, wzdx

pytestmark = pytest.mark.realdata
AUDIENCE = [
    "restrictedToAuthoritiesAndTrafficOperators",
    "restrictedToAuthoritiesTrafficOperatorsAndPublishers",
]


@pytest.fixture
def messages(records):
    return sorted((records / "wire/datex2").rglob("*.xml"))


@pytest.fixture
def control_room(make_feed):
    return make_feed("datex2", "notice", options={"audience": AUDIENCE})


def test_every_record_of_every_message_is_read(messages, control_room, now):
    found = {path.name: datex2.parse(path.read_bytes(), control_room, now) for path in messages}

    assert len(messages) == 25
    for path in messages:
        n_records = len(re.findall(rb"<(?:\w+:)?situationRecord\s", path.read_bytes()))
        assert len(found[path.name].accepted) == n_records, path.name
    notices = [notice for one in found.values() for notice in one.accepted]
    rejects = [reject for one in found.values() for reject in one.rejected]
    assert len(notices) == 50
    assert Counter(reject.reason for reject in rejects) == {
        "'DISORDER2_END_PLACEHOLDER' is no ISO 8601 time": 4
    }
    assert Counter(notice.severity for notice in notices) == {
        "unknown": 38,
        "minor": 10,
        "severe": 2,
    }
    assert sum(notice.msg_type == "cancel" for notice in notices) == 5
    assert all(notice.geometry is None for notice in notices)  # Alert-C only
    assert sum(notice.area is not None for notice in notices) == 27


def test_what_is_restricted_is_shown_to_nobody_unless_the_pack_says_so(messages, make_feed, now):
    for path in messages:
        found = datex2.parse(path.read_bytes(), make_feed("datex2", "notice"), now)

        assert found.accepted == []
        assert {reject.field for reject in found.rejected} == {"confidentiality"}
        assert all("liikennekeskus" not in reject.raw for reject in found.rejected)


def test_an_accident_in_pirkkala_in_full(records, control_room, now):
    path = records / "wire/datex2/lotju/datex2/Datex2_2017-08-10-15-59-34-896.xml"

    first, queue, lane = datex2.parse(path.read_bytes(), control_room, now).accepted

    assert first.notice_id == "GUID50013339/GUID5001357701"
    assert first.headline == (
        "Tie 3, eli Tampereen Läntinen Kehätie, Pirkkala. Liikennetiedote onnettomuudesta."
    )
    assert (first.event, first.severity, first.status) == ("accident", "unknown", "actual")
    assert first.effective == datetime(2017, 8, 10, 12, 49, 10, tzinfo=UTC)
    assert first.published_at == datetime(2017, 8, 10, 12, 56, 56, 951000, tzinfo=UTC)
    assert (first.expires, first.area) == (None, "Alert-C table 17: 992 – 993")
    assert queue.headline.startswith("abnormal traffic, queuing traffic: Tie 3")
    assert lane.headline.startswith("road or carriageway or lane management, lane closures: Tie")


def test_a_ferry_in_version_3_5_in_full(records, control_room, now):
    path = records / "wire/datex2/lotju/datex2/3.5/GUID50456943.xml"

    (ferry,) = datex2.parse(path.read_bytes(), control_room, now).accepted

    assert ferry.notice_id == "GUID50456943/GUID5046133001"
    assert ferry.headline.startswith("Tie 15358, eli Pihlajaniementie, Savonlinna.")
    assert (ferry.severity, ferry.event) == ("severe", "transit information")
    assert ferry.effective == datetime(2025, 11, 27, 7, 20, tzinfo=UTC)
    assert ferry.expires == datetime(2025, 11, 27, 7, 50, tzinfo=UTC)


def test_what_is_over_in_pirkkala_is_cancelled(records, control_room, now):
    path = records / "wire/datex2/lotju/datex2/Datex2_2017-08-10-16-10-01-680.xml"

    (notice,) = datex2.parse(path.read_bytes(), control_room, now).accepted

    assert notice.notice_id == "GUID50013339/GUID5001357701"
    assert (notice.msg_type, notice.expires is not None) == ("cancel", True)


def test_examples_of_wzdx_give_a_notice_per_event(records, make_feed, now):
    paths = sorted((records / "wire/wzdx").glob("scenario*.geojson"))
    feed = make_feed("wzdx", "notice")

    found = {path.name: wzdx.parse(path.read_bytes(), feed, now) for path in paths}

    assert len(paths) == 3
    for path in paths:
        features = json.loads(path.read_bytes())["features"]
        assert len(found[path.name].accepted) == len(features)
        assert found[path.name].rejected == []
    notices = [notice for one in found.values() for notice in one.accepted]
    assert Counter(notice.severity for notice in notices) == {"moderate": 6, "minor": 2}
    assert all(notice.geometry for notice in notices)


def test_the_first_work_zone_in_full(records, make_feed, now):
    path = records / "wire/wzdx/scenario1_simple_multipoint_example.geojson"

    found = wzdx.parse(path.read_bytes(), make_feed("wzdx", "notice"), now)

    first = found.accepted[0]
    assert first.notice_id == "af2e3f51-611f-4ce0-9282-2f28ca68e62f"
    assert first.headline == "I-80, I-35 northbound: work zone, some lanes closed"
    assert (first.severity, first.event) == ("moderate", "work zone")
    assert first.effective == datetime(2010, 1, 1, 1, 0, tzinfo=UTC)
    assert first.expires == datetime(2010, 1, 2, 1, 0, tzinfo=UTC)
    assert first.published_at == datetime(2009, 12, 31, 18, 1, 1, tzinfo=UTC)
    assert first.geometry == (
        "MULTIPOINT (-93.77668405099996 41.617961698000045, -93.77668897499996 41.62229722600006)"
    )
    assert first.area == "milepost 125.2 – milepost 126.3"
    assert found.published_at == datetime(2020, 6, 18, 15, 0, tzinfo=UTC)


def test_the_arrow_board_is_refused_as_a_device(records, make_feed, now):
    body = (records / "wire/wzdx/arrow_board_ok_example.geojson").read_bytes()

    with pytest.raises(ValueError, match="devices"):
        wzdx.parse(body, make_feed("wzdx", "notice"), now)
