"""Settings: TOML files and tables, checked whole by pydantic before anything starts, and told of in one line."""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from pydantic import BeforeValidator, ConfigDict, Field, Strict, ValidationError, ValidationInfo

from training.common.errors import InputError

# The configuration of every pydantic dataclass of settings: no unknown keys, no "1" or true where 1 is meant.
CHECKED = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
AtLeastOne = Field(min_length=1)  # annotates text or a list
FromList = Strict(False)  # annotates a tuple, as TOML has lists only
Filled = Annotated[str, AtLeastOne]

# Kinds of errors that are told first: which keys there are explains the others.
_OF_KEYS = ("unexpected_keyword_argument", "missing")

_Kind = TypeVar("_Kind")


def build(
    kind: type[_Kind], *, values: Mapping[str, Any], source: str, renamed: Mapping[str, str] | None = None
) -> _Kind:
    """An instance of a pydantic dataclass, from a TOML table.

    `renamed` tells the keys of today of those that had another name. Raises `InputError` that names `source`, every
    unknown and every missing key and everything that pydantic or the class finds wrong.
    """
    known = [each.name for each in fields(cast(Any, kind))]
    try:
        return kind(**values)
    except ValidationError as error:
        found = sorted(error.errors(include_url=False), key=lambda each: each["type"] not in _OF_KEYS)
        problems = [_problem(each, known=known, renamed=renamed or {}) for each in found]
    except TypeError as error:  # a key that is no text
        problems = [str(error)]
    keys = f"; known keys: {', '.join(known)}" if set(values) - set(known) else ""
    raise InputError(f"{source}: {'; '.join(problems)}{keys}")


def from_table(kind: type[Any]) -> BeforeValidator:
    """Annotates a setting that is a table of its own, which `build` makes a `kind` of."""

    def built(value: Any, info: ValidationInfo) -> Any:
        return build(kind, values=value, source=str(info.field_name)) if isinstance(value, Mapping) else value

    return BeforeValidator(built)


def _problem(error: Any, *, known: Sequence[str], renamed: Mapping[str, str]) -> str:
    """Of one entry of `ValidationError.errors`: which key, what was given, what it should be."""
    name = ".".join(map(str, error["loc"]))
    match error["type"]:
        case "unexpected_keyword_argument":
            return f"unknown key {name!r}{_meant(name, known=known, renamed=renamed)}"
        case "missing":
            return f"missing key {name!r}"
        case "value_error":
            return str(error["ctx"]["error"])
    should = re.sub(r"^\w+ (?=should )", "", error["msg"]).replace("tuple", "list").replace("dictionary", "table")
    return f"{name} is {error['input']!r:.200}, {should}"


def _meant(name: str, *, known: Sequence[str], renamed: Mapping[str, str]) -> str:
    if name in renamed:
        return f", which is called {renamed[name]!r} now"
    near = difflib.get_close_matches(name, known, n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def read_values(path: str | Path, *, changes: Sequence[str] = ()) -> dict[str, Any]:
    """The table in a TOML file, with changes such as `epochs=2` or `encoder.layers=2`, which are TOML as well.

    A change reaches into a table and leaves its other keys as they are. Raises `FileNotFoundError` and `ValueError`.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"no settings at {file} (given: {str(path)!r}), expected a TOML file")
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:  # not TOML, not UTF-8
        raise ValueError(f"{file} is not TOML: {error}") from error
    return _merged(values, read_changes(changes))


def read_changes(changes: Sequence[str]) -> dict[str, Any]:
    """One table of changes such as `epochs=2`, the later ones first. Raises `ValueError` for what is no TOML."""
    values: dict[str, Any] = {}
    for change in changes:
        try:
            values = _merged(values, tomllib.loads(change))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(
                f"cannot read the change {change!r}: {error}; expected key=value, text in quotes"
            ) from error
    return values


def differences(saved: Any, *, now: Any, name: str = "") -> list[str]:
    """What two tables of settings, in JSON types, differ in; tables within them are compared key by key.

    >>> differences({"epochs": 2, "encoder": {"layers": 1}}, now={"epochs": 2, "encoder": {"layers": 2}})
    ['encoder.layers was 1 and is 2']
    """
    if isinstance(saved, dict) and isinstance(now, dict):
        return [
            difference
            for key in {**now, **saved}
            for difference in differences(saved.get(key), now=now.get(key), name=f"{name}.{key}".lstrip("."))
        ]
    return [] if saved == now else [f"{name} was {saved!r:.200} and is {now!r:.200}"]


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return values | {
        key: _merged(values[key], value) if isinstance(value, dict) and isinstance(values.get(key), dict) else value
        for key, value in changes.items()
    }
