"""A small MQTT broker with weather stations that publish every minute.

Topic ``city/<station>/weather``, QoS 1, retained: temperature (°C), humidity (%), wind (km/h) and
the time of the measurement. The broker is amqtt's; it listens on loopback only.
"""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from demo import sites, weather
from demo.almanac import HOUR, city_time
from demo.clock import utc
from demo.incidents import World
from demo.noise import Floats, Ints, fractal, smooth, uniform
from demo.sites import Site

STEP = 60
TOPIC = "city/{site}/weather"


def messages(world: World, now: int) -> list[tuple[str, bytes]]:
    """Return topic and payload of every station at the last full minute."""
    at = np.array([now // STEP * STEP], dtype=np.int64)
    warm, damp, wind = (column[:, 0].tolist() for column in measured(world, at))
    return [
        (TOPIC.format(site=site.id), _payload(site, int(at[0]), (warm[n], damp[n], wind[n])))
        for n, site in enumerate(sites.weather_stations())
    ]


def measured(world: World, at: Ints) -> tuple[Floats, Floats, Floats]:
    """Return temperature (°C), humidity (%) and wind (km/h), each of shape (stations, instants)."""
    who = np.arange(len(sites.weather_stations()), dtype=np.int64)[:, None]
    seed = world.seed
    warm = weather.temperature(seed, at) + 1.6 * uniform("place", "heat island", who) - 0.6
    warm = warm + 0.25 * smooth(seed, "breeze", who, at=at / 900.0)
    rain = np.minimum(weather.precipitation(seed, at), 2.0)
    daily = -9.0 * np.cos(2.0 * np.pi * (city_time(at).hour - 15.5) / 24.0)
    damp = 68.0 + daily + 12.0 * rain + 7.0 * fractal(seed, "damp", at=at / (20.0 * HOUR))
    damp = damp + 2.0 * smooth(seed, "damp here", who, at=at / 1800.0)
    gust = 1.0 + 0.25 * smooth(seed, "gust", who, at=at / 300.0)
    wind = weather.wind(seed, at) * np.clip(gust, 0.2, 2.0)
    damp = np.asarray(np.round(np.clip(damp, 15.0, 100.0)), dtype=np.float64)
    return np.round(warm, 1), damp, np.round(wind, 1)


def _payload(site: Site, at: int, values: tuple[float, float, float]) -> bytes:
    told = dict(zip(("temperature", "humidity", "wind_speed"), values, strict=True))
    return json.dumps({"time": utc(at), "lat": site.lat, "lon": site.lon, **told}).encode()


class Station:
    """The broker and its publisher, on a thread of their own."""

    def __init__(
        self, host: str, port: int, world: Callable[[], World], clock: Callable[[], int]
    ) -> None:
        """Prepare; nothing listens yet. Port 0 takes a free one."""
        self._port = port or _free(host)
        self._config = {
            "listeners": {"default": {"type": "tcp", "bind": f"{host}:{self._port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
        self._world, self._clock = world, clock
        self._ready = threading.Event()
        self._failure: Exception | None = None

    def start(self) -> int:
        """Start, wait until the broker listens, and return its port.

        Raises:
            OSError: if the port is taken.

        """
        threading.Thread(target=self._live, name="mqtt", daemon=True).start()
        self._ready.wait(20)
        if self._failure is not None:
            raise OSError(f"the MQTT broker did not start: {self._failure}")
        return self._port

    def _live(self) -> None:
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            asyncio.run(self._serve())
        except Exception as failure:  # noqa: BLE001 - told to whoever waits in start()
            self._failure = failure
            self._ready.set()

    async def _serve(self) -> None:
        from amqtt.broker import Broker  # noqa: PLC0415 - heavy, and only the server needs it

        broker: Any = Broker(self._config)
        await broker.start()
        self._ready.set()
        told = -1
        while True:
            if (minute := self._clock() // STEP) != told:
                told = minute
                for topic, payload in messages(self._world(), self._clock()):
                    await broker.internal_message_broadcast(topic, payload, 1)
                    await broker.retain_message(None, topic, payload, 1)
            await asyncio.sleep(0.5)


def _free(host: str) -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])
