"""``GET /stream?scene=&locale=``: the frames of a hub as Server-Sent Events over Flask."""

from contextlib import suppress

from flask import Blueprint, Response, abort, request

from push.hub import Hub, TooManyStreams, UnknownScene

SEND_TIMEOUT_S = 15.0  # a screen that takes no byte for this long is gone; its thread is freed
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy must not collect frames
}


def blueprint(hub: Hub, locale: str) -> Blueprint:
    """Return the route; ``locale`` is used where the screen names none."""
    routes = Blueprint("push", __name__)

    @routes.get("/stream")
    def stream() -> Response:
        scene = request.args.get("scene", "")
        if "at" in request.args:
            abort(501, "the rewound room opens no stream")
        try:
            frames = hub.subscribe(scene, request.args.get("locale", locale))
        except UnknownScene:
            abort(404, "no such scene or locale")
        except TooManyStreams:
            return Response(
                "every stream is taken; try again\n",
                status=503,
                headers={"Retry-After": "5", **HEADERS},
                mimetype="text/plain",
            )
        _limit_sending()
        answer = Response(iter(frames), mimetype="text/event-stream", headers=HEADERS)
        answer.call_on_close(frames.close)
        return answer

    return routes


def _limit_sending() -> None:
    """Let a write to this screen fail instead of holding its thread for ever."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        with suppress(OSError):
            connection.settimeout(SEND_TIMEOUT_S)
