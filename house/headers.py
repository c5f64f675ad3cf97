"""Headers of every answer: what a page may load, how long files last, what is compressed."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, Response, request
from flask_compress import Compress

POLICY = "BARTIZAN_POLICY"
YEAR_S = 365 * 24 * 3600
DAY_S = 24 * 3600
COMPRESSED = (
    "text/html",
    "text/css",
    "text/csv",
    "text/plain",
    "text/javascript",
    "application/javascript",
    "application/json",
    "application/geo+json",
    "application/problem+json",
    "image/svg+xml",
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def policy(script_hashes: Sequence[str]) -> str:
    """Return the content security policy: our own origin, and inline scripts by hash alone.

    Inline style carries custom properties (sizes, positions, colours by value), so it is allowed.
    """
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *script_hashes)),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


def allow_scripts(server: Flask, hashes: Sequence[str]) -> None:
    """Let these inline scripts run and no other; Dash knows them when its pages are set up."""
    server.config[POLICY] = policy(hashes)


def install(server: Flask) -> None:
    """Add the headers to every answer and compress what is worth it."""
    allow_scripts(server, ())
    _compress(server)

    @server.after_request
    def complete(answer: Response) -> Response:
        for name, value in FIXED.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Content-Security-Policy", server.config[POLICY])
        lasting = _lasting()
        if answer.status_code == 200 and lasting:  # noqa: PLR2004 - OK
            answer.headers["Cache-Control"] = lasting
        elif "Cache-Control" not in answer.headers:
            answer.headers["Cache-Control"] = "no-cache"
        return answer


def _lasting() -> str | None:
    """Return how long a file of the application lasts; its address changes with its content."""
    path = request.path
    if path.startswith("/assets/"):
        if "m" in request.args:
            return f"public, max-age={YEAR_S}, immutable"
        if path.endswith(".woff2"):
            return f"public, max-age={DAY_S}"
    if path.startswith("/_dash-component-suites/") and ".v" in path:
        return f"public, max-age={YEAR_S}, immutable"
    return None


def _compress(server: Flask) -> None:
    server.config.update(
        COMPRESS_MIMETYPES=list(COMPRESSED),
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=5,
        COMPRESS_MIN_SIZE=800,
        COMPRESS_CACHE_KEY=_file_key,
        COMPRESS_CACHE_BACKEND=_Files,
    )
    Compress(server)


def _file_key(_request: Any) -> str:
    """Return a key only for files of the application: each is compressed once per process."""
    return request.full_path if _lasting() else ""


class _Files(dict[str, bytes]):
    """Compressed files by key; an empty key is never kept."""

    def set(self, key: str, value: bytes) -> None:
        if not key.endswith(";"):
            self[key] = value
