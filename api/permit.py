"""Who may do what: every request passes ``permit`` with an action and a scope.

Until people can sign in, everyone who can reach the house may do everything; the house can only
be reached from its own machine unless its owner opens it. The table is the point: a route that
is not in it is refused, so nothing can be added past this door.
"""

from enum import StrEnum


class Action(StrEnum):
    """What a request does."""

    ASSET = "asset"  # files of the application itself
    HEALTH = "health"  # whether the house is alive and ready, and its own figures
    VIEW = "view"  # a page
    WATCH = "watch"  # a stream of frames
    READ = "read"  # data through the API
    OPERATE = "operate"  # a command on an alert or a feed
    PUSH = "push"  # facts that others bring, with a secret of their own
    ASK = "ask"  # a desk callback; it asks again for what it does


ACTIONS = {
    "_dash_assets.static": Action.ASSET,
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": Action.ASSET,
    "/_favicon.ico": Action.ASSET,
    "static": Action.ASSET,
    "/_dash-layout": Action.VIEW,
    "/_dash-dependencies": Action.VIEW,
    "/_reload-hash": Action.VIEW,
    "/": Action.VIEW,
    "/<path:path>": Action.VIEW,
    "/_dash-update-component": Action.ASK,
    "push.stream": Action.WATCH,
    "health.healthz": Action.HEALTH,
    "health.readyz": Action.HEALTH,
    "health.metrics": Action.HEALTH,
    "api.openapi": Action.READ,
    "api.snapshot": Action.READ,
    "api.districts": Action.READ,
    "api.indicators": Action.READ,
    "api.indicator": Action.READ,
    "api.readings": Action.READ,
    "api.readings_as": Action.READ,
    "api.score": Action.READ,
    "api.score_course": Action.READ,
    "api.compare": Action.READ,
    "api.forecast": Action.READ,
    "api.feeds": Action.READ,
    "api.rejects": Action.READ,
    "api.reasons": Action.READ,
    "api.push": Action.PUSH,
    "api.poll": Action.OPERATE,
    "api.replay": Action.OPERATE,
    "api.alerts": Action.READ,
    "api.alert": Action.READ,
    "api.command": Action.OPERATE,
}


def action_of(endpoint: str | None) -> Action | None:
    """Return what a route does; ``None`` where nobody said so, which is never permitted."""
    return ACTIONS.get(endpoint or "")


def permit(action: Action | None, scope: str) -> bool:
    """Return whether whoever asks may do this within the scope (an id, or empty for all).

    Everything that has a name is permitted for now; see the module.
    """
    return action is not None and len(scope) < MAX_SCOPE


MAX_SCOPE = 200  # no id is longer; anything longer is an attempt at something else
