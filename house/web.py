"""The web of the house, put together: store and history, views, Dash pages, stream and API."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dash
import structlog
from dash import Dash
from flask import Flask, request

import api
import callbacks
import cities
import history
import push
import store as stores
from api import problems
from house import build, gate, headers
from layouts import pages
from layouts.live import SCENES
from layouts.view import View, make_view
from metrics.privacy import suppress_course
from model import Snapshot
from texts import LOCALES

log = structlog.get_logger("web")

IS_DRAWN = "BARTIZAN_IS_DRAWN"  # set once every page has been drawn empty
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the composition root decides: places, settings of the wall, clock."""

    pack: cities.Pack
    store_url: str
    history_location: str
    secret_key: str
    clock: Callable[[], datetime]
    max_streams: int
    wall_distance_m: float
    wall_pitch_mm: float
    is_open: bool


@dataclass(frozen=True, slots=True)
class Web:
    """The finished application, and the hub that must be closed with it."""

    server: Flask
    hub: push.Hub


def make(wanted: Wanted) -> Web:
    """Put the web together and draw every page once, empty, so that Dash is set up for all.

    A page that cannot even be drawn without data stops the start; one that fails on some data
    costs only its own reader.
    """
    pack, store = wanted.pack, stores.open(wanted.store_url)
    long_memory = history.open(wanted.history_location, writer=False)
    version = build.name(
        pack.hash, str(wanted.wall_distance_m), str(wanted.wall_pitch_mm), str(wanted.is_open)
    )
    views = {
        locale: make_view(
            pack,
            locale=locale,
            wall_distance_m=wanted.wall_distance_m,
            wall_pitch_mm=wanted.wall_pitch_mm,
            is_open=wanted.is_open,
            build=version,
        )
        for locale in LOCALES
    }
    options = push.Options(build=version, clock=wanted.clock, max_streams=wanted.max_streams)
    hub = push.Hub(store, SCENES, views, options)
    server = Flask("bartizan", static_folder=None)
    server.secret_key = wanted.secret_key
    server.config["MAX_CONTENT_LENGTH"] = 1_000_000
    server.register_blueprint(push.blueprint(hub, pack.city.locale))
    door = api.Door(
        pack=pack,
        store=store,
        history=long_memory,
        clock=wanted.clock,
        build=version,
        stream_stats=hub.stats,
        suppress=suppress_course,
    )
    server.register_blueprint(api.blueprint(door))
    server.register_blueprint(api.health_blueprint(door))
    gate.install(
        server,
        lambda path: _is_known(path, views[pack.city.locale]),
        problems.say,
        is_open=wanted.is_open,
    )
    application = _pages(server, door, long_memory, views, wanted)
    headers.install(server)
    _draw_once(server)
    headers.allow_scripts(server, application.csp_hashes())
    return Web(server, hub)


def _pages(
    server: Flask, door: api.Door, long_memory: Any, views: dict[str, View], wanted: Wanted
) -> Dash:
    """Register every Dash page and the callbacks of the desk."""
    store = door.store
    application = Dash(
        "bartizan",
        server=server,  # type: ignore[arg-type]  # Dash types it as a flag, and takes a Flask
        use_pages=True,
        pages_folder="",
        assets_folder=str(ROOT / "assets"),
        serve_locally=True,
        update_title=None,  # type: ignore[arg-type]  # None keeps the title still
        suppress_callback_exceptions=False,
        index_string=pages.INDEX,
        enable_mcp=False,
    )
    locale = wanted.pack.city.locale
    context = pages.PageContext(
        latest=_newest(store, server),
        view=lambda wish: views.get(wish or locale, views[locale]),
        history=_public(door),
        audit=lambda occurrence: long_memory.alert_events(occurrence=occurrence),
        quarantine=store.quarantine,
        causes=store.reasons,
        feed_states=store.feed_states,
        events=lambda since: long_memory.alert_events(since=since),
        clock=wanted.clock,
        **_reasons(door),
    )
    pages.register(application, context)
    callbacks.register(application, store, context)
    return application


def _public(door: api.Door) -> Callable[..., Sequence[Any]]:
    """Return what gives pages the past of an indicator, small cells hidden as in the API."""
    known = {indicator.id: indicator for indicator in door.pack.indicators}

    def readings(indicator: str, **conditions: Any) -> Sequence[Any]:
        return api.public(door, known[indicator], **conditions)

    return readings


def _reasons(door: api.Door) -> dict[str, Callable[..., Any]]:
    """Return what gives the page of an indicator its reasons, none about one person."""
    known = {indicator.id: indicator for indicator in door.pack.indicators}
    forecasts = api.Forecasts()

    def corrections(indicator: str, **conditions: Any) -> Sequence[Any]:
        return api.revised(door, known[indicator], **conditions)

    def facts(indicator: str, district: str, at: datetime) -> Any:
        return api.behind(door, known[indicator], district, at)

    def ages(indicator: str, district: str, at: datetime) -> Any:
        return api.ages(door, known[indicator], district, at)

    def forecast(indicator: str) -> Any:
        return forecasts.of(door, known[indicator])

    return {"corrections": corrections, "facts": facts, "ages": ages, "forecast": forecast}


def _is_known(path: str, view: View) -> bool:
    """Whether a page answers at the address of this request."""
    return pages.is_known(path, view, request.args.get("district"))


def _newest(store: stores.Store, server: Flask) -> Callable[[], Snapshot | None]:
    """Return what gives pages the newest snapshot, or ``None`` where the store is silent."""

    def latest() -> Snapshot | None:
        if not server.config.get(IS_DRAWN):
            return None
        try:
            return store.latest()
        except stores.StoreError:
            return None

    return latest


def _draw_once(server: Flask) -> None:
    """Have Dash set its pages up now; a page that fails must stop the start, not a reader."""
    fixed = [str(page["path"]) for page in dash.page_registry.values() if not page["path_template"]]
    for path in (*fixed, "/_dash-layout", "/_dash-dependencies"):
        answer = server.test_client().get(path)
        if answer.status_code != 200:  # noqa: PLR2004 - OK
            raise RuntimeError(f"{path} answers {answer.status}")
    server.config[IS_DRAWN] = True
    log.info("pages drawn", pages=len(dash.page_registry))
