"""The table of settings: name, type, default, and what it is for."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from settings.keeping import Retention

ROOT = Path(__file__).resolve().parents[1]
STORE_SCHEMES = (
    *("redis", "rediss", "unix"),
    *("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"),
    *("valkey", "valkeys", "valkey+sentinel", "valkeys+sentinel"),
    *("valkey+cluster", "valkeys+cluster", "memory"),
)


def _folders(value: Any) -> Any:
    """Split a list of folders as the system writes paths (``:`` between them, ``;`` on Windows)."""
    return (
        tuple(Path(item) for item in value.split(os.pathsep) if item)
        if isinstance(value, str)
        else value
    )


class Settings(Retention):
    """The settings of one house."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        case_sensitive=True,
    )

    city: Path = Field(
        default=ROOT / "cities" / "montreal",
        validation_alias="BARTIZAN_CITY",
        description="Folder of the city pack. Default: the demo city, `cities/montreal`.",
    )
    data: Path = Field(
        default=Path("var"),
        validation_alias="BARTIZAN_DATA",
        description="Folder that holds everything the house keeps: store, history, lock, key.",
    )
    data_roots: Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_folders)] = Field(
        default=(),
        validation_alias="BARTIZAN_DATA_ROOTS",
        description="Folders outside a pack that its feeds may read, separated like PATH. "
        "`{data}` in a pack stands for each of them. Default: none.",
    )
    redis_url: str | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        description="Where the short memory is: `redis://`, `rediss://`, `unix://`, "
        "`redis+sentinel://` or `redis+cluster://`. Unset: an embedded server under "
        "`BARTIZAN_DATA`.",
    )
    redis_wait_replicas: int | None = Field(
        default=None,
        ge=0,
        le=9,
        validation_alias="REDIS_WAIT_REPLICAS",
        description="How many replicas of the store must have a fact before it counts as taken "
        "in. Unset: one, under Sentinels and in a cluster, where the master has any.",
    )
    ingest_shards: int = Field(
        default=1,
        ge=1,
        le=256,
        validation_alias="INGEST_SHARDS",
        description="Streams that incoming facts are shared out over. Any number may follow any "
        "other: what lies in an older one is kept too.",
    )
    ingest_workers: int = Field(
        default=1,
        ge=1,
        le=64,
        validation_alias="INGEST_WORKERS",
        description="Processes that read feeds and keep facts; one of them leads.",
    )
    history_url: str | None = Field(
        default=None,
        validation_alias="HISTORY_URL",
        description="Where the long memory is: a folder of Delta tables (`delta:./folder`, "
        "`delta:///folder`) or PostgreSQL (`postgresql://user:password@host/database`). Unset: "
        "`history` under `BARTIZAN_DATA`.",
    )
    analytics_url: str | None = Field(
        default=None,
        validation_alias="ANALYTICS_URL",
        description="Where the heavy batch runs: `duckdb:` is this machine, `spark://host:7077` "
        "an Apache Spark cluster that sees the same files. Unset: this machine.",
    )
    host: str = Field(
        default="127.0.0.1",
        validation_alias="HOST",
        description="Address that the web listens on. Anything but loopback needs "
        "`BARTIZAN_OPEN=1`.",
    )
    port: int = Field(
        default=8050, ge=1, le=65535, validation_alias="PORT", description="Port of the web."
    )
    demo_port: int = Field(
        default=8051,
        ge=1,
        le=65535,
        validation_alias="DEMO_PORT",
        description="Port of the simulated city (loopback only; used where the pack says so).",
    )
    demo_mqtt_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        validation_alias="DEMO_MQTT_PORT",
        description="Port of the simulated city's MQTT broker (loopback only). Unset: the one "
        "after `DEMO_PORT`.",
    )
    demo_seed: int = Field(
        default=7,
        ge=0,
        validation_alias="DEMO_SEED",
        description="Seed of the simulated city: the same seed tells the same story.",
    )
    secret_key: str | None = Field(
        default=None,
        min_length=16,
        validation_alias="SECRET_KEY",
        description="Key that signs sessions, at least 16 characters. Unset: made once and kept "
        "in `secret.key` under `BARTIZAN_DATA`.",
    )
    web_workers: int = Field(
        default=1,
        ge=1,
        le=64,
        validation_alias="WEB_WORKERS",
        description="Web processes. Each computes its own frames; one serves 200 viewers.",
    )
    web_threads: int = Field(
        default=280,
        ge=8,
        le=2000,
        validation_alias="WEB_THREADS",
        description="Threads of each web process. Each open stream holds one; at most three "
        "quarters of them may be streams.",
    )
    wall_distance_m: float = Field(
        default=3.0,
        ge=0.3,
        le=60.0,
        validation_alias="WALL_DISTANCE_M",
        description="How far people stand from the wall, in metres; sets the size of its text.",
    )
    wall_pitch_mm: float = Field(
        default=0.565,
        ge=0.05,
        le=20.0,
        validation_alias="WALL_PITCH_MM",
        description="Size of one of the 1920 columns of pixels on the wall, in millimetres "
        "(98″ panel 0.565, 55″ panel 0.634).",
    )
    is_open: bool = Field(
        default=False,
        validation_alias="BARTIZAN_OPEN",
        description="1 allows a HOST other than loopback although nobody has to log in yet; "
        "every page then says so.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", validation_alias="LOG_LEVEL", description="How much is logged."
    )
    contact: str = Field(
        default="",
        validation_alias="BARTIZAN_CONTACT",
        description="Mail address or page told to the sources we read (in User-Agent), so that "
        "their owners can reach you.",
    )

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: str | None) -> str | None:
        if value is not None and value.partition(":")[0].lower() not in STORE_SCHEMES:
            raise ValueError(f"use one of {', '.join(f'{s}://' for s in STORE_SCHEMES)}")
        return value

    @field_validator("analytics_url")
    @classmethod
    def _analytics_scheme(cls, value: str | None) -> str | None:
        if value not in (None, "duckdb:") and not str(value).startswith("spark:"):
            raise ValueError("use duckdb: or spark://host:7077")
        return value

    @field_validator("host")
    @classmethod
    def _host_is_address(cls, value: str) -> str:
        if value == "localhost":
            return value
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise ValueError("use an IP address of this machine, or localhost") from None
        return value

    @model_validator(mode="after")
    def _loopback_unless_open(self) -> "Settings":
        if not self.is_loopback and not self.is_open:
            raise ValueError(
                f"HOST={self.host} can be reached by others and nobody has to log in yet. "
                "Use 127.0.0.1, or set BARTIZAN_OPEN=1 to allow it: every page then says so"
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the web."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def url(self) -> str:
        """Where a person on this machine finds the web."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def demo_url(self) -> str:
        """Base URL of the simulated city."""
        return f"http://127.0.0.1:{self.demo_port}"

    @property
    def broker_port(self) -> int:
        """Port of the simulated city's MQTT broker."""
        return self.demo_mqtt_port or self.demo_port + 1

    @property
    def places(self) -> dict[str, str]:
        """What the placeholders in the URLs of a pack stand for."""
        return {
            "demo": self.demo_url,
            "demo_mqtt": f"mqtt://127.0.0.1:{self.broker_port}",
            "house": f"http://127.0.0.1:{self.port}" if self.host == "0.0.0.0" else self.url,  # noqa: S104 - compared, not bound
        }

    @property
    def history_location(self) -> str:
        """Folder or URL of the long memory."""
        return self.history_url or str(self.data / "history")

    @property
    def max_streams(self) -> int:
        """How many streams one web process may hold: the rest of its threads answer requests."""
        return self.web_threads * 3 // 4
