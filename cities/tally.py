"""Read tables of ``city.toml`` and note every problem on the way."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

from cities.places import PlaceError
from cities.problems import Problem, nearest, unknown_key
from geodata import GeoError

Model = TypeVar("Model", bound=BaseModel)
_NOTHING = object()
_USERINFO = re.compile(r"//[^/\s'\"]*@")


@dataclass(slots=True)
class Tally:
    """The problems found so far in one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def note(self, table: str, key: str, text: str) -> None:
        """Add a problem; the same one is kept once."""
        problem = Problem(file=self.file, table=table, key=key, text=_USERINFO.sub("//•••@", text))
        if problem not in self.problems:
            self.problems.append(problem)

    def noting(self, table: str, key: str) -> "Noting":
        """Return a context that notes what a place or a shape is refused for, and goes on."""
        return Noting(self, table, key)

    def read(
        self, model: type[Model], raw: Any, table: str, *, also: Sequence[str] = ()
    ) -> Model | None:
        """Return the table as a model, or ``None`` after noting all that is wrong with it.

        ``also`` are keys that stand in the same table but are read elsewhere.
        """
        try:
            return model.model_validate(raw)
        except ValidationError as error:
            for item in error.errors():
                self._note_one(model, raw, table, item, also)
            return None

    def _note_one(
        self, model: type[BaseModel], raw: Any, table: str, item: Any, also: Sequence[str]
    ) -> None:
        path = _written(raw, item["loc"])
        key = ".".join(path)
        last = str(item["loc"][-1]) if item["loc"] else ""
        known = _keys_at(model, item["loc"][:-1]) | (set(also) if len(item["loc"]) == 1 else set())
        match item["type"]:
            case "extra_forbidden":
                inside = ".".join(path[:-1])
                place = f"{table} {inside}" if inside else table.split(" ", maxsplit=1)[0]
                self.note(table, key, unknown_key(last, place, known))
            case "missing":
                given = raw if isinstance(raw, Mapping) else {}
                strange = [name for name in given if name not in known]
                self.note(table, last, f"missing key {last!r}{_instead(last, strange)}")
            case _:
                message = str(item["msg"]).removeprefix("Value error, ")
                self.note(table, key, message + _got(item, message))


@dataclass(frozen=True, slots=True)
class Noting:
    """Turns the errors of places and shapes into problems of one key."""

    tally: Tally
    table: str
    key: str

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Swallow the two errors that are about the pack, after noting them."""
        if isinstance(error, GeoError):
            for text in error.problems:
                self.tally.note(self.table, self.key, text)
            return True
        if isinstance(error, PlaceError):
            self.tally.note(self.table, self.key, str(error))
            return True
        return False


def _got(item: Any, message: str) -> str:
    """Return what stood there, unless it is said already or may hold a secret."""
    given = item["input"]
    is_secret = message.startswith("a secret ") or isinstance(given, dict | list | tuple)
    return "" if is_secret or repr(given) in message else f" (got {given!r:.80})"


def _instead(key: str, strange: Sequence[str]) -> str:
    hint = nearest(key, strange)
    return hint.replace("did you mean", "it is written") if hint else ""


def _written(raw: Any, loc: Sequence[int | str]) -> list[str]:
    """Return the part of an error's place that stands in the file, without pydantic's own tags."""
    path: list[str] = []
    here = raw
    for number, part in enumerate(loc):
        is_last = number == len(loc) - 1
        inner = _step(here, part)
        if inner is not _NOTHING:
            here = inner
        elif not (is_last and isinstance(here, Mapping)):
            continue
        path.append(str(part))
    return path


def _step(here: Any, part: int | str) -> Any:
    if isinstance(here, Mapping):
        return here.get(part, _NOTHING)
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return here[part]
    return _NOTHING


def _keys_at(model: type[BaseModel], loc: Sequence[int | str]) -> set[str]:
    """Return the keys that may stand at a place inside a model."""
    models = {model}
    for part in loc:
        steps = [found[part] for one in models if part in (found := _names(one))]
        inner = {kind for step in steps for kind in _models_in(step.annotation)}
        models = inner or {one for one in models if one.__name__ == part} or models
    return {str(name) for one in models for name in _names(one)}


def _names(model: type[BaseModel]) -> dict[int | str, FieldInfo]:
    names: dict[int | str, FieldInfo] = {}
    for name, info in model.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias or name]
        names.update({str(choice): info for choice in choices})
    return names


def _models_in(annotation: Any) -> set[type[BaseModel]]:
    """Return the models that an annotation may hold."""
    if inner := get_args(annotation):
        return {model for part in inner for model in _models_in(part)}
    return (
        {annotation}
        if isinstance(annotation, type) and issubclass(annotation, BaseModel)
        else set()
    )


def keys_of(model: type[BaseModel]) -> list[str]:
    """Return the keys of a table, aliases included."""
    return [str(name) for name in _names(model)]
