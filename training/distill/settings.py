"""The settings of a distillation."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from beast_core import EncoderConfig
from training.common.settings import build, check_fields, read_values


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
    quantisation_aware_share: float = 0.4  # of the steps, the last: the n-gram table is read as it will be stored
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
            for name in ("warmup_share", "frequency_power", "noise_share", "quantisation_aware_share")
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
