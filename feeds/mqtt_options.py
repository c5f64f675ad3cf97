"""What a city pack may say of a broker, and the shapes of well-known senders."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from feeds.mqtt_topics import Pattern, pattern
from feeds.options import Duration, KindOptions, duration
from feeds.secrets import Secret
from feeds.wanted import Wanted, unit_problems
from model import Feed

ARRIVAL = "arrival"
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a well-known sender puts things: JSON pointers, the first that is there counts."""

    topics: tuple[str, ...] = ()
    device: tuple[str, ...] = ()
    payload: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    place: tuple[tuple[str, str], ...] = ()


PRESETS = {
    "plain": Preset(),
    "tts": Preset(
        topics=("v3/+/devices/+site/up",),
        device=("/end_device_ids/device_id", "/dev_id"),
        payload=("/uplink_message/decoded_payload", "/payload_fields"),
        time=(
            "/uplink_message/received_at",
            "/received_at",
            "/uplink_message/settings/time",
            "/metadata/time",
        ),
        place=(
            (
                "/uplink_message/locations/user/latitude",
                "/uplink_message/locations/user/longitude",
            ),
            ("/metadata/latitude", "/metadata/longitude"),
        ),
    ),
    "chirpstack": Preset(
        topics=("application/+/device/+site/event/up",),
        device=("/deviceInfo/devEui", "/devEUI", "/deviceName"),
        payload=("/object", "/objectJSON"),
        time=("/time", "/publishedAt", "/rxInfo/0/nsTime", "/rxInfo/0/time"),
    ),
    "zigbee2mqtt": Preset(topics=("zigbee2mqtt/+site",), time=("/last_seen",)),
    "tasmota": Preset(topics=("tele/+site/SENSOR",), time=("/Time",)),
    "sensorthings": Preset(time=("/phenomenonTime", "/resultTime")),
}


class Options(KindOptions):
    """What a city pack may say under ``[[feeds]]`` of this kind."""

    preset: Literal["plain", "tts", "chirpstack", "zigbee2mqtt", "tasmota", "sensorthings"] = (
        "plain"
    )
    topics: tuple[str, ...] = ()
    values: dict[str, Wanted] = Field(default_factory=dict)
    quantities: dict[str, Wanted] = Field(default_factory=dict)
    value: str | None = None
    site: str | None = None
    time: str | None = None
    time_format: Literal["auto", "iso", "epoch_s", "epoch_ms"] = "auto"
    lat: str | None = None
    lon: str | None = None
    places: dict[str, tuple[float, float]] = Field(default_factory=dict)
    decimal: Literal[".", ","] = "."
    missing: tuple[float, ...] = ()
    version: Literal["3.1.1", "5"] = "3.1.1"
    client_id: str | None = Field(default=None, min_length=1)
    username: str | None = None
    password: Secret | None = None
    ca_file: str | None = None
    qos: Literal[0, 1] = 1
    session: Duration = duration("1d")
    keepalive: Duration = duration("60s")
    inbox: int = Field(default=1000, ge=1, le=10_000)

    def problems(self, feed: Feed) -> list[str]:
        """Say what does not fit this feed."""
        found = super().problems(feed)
        for key, wanted in (("values", self.values), ("quantities", self.quantities)):
            found += unit_problems(wanted, key, is_needed=True)
        found += _address_problems(feed.url, self)
        if not (self.values or self.quantities):
            found.append("values: nothing is asked for; name values, or quantities of a topic")
        if (self.lat is None) is not (self.lon is None):
            found.append("lat, lon: give both or neither")
        try:
            patterns = self.patterns
        except ValueError as problem:
            return [*found, str(problem)]
        if feed.url and not patterns:
            found.append(f"topics: preset {self.preset!r} needs topics")
        if self.quantities and self.preset != "sensorthings" and not any(_has_quantity(patterns)):
            found.append("quantities: no topic has a part named +quantity")
        return found

    @property
    def shape(self) -> Preset:
        """The preset."""
        return PRESETS[self.preset]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """What is subscribed to.

        Raises:
            ValueError: if a topic is none.

        """
        return tuple(_pattern(one) for one in self.topics or self.shape.topics)

    @property
    def pointer(self) -> str:
        """Where the value of a topic's quantity stands in a JSON message."""
        return self.value or ("/result" if self.preset == "sensorthings" else "/value")

    def is_polled(self, feed: Feed) -> bool:  # noqa: ARG002 - of no feed of this kind
        """Never: the broker sends."""
        return False


@lru_cache(maxsize=1000)
def _pattern(written: str) -> Pattern:
    return pattern(written)


def _has_quantity(patterns: tuple[Pattern, ...]) -> list[bool]:
    return ["quantity" in one.shape.groupindex for one in patterns]


def _address_problems(url: str | None, options: Options) -> list[str]:
    if not url:
        return []
    try:
        parts = urlsplit(url)
        is_known = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError:
        is_known = False
    if not is_known:
        return [f"url: {url!r} is no mqtt://host or mqtts://host"]
    found = []
    if parts.path not in {"", "/"}:
        found.append("url: topics stand in topics, not in the address")
    if options.ca_file and parts.scheme != "mqtts":
        found.append("ca_file: only an mqtts:// address is encrypted")
    if options.password and not options.username:
        found.append("password: needs a username")
    return found
