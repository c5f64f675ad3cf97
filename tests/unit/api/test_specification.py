import json
import re
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from openapi_spec_validator import validate

import api
from alerts import CALLS
from api.formats import FORMATS
from api.permit import ACTIONS, MAX_SCOPE, Action, action_of, permit
from tests.unit.api.conftest import NOW

SPECIFICATION = json.loads(
    (Path(api.__file__).with_name("openapi.json")).read_text(encoding="utf-8")
)


def test_the_specification_is_valid_openapi():
    validate(SPECIFICATION)


def test_every_route_is_described_and_every_description_is_a_route(house):
    routes = {
        re.sub(r"<(?:\w+:)?\w+>", "{}", rule.rule) for rule in house.server.url_map.iter_rules()
    } - {"/api/v1/openapi.json", "/api/v1/readings.{}"}
    described = {re.sub(r"\{\w+\}", "{}", path) for path in SPECIFICATION["paths"]}

    files = {f"/api/v1/readings.{kind}" for kind in FORMATS}
    assert files < described
    assert described - {"/stream"} - files == routes


def test_the_calls_are_those_of_the_alert_room():
    parameters = SPECIFICATION["paths"]["/api/v1/alerts/{id}/{call}"]["post"]["parameters"]

    assert set(parameters[1]["schema"]["enum"]) == set(CALLS)


@pytest.mark.parametrize(
    "path",
    [
        "snapshot",
        "districts",
        "indicators",
        "readings?indicator=env.river",
        "readings.geojson?indicator=env.river",
        "feeds",
        "alerts",
    ],
)
def test_answers_keep_to_the_specification(house, path):
    house.history.rows = [
        {
            "indicator": "env.river",
            "district": "1",
            "at": NOW - timedelta(minutes=1),
            "value": 1.0,
            "quality": "GOOD",
        }
    ]
    operation = SPECIFICATION["paths"][f"/api/v1/{path.split('?')[0]}"]["get"]
    content = operation["responses"]["200"]["content"]
    answer = house.client.get(f"/api/v1/{path}")

    schema = content[answer.mimetype]["schema"] | {"components": SPECIFICATION["components"]}
    jsonschema.Draft202012Validator(schema).validate(answer.json)


def test_it_is_served(house):
    assert house.client.get("/api/v1/openapi.json").json == SPECIFICATION


def test_every_route_has_an_action(house):
    for rule in house.server.url_map.iter_rules():
        assert action_of(rule.endpoint) is not None, rule


def test_whatever_changes_something_is_an_operation(house):
    for rule in house.server.url_map.iter_rules():
        if "POST" in rule.methods:
            wanted = Action.PUSH if rule.endpoint == "api.push" else Action.OPERATE
            assert action_of(rule.endpoint) is wanted, rule


def test_a_route_that_nobody_named_is_refused(house):
    house.server.add_url_rule("/api/v1/backdoor", "backdoor", lambda: "in")

    assert "backdoor" not in ACTIONS
    assert house.client.get("/api/v1/backdoor").status_code == 403


def test_a_scope_longer_than_any_id_is_refused(house):
    assert not permit(Action.READ, "x" * MAX_SCOPE)
    assert house.client.get("/api/v1/alerts/" + "x" * MAX_SCOPE).status_code == 403
