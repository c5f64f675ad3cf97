"""How gunicorn serves the web: found by itself when started here, named when the house starts it.

Threads, because each open stream holds one and work in one must not hold up the others.
"""

import signal
import sys
from typing import Any

import app
import settings
from house import leash

try:
    _settings = settings.read()
except settings.SettingsError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(app.BAD_INPUT)

bind = (
    f"[{_settings.host}]:{_settings.port}"
    if ":" in _settings.host
    else (f"{_settings.host}:{_settings.port}")
)
worker_class = "gthread"
workers = _settings.web_workers
threads = _settings.web_threads
worker_connections = _settings.web_threads + 1000
keepalive = 60
graceful_timeout = 3
timeout = 60
control_socket_disable = True
max_requests = 0
loglevel = "warning" if _settings.log_level == "INFO" else _settings.log_level.lower()
proc_name = "bartizan-web"


def on_starting(_server: Any) -> None:
    """Refuse to start without a store, instead of restarting workers for ever."""
    try:
        app.store_url(_settings)
        app.read_pack(_settings)
    except Exception as error:  # noqa: BLE001 - said in one line, whatever it is
        sys.stderr.write(f"{error}\n")
        sys.exit(app.BAD_INPUT)


def post_worker_init(worker: Any) -> None:
    """End the streams as soon as the worker is asked to end; else it would wait for them."""
    graceful = signal.getsignal(signal.SIGTERM)

    def end(number: int, frame: Any) -> None:
        app.close_streams()
        if callable(graceful):
            graceful(number, frame)
        else:
            worker.handle_exit(number, frame)

    signal.signal(signal.SIGTERM, end)


def worker_exit(_server: Any, worker: Any) -> None:
    """Leave without taking the interpreter apart; see ``house.leash.leave``."""
    if worker.booted:
        leash.leave(0)
