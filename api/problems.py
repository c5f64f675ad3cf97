"""Errors as ``application/problem+json`` (RFC 9457)."""

from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from flask import Response, abort, request
from werkzeug.exceptions import HTTPException

from store import StoreDown

RETRY_S = 5


def problem(
    status: int,
    title: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return one problem; ``more`` are members of its own, such as ``parameter``."""
    content = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path,
        **more,
    }
    answer = Response(orjson.dumps(content), status=status, mimetype="application/problem+json")
    answer.headers["Cache-Control"] = "no-store"
    if status == 503:  # noqa: PLR2004 - service unavailable
        answer.headers["Retry-After"] = str(RETRY_S)
    answer.headers.update(headers or {})
    return answer


def refuse(status: int, title: str, detail: str = "", **more: Any) -> NoReturn:
    """Answer with a problem at once."""
    abort(problem(status, title, detail, **more))


def bad_parameter(name: str, detail: str) -> NoReturn:
    """Answer 422 and name the parameter."""
    refuse(422, "bad parameter", detail, parameter=name)


def say(error: HTTPException) -> Response:
    """Return an error of the framework as a problem."""
    answer = problem(error.code or 500, error.name, error.description or "")
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            answer.headers.setdefault(name, value)
    return answer


def store_is_down(error: StoreDown) -> Response:
    """Return what a client is told while the store does not answer."""
    return problem(503, "the store does not answer", str(error))
