"""The door of the web: every request is judged here before any view runs.

Unknown pages answer 404, the rewound room answers "not yet", other origins cannot post, and
every route must have been given an action in ``api.permit``. What is pushed to a feed comes from
elsewhere by its nature and carries no cookie: there the feed's own secret is asked instead.
"""

import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from api.permit import Action, action_of, permit

PAGES = ("/", "/<path:path>")  # the routes of Dash that answer any path
SAFE = ("GET", "HEAD", "OPTIONS")
NOT_YET = "This room cannot be rewound yet: ?at= is not answered, and live data would be a lie."


def install(
    server: Flask,
    is_page: Callable[[str], bool],
    problem: Callable[[HTTPException], Response],
    *,
    is_open: bool = False,
) -> None:
    """Judge every request, and answer errors as the kind of client understands them.

    ``is_page`` says whether a path is a page, scene or district that exists; ``problem`` makes
    the answer to a program. Unless the house ``is_open``, it answers to the names of this
    machine only: a page elsewhere may point a name of its own at us, but not change ours.
    """

    @server.before_request
    def judge() -> None:
        is_pushed = action_of(request.endpoint) is Action.PUSH
        if not (is_open or is_pushed or _is_called_by_our_name(request.host)):
            abort(421, f"{request.host} is not a name of this house; BARTIZAN_OPEN=1 allows any")
        if request.endpoint in PAGES and not is_page(request.path):
            abort(404)
        if request.endpoint is not None:
            _judge_action()
        if "at" in request.args and request.endpoint != "push.stream":
            abort(501, NOT_YET)

    @server.errorhandler(HTTPException)
    def say(error: HTTPException) -> Any:
        if error.response is not None:
            return error.response  # an answer that a view made itself
        return page(error) if _wants_page() else problem(error)


def _is_called_by_our_name(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _judge_action() -> None:
    action = action_of(request.endpoint)
    scope = next(iter((request.view_args or {}).values()), "")
    if action is not Action.ASSET and not permit(action, str(scope)):
        abort(403, "this is not permitted")
    if action is not Action.PUSH and request.method not in SAFE and _is_from_elsewhere():
        abort(403, "a page of another origin may not do this")


def _is_from_elsewhere() -> bool:
    """Whether the browser says that a page of another origin sent this."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host


def _wants_page() -> bool:
    path = request.path
    is_program = path.startswith(("/api/", "/stream", "/healthz", "/readyz", "/metrics", "/_dash"))
    return not is_program and request.accept_mimetypes.accept_html


def page(error: HTTPException) -> Response:
    """Return an error as a small page without script, style or data."""
    code, name = error.code or 500, error.name
    text = error.description or ""
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{code} {name}</title>'
        '<link rel="stylesheet" href="/assets/tokens.css">'
        f"<body><main><h1>{code} {name}</h1><p>{_escaped(text)}</p>"
        '<p><a href="/">Home</a></p></main></body></html>'
    )
    return Response(body, status=code, mimetype="text/html")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
