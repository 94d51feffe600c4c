"""Settings: TOML files and tables, checked whole before anything starts; those of a distillation."""

import math
import tomllib
import types
import typing
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, TypeVar

from beast_core import EncoderConfig

_Kind = TypeVar("_Kind")


def check_fields(instance: Any) -> list[str]:
    """A sentence on each field of a dataclass whose value is not of the field's type; for use in `__post_init__`.

    Knows `str`, `int`, `float` (an integer will do), `bool`, lists and tuples of these, `dict`, `Literal` and unions.

    >>> @dataclass
    ... class Options:
    ...     batch_size: int
    ...     device: Literal["cpu", "cuda"]
    >>> check_fields(Options(batch_size="many", device="tpu"))
    ["batch_size is 'many', expected int", "device is 'tpu', expected 'cpu' or 'cuda'"]
    """
    hints = typing.get_type_hints(type(instance))
    return [
        f"{entry.name} is {getattr(instance, entry.name)!r}, expected {_told(hints[entry.name])}"
        for entry in fields(instance)
        if not _fits(getattr(instance, entry.name), hints[entry.name])
    ]


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in arguments)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, each) for each in arguments)
    if (origin or hint) in (list, tuple):  # TOML knows lists only
        return isinstance(value, list | tuple) and all(_fits(each, arguments[0]) for each in value if arguments)
    wanted = (int, float) if hint is float else (origin or hint)
    return isinstance(value, wanted) and (hint is bool or not isinstance(value, bool))


def _told(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(map(repr, arguments))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_told, arguments))
    if (origin or hint) in (list, tuple):
        return f"a list of {_told(arguments[0])}" if arguments else "a list"
    return "a table" if (origin or hint) is dict else getattr(hint, "__name__", str(hint))


def build(kind: type[_Kind], *, values: dict[str, Any], source: str) -> _Kind:
    """An instance of a dataclass that checks itself, from a TOML table.

    Raises `ValueError` that names `source`, every unknown and every missing key and what the class finds wrong.
    """
    known = {entry.name: entry for entry in fields(kind)}
    problems = [f"unknown key {key!r}" for key in sorted(set(values) - set(known))]
    missing = [
        name
        for name, entry in known.items()
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING
    ]
    problems += [f"missing key {name!r}" for name in missing]
    keys = f"; known keys: {sorted(known)}" if problems else ""
    if not missing:
        try:
            instance = kind(**{key: value for key, value in values.items() if key in known})
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError(f"{source}: {'; '.join(problems)}{keys}")
    return instance


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
    for change in changes:
        try:
            changed = tomllib.loads(change)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(
                f"cannot read the change {change!r}: {error}; expected key=value, text in quotes"
            ) from error
        values = _merged(values, changed)
    return values


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return values | {
        key: _merged(values[key], value) if isinstance(value, dict) and isinstance(values.get(key), dict) else value
        for key, value in changes.items()
    }


@dataclass(frozen=True, kw_only=True)
class DistillSettings:
    """Everything but the machine that determines a run. Two runs with equal settings give equal losses.

    `batch_size` is the number of words of one optimiser step, over all processes and accumulated parts. Raises
    `ValueError` listing every problem at once.
    """

    table: str
    preset: str = "beast"
    encoder: dict[str, Any] = field(default_factory=dict)  # fields of EncoderConfig that differ from the preset
    epochs: int = 20
    batch_size: int = 2048
    accumulation_steps: int = 1
    learning_rate: float = 2e-3
    embedding_learning_rate: float = 2e-2  # each row is touched rarely, so it may move further
    weight_decay: float = 1e-6  # of everything but the embeddings
    warmup_share: float = 0.05  # of all steps; then a cosine down to zero
    gradient_norm: float = 1.0  # clipped above; 0 clips nothing
    frequency_power: float = 0.35  # a word is drawn in proportion to its occurrences to this power; 0: all alike
    noise_share: float = 0.35  # of the words of a batch, misspelt
    nested_widths: tuple[int, ...] = ()  # first entries that are to be good vectors of their own
    contrast_weight: float = 0.3  # of telling a word's teacher vector among the batch's, beside the cosine distance
    temperature: float = 0.05  # of that contrast: cosines are divided by it
    rounded_share: float = 0.4  # of the steps, the last: the n-gram table is read as it will be stored
    evaluations: int = 10  # of the held-out words, spread over the run
    seed: int = 0

    def __post_init__(self) -> None:
        if problems := check_fields(self) or self._value_problems():
            raise ValueError("invalid settings: " + "; ".join(problems))

    def _value_problems(self) -> list[str]:
        problems = [
            f"{name} is {getattr(self, name)}, expected {least} or more"
            for name, least in (
                ("epochs", 1),
                ("batch_size", 1),
                ("accumulation_steps", 1),
                ("evaluations", 1),
                ("seed", 0),
            )
            if getattr(self, name) < least
        ]
        problems += [
            f"{name} is {getattr(self, name)}, expected a positive number"
            for name in ("learning_rate", "embedding_learning_rate", "temperature")
            if not 0 < getattr(self, name) < math.inf
        ]
        problems += [
            f"{name} is {getattr(self, name)}, expected a share from 0 to 1"
            for name in ("warmup_share", "frequency_power", "noise_share", "rounded_share")
            if not 0 <= getattr(self, name) <= 1
        ]
        problems += [
            f"{name} is {getattr(self, name)}, expected 0 or more"
            for name in ("weight_decay", "gradient_norm", "contrast_weight")
            if not 0 <= getattr(self, name) < math.inf
        ]
        if not problems and self.batch_size % self.accumulation_steps:
            problems.append(f"batch_size {self.batch_size} is not a multiple of accumulation_steps")
        try:
            width = self.encoder_config().output_width
        except (ValueError, TypeError) as error:
            return [*problems, str(error)]
        if wrong := [each for each in self.nested_widths if not 0 < each < width]:
            problems.append(f"nested_widths holds {wrong}, expected widths between 0 and the encoder's {width}")
        return problems

    def encoder_config(self) -> EncoderConfig:
        """The preset with the fields of `encoder` changed."""
        return EncoderConfig.preset(self.preset, **self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return {**asdict(self), "nested_widths": list(self.nested_widths)}


def read_settings(path: str | Path, *, changes: Sequence[str] = ()) -> DistillSettings:
    """Reads a TOML file and applies changes such as `epochs=2` or `encoder.layers=2`, which are TOML as well.

    Raises `FileNotFoundError`, and `ValueError` that names every unknown key and every bad value at once.
    """
    return build(DistillSettings, values=read_values(path, changes=changes), source=str(Path(path).resolve()))
