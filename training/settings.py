"""The settings of a distillation: a TOML file, checked whole before anything starts."""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from beast_core import EncoderConfig


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
    batch_size: int = 1024
    accumulation_steps: int = 1
    learning_rate: float = 1.5e-3
    embedding_learning_rate: float = 8e-3  # each row is touched rarely, so it may move further
    weight_decay: float = 1e-6  # of everything but the embeddings
    warmup_share: float = 0.05  # of all steps; then a cosine down to zero
    gradient_norm: float = 1.0  # clipped above; 0 clips nothing
    noise_share: float = 0.25  # of the words of a batch, misspelt
    evaluations: int = 10  # of the held-out words, spread over the run
    seed: int = 0

    def __post_init__(self) -> None:
        if problems := [*self._type_problems()] or [*self._value_problems()]:
            raise ValueError("invalid settings: " + "; ".join(problems))

    def _type_problems(self) -> list[str]:
        problems = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            wanted = (int, float) if entry.type is float else entry.type
            wanted = dict if entry.name == "encoder" else wanted
            if not isinstance(value, wanted) or isinstance(value, bool):
                name = getattr(entry.type, "__name__", "table")
                problems.append(f"{entry.name} is {value!r}, expected {name}")
        return problems

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
            for name in ("learning_rate", "embedding_learning_rate")
            if not 0 < getattr(self, name) < math.inf
        ]
        problems += [
            f"{name} is {getattr(self, name)}, expected a share from 0 to 1"
            for name in ("warmup_share", "noise_share")
            if not 0 <= getattr(self, name) <= 1
        ]
        problems += [
            f"{name} is {getattr(self, name)}, expected 0 or more"
            for name in ("weight_decay", "gradient_norm")
            if not 0 <= getattr(self, name) < math.inf
        ]
        if not problems and self.batch_size % self.accumulation_steps:
            problems.append(f"batch_size {self.batch_size} is not a multiple of accumulation_steps")
        try:
            self.encoder_config()
        except (ValueError, TypeError) as error:
            problems.append(str(error))
        return problems

    def encoder_config(self) -> EncoderConfig:
        """The preset with the fields of `encoder` changed."""
        return EncoderConfig.preset(self.preset, **self.encoder)

    def to_dict(self) -> dict[str, Any]:
        """All settings as JSON types."""
        return asdict(self)


def read_settings(path: str | Path, *, changes: Sequence[str] = ()) -> DistillSettings:
    """Reads a TOML file and applies changes such as `epochs=2` or `encoder.layers=2`, which are TOML as well.

    Raises `FileNotFoundError`, and `ValueError` that names every unknown key and every bad value at once.
    """
    file = Path(path).resolve()
    if not file.is_file():
        raise FileNotFoundError(f"no settings at {file} (given: {str(path)!r}), expected a TOML file")
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file} is not TOML: {error}") from error
    for change in changes:
        try:
            changed = tomllib.loads(change)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(
                f"cannot read the change {change!r}: {error}; expected key=value, text in quotes"
            ) from error
        encoders = [values.get("encoder", {}), changed.pop("encoder", {})]
        if not all(isinstance(encoder, dict) for encoder in encoders):
            raise ValueError(f"encoder is {encoders}, expected a table such as {{ layers = 2 }}")
        encoder = {**encoders[0], **encoders[1]}
        values = {**values, **changed, **({"encoder": encoder} if encoder else {})}
    known = {entry.name for entry in fields(DistillSettings)}
    problems = [f"unknown key {key!r}" for key in sorted(set(values) - known)]
    problems += [] if "table" in values else ["missing key 'table'"]
    if problems:
        raise ValueError(f"{file}: {'; '.join(problems)}; known keys: {sorted(known)}")
    return DistillSettings(**values)
