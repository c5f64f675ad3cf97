"""Every setting of the house: its environment name, its default, what it is for.

Read once by ``app.py`` and ``worker.py`` from the environment or a ``.env`` file; nothing else
reads them. ``docs/operating.md`` holds the same table, and a test compares the two.
"""

import difflib
import ipaddress
import os
import secrets
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent
STORE_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster", "memory")
OTHER_NAMES = frozenset(  # ours, but not settings of a house
    {"BARTIZAN_REALDATA", "BARTIZAN_LEASH", "BARTIZAN_LONG"}
)


class SettingsError(Exception):
    """A setting that is malformed or unknown; the message names each and what is allowed."""


def _folders(value: Any) -> Any:
    """Split a list of folders as the system writes paths (``:`` between them, ``;`` on Windows)."""
    return (
        tuple(Path(item) for item in value.split(os.pathsep) if item)
        if isinstance(value, str)
        else value
    )


class Settings(BaseSettings):
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
        description="Where the short memory is. Unset: an embedded server under `BARTIZAN_DATA`.",
    )
    history_url: str | None = Field(
        default=None,
        validation_alias="HISTORY_URL",
        description="Where the long memory is: a folder of Delta tables, `delta:./folder` "
        "or `delta:///folder`. Unset: `history` under `BARTIZAN_DATA`.",
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
        if value is not None and urlsplit(value).scheme not in STORE_SCHEMES:
            raise ValueError(f"use one of {', '.join(f'{s}://' for s in STORE_SCHEMES)}")
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


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings once; folders become absolute.

    What else stands in ``.env``, the secrets that packs name, goes into the process environment.

    Args:
        environment: names and values to read instead of the process environment and ``.env``.

    Raises:
        SettingsError: naming each malformed or unknown setting and what is allowed.

    """
    _refuse_unknown([*os.environ, *dotenv_values(".env")] if environment is None else environment)
    try:
        found = Settings() if environment is None else Settings.model_validate(dict(environment))
    except ValidationError as error:
        raise SettingsError(_sentences(error)) from None
    if environment is None:
        _take_secrets(os.environ)
    folders = {"city": found.city.absolute(), "data": found.data.absolute()}
    roots = tuple(root.absolute() for root in found.data_roots)
    return found.model_copy(update={**folders, "data_roots": roots})


def names() -> dict[str, tuple[str, str]]:
    """Return every setting's environment name with its default and its help."""
    return {
        str(field.validation_alias): (_shown(field.default), field.description or "")
        for field in Settings.model_fields.values()
    }


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as a child process reads them: the same values, folders absolute."""
    found: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if value in (None, (), ""):
            continue
        shown = os.pathsep.join(map(str, value)) if isinstance(value, tuple) else str(value)
        found[str(field.validation_alias)] = str(int(value)) if value is True else shown
    return found


def secret_key(settings: Settings) -> str:
    """Return the key that signs sessions, making it on the first start of a data folder."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / "secret.key"
    settings.data.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:
            made.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _take_secrets(environment: MutableMapping[str, str]) -> None:
    """Put what is no setting from ``.env`` into the environment, which wins; a ``$`` is a ``$``."""
    for name, value in dotenv_values(".env", interpolate=False).items():
        if value and name not in names() and not environment.get(name):
            environment[name] = value


def _refuse_unknown(found: Iterable[str]) -> None:
    known = {*names(), *OTHER_NAMES}
    for name in found:
        if name.startswith("BARTIZAN_") and name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError(f"{name} is not a setting{hint}")


def _sentences(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        message = problem["msg"].removeprefix("Value error, ")
        value = f"={problem['input']}" if name and name != "SECRET_KEY" else ""
        lines.append(f"{name}{value}: {message}" if name else message)
    return "\n".join(lines)


def _shown(default: Any) -> str:
    if default in (None, (), ""):
        return ""
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, Path):
        return str(default.relative_to(ROOT) if default.is_absolute() else default)
    return str(default)
