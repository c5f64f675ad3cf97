"""The settings read: from the environment and ``.env``, refused in plain sentences, handed on."""

import difflib
import os
import secrets
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from settings.table import ROOT, Settings

OTHER_NAMES = frozenset(  # ours, but not settings of a house
    {"BARTIZAN_REALDATA", "BARTIZAN_LEASH", "BARTIZAN_LONG", "BARTIZAN_WORKER"}
)
SECRETS = ("SECRET_KEY", "REDIS_URL", "HISTORY_URL")  # what is never repeated: URLs hold passwords


class SettingsError(Exception):
    """A setting that is malformed or unknown; the message names each and what is allowed."""


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
        value = f"={problem['input']}" if name and name not in SECRETS else ""
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
